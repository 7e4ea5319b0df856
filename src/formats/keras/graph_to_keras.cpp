#include "formats/keras/graph_to_keras.h"

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include "formats/keras/keras_writer.h"
#include "formats/keras/model_builder.h"
#include "formats/keras/op_export.h"

namespace tinysplit {
namespace {

using namespace keras;  // NOLINT: this file is the door of that namespace

class GraphExport {
 public:
  explicit GraphExport(const Graph& graph) : graph_(graph) {}

  Result<std::string> run(KerasFileKind kind) {
    TINYSPLIT_RETURN_IF_ERROR(check_float());
    find_needed_nodes();
    for (const ValueId id : graph_.inputs()) TINYSPLIT_RETURN_IF_ERROR(add_input(id));
    for (std::size_t i = 0; i < graph_.nodes().size(); ++i) {
      if (!needed_[i]) continue;
      const Status status = add_node(static_cast<int>(i));
      if (!status.ok()) return status.with_context(describe(static_cast<int>(i)));
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const auto inputs, tensors_of(graph_.inputs()));
    TINYSPLIT_ASSIGN_OR_RETURN(const auto outputs, tensors_of(graph_.outputs()));
    const std::string config = model_.config(graph_.name(), inputs, outputs);
    const std::vector<SavedLayer> weights = model_.weights();
    return kind == KerasFileKind::kArchive ? write_keras_archive(config, weights)
                                           : write_keras_hdf5(config, weights);
  }

 private:
  Status check_float() const {
    for (const Value& value : graph_.values()) {
      if (!value.quantization) continue;
      return unimplemented("the model is quantised" +
                           (value.name.empty() ? std::string() : " (\"" + value.name + "\")") +
                           ", Keras has float32 layers only; write it as TensorFlow Lite or ONNX");
    }
    return ok_status();
  }

  // Keras leaves out what leads to no output.
  void find_needed_nodes() {
    needed_.assign(graph_.nodes().size(), false);
    std::vector<ValueId> open = graph_.outputs();
    while (!open.empty()) {
      const int node = graph_.producer(open.back());
      open.pop_back();
      if (node < 0 || needed_[static_cast<std::size_t>(node)]) continue;
      needed_[static_cast<std::size_t>(node)] = true;
      const std::vector<ValueId>& inputs = graph_.nodes()[static_cast<std::size_t>(node)].inputs;
      open.insert(open.end(), inputs.begin(), inputs.end());
    }
  }

  // What is written as an operation of Keras, or refused by its export_op().
  static bool may_make_other_types(const Op& op) {
    return std::holds_alternative<CastOp>(op) || std::holds_alternative<BinaryOp>(op) ||
           std::holds_alternative<UnaryOp>(op) || std::holds_alternative<SelectOp>(op) ||
           std::holds_alternative<ReduceOp>(op) || std::holds_alternative<ArgReduceOp>(op) ||
           std::holds_alternative<CumulativeSumOp>(op);
  }

  Status add_input(ValueId id) {
    const Value& value = graph_.value(id);
    if (value.shape.rank() == 0 || value.shape[0] != 1) {
      return unimplemented("input \"" + value.name + "\" " + value.shape.to_string() +
                           " has no batch of 1 in front, which Keras needs");
    }
    if (value.dtype == DType::kBool || value.dtype == DType::kFloat16) {
      return unimplemented("input \"" + value.name + "\" is " +
                           std::string(dtype_name(value.dtype)) +
                           ", Keras models are written with float32 or whole numbers as inputs");
    }
    values_[id] = {model_.add_input(value.name, value.shape, value.dtype), false, {}};
    return ok_status();
  }

  Status add_node(int index) {
    const Node& node = graph_.nodes()[static_cast<std::size_t>(index)];
    const Value& output = graph_.value(node.output);
    if (output.shape.rank() == 0 || output.shape[0] != 1) {
      return unimplemented("it makes " + output.shape.to_string() +
                           ", which has no batch of 1 in front");
    }
    if (output.dtype != DType::kFloat32 && !may_make_other_types(node.op)) {
      return unimplemented("it makes " + std::string(dtype_name(output.dtype)) +
                           ", layers of Keras make float32");
    }
    model_.set_part(output.name);
    ExportContext context(graph_, node, model_, values_);
    const int first_layer = model_.num_layers();
    TINYSPLIT_ASSIGN_OR_RETURN(
        KerasTensor made,
        std::visit([&](const auto& op) { return export_op(op, context); }, node.op));
    // A layer of its own also for what changes nothing, so that two outputs are never one tensor.
    if (made.layer < first_layer && made.dtype == DType::kFloat32 &&
        !values_.contains(node.output)) {
      made = model_.add("Identity", Json::object(), {made}, made.shape);
    }
    model_.name_layer(made, output.name);
    values_.try_emplace(node.output, ExportedValue{made, false, {}});
    return ok_status();
  }

  Result<std::vector<KerasTensor>> tensors_of(const std::vector<ValueId>& ids) const {
    std::vector<KerasTensor> tensors;
    for (const ValueId id : ids) {
      const ExportedValue& value = values_.at(id);
      if (value.reversed || value.cell) {
        return unimplemented("output \"" + graph_.value(id).name +
                             "\" holds the states of a recurrent layer in an order that Keras "
                             "does not give");
      }
      tensors.push_back(value.tensor);
    }
    return tensors;
  }

  std::string describe(int index) const {
    const Layer& layer = graph_.layers()[static_cast<std::size_t>(graph_.layer_of_node(index))];
    return "layer \"" + layer.name + "\" (" + layer.kind + "), " +
           std::string(op_name(graph_.nodes()[static_cast<std::size_t>(index)].op));
  }

  const Graph& graph_;
  ModelBuilder model_;
  std::map<ValueId, ExportedValue> values_;
  std::vector<bool> needed_;
};

}  // namespace

Result<std::string> write_keras_model(const Graph& graph, KerasFileKind kind) {
  Result<std::string> file = GraphExport(graph).run(kind);
  if (!file.ok())
    return file.status().with_context("cannot write \"" + graph.name() + "\" as a Keras model");
  return file;
}

}  // namespace tinysplit
