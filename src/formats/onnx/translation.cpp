#include "formats/onnx/translation.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "core/limits.h"
#include "formats/onnx/functions.h"
#include "formats/onnx/half_precision.h"
#include "formats/onnx/input_types.h"
#include "formats/onnx/model_proto.h"
#include "formats/onnx/node_context.h"
#include "formats/onnx/node_order.h"
#include "formats/onnx/ops.h"
#include "formats/onnx/stored_nodes.h"
#include "formats/onnx/stored_types.h"
#include "formats/onnx/subgraphs.h"
#include "formats/onnx/tensor_data.h"

namespace tinysplit::onnx_format {
namespace {

class Translation {
 public:
  // `opsets`: of each node.
  Translation(::onnx::ModelProto& model, std::vector<int> opsets, const std::string& name,
              const std::string& digest, const OnnxOptions& options)
      : proto_(*model.mutable_graph()),
        opsets_(std::move(opsets)),
        options_(options),
        stored_types_(proto_),
        graph_(name, digest) {}

  Result<std::shared_ptr<const Graph>> run() {
    TINYSPLIT_RETURN_IF_ERROR(take_initializers(proto_));
    TINYSPLIT_RETURN_IF_ERROR(take_fixed_inputs());
    TINYSPLIT_RETURN_IF_ERROR(add_inputs());
    count_readers();
    for (int i = 0; i < proto_.node_size(); ++i) {
      opset_ = opsets_[static_cast<std::size_t>(i)];
      TINYSPLIT_RETURN_IF_ERROR(translate_node(*proto_.mutable_node(i), i));
    }
    for (const auto& output : proto_.output()) {
      const auto found = tensors_.find(output.name());
      if (found == tensors_.end() || !found->second.file.exists()) {
        return invalid_argument("output \"" + output.name() + "\" of the model is not computed");
      }
      TINYSPLIT_RETURN_IF_ERROR(graph_.builder().add_output(found->second.file.id));
    }
    return graph_.builder().build();
  }

 private:
  Status define(const std::string& name, FileTensor tensor) {
    if (name.empty()) return invalid_argument("a tensor has no name");
    tensor.name = name;
    if (tensors_.try_emplace(name, std::move(tensor)).second) return ok_status();
    return invalid_argument("two tensors are named \"" + name + "\"");
  }

  Status take_initializers(::onnx::GraphProto& graph);
  Status take_fixed_inputs();
  Status add_inputs();
  void count_readers();
  Status translate_node(::onnx::NodeProto& node, int index);
  Result<bool> known_condition(const ::onnx::NodeProto& node) const;
  Status translate_branch(::onnx::GraphProto& branch, int index);
  Status translate_open_node(::onnx::NodeProto& node, std::vector<ValueId>& made);
  Result<std::vector<FileTensor>> compute(::onnx::NodeProto& node, Translator translator,
                                          std::vector<FileTensor*> inputs);
  static void note_made(const FileTensor& tensor, std::vector<ValueId>& made);
  Status finish_output(FileTensor& tensor);
  Status name_value(const FileTensor& tensor, const Operand& value, const char* second_name);
  std::string layer_name(const ::onnx::NodeProto& node, int index);
  std::int64_t new_weight_bytes(const ::onnx::NodeProto& node);

  ::onnx::GraphProto& proto_;
  const std::vector<int> opsets_;
  int opset_ = 0;  // of the node at hand
  const OnnxOptions& options_;
  const StoredTypes stored_types_;
  GraphAssembly graph_;
  std::unordered_map<std::string, FileTensor> tensors_;
  std::unordered_map<std::string, int> readers_;                  // nodes that read a tensor
  std::unordered_map<std::string, std::int64_t> unread_weights_;  // initialisers, bytes
  std::set<std::string> layer_names_;
  std::map<std::string, int> output_types_;  // of the model's outputs, as the file has them
};

FileTensor constant_tensor(std::shared_ptr<const Tensor> tensor) {
  FileTensor file_tensor;
  file_tensor.rank = tensor->shape().rank();
  file_tensor.file.constant = std::move(tensor);
  return file_tensor;
}

Status Translation::take_initializers(::onnx::GraphProto& graph) {
  for (auto& proto : *graph.mutable_initializer()) {
    if (options_.fixed_inputs.contains(proto.name())) continue;
    const std::string what = "initializer \"" + proto.name() + "\"";
    const bool half = proto.data_type() == ::onnx::TensorProto::FLOAT16;
    Result<Tensor> tensor = take_tensor(proto, options_.folder);
    if (!tensor.ok()) return tensor.status().with_context(what);
    unread_weights_[proto.name()] = static_cast<std::int64_t>(tensor->num_bytes());
    FileTensor constant = constant_tensor(std::make_shared<const Tensor>(std::move(*tensor)));
    constant.is_half = half;
    constant.readers = readers_[proto.name()];
    TINYSPLIT_RETURN_IF_ERROR(define(proto.name(), std::move(constant)));
  }
  return ok_status();
}

Status Translation::take_fixed_inputs() {
  for (const auto& [name, tensor] : options_.fixed_inputs) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto wide, widened(graph_, tensor));
    TINYSPLIT_RETURN_IF_ERROR(define(name, constant_tensor(wide)));
  }
  return ok_status();
}

Status Translation::add_inputs() {
  std::vector<DeclaredInput> declared;
  std::vector<ElementType> types;
  for (const auto& input : proto_.input()) {
    // Up to IR version 3 every initialiser is listed as an input, too.
    if (tensors_.contains(input.name())) continue;
    Result<ElementType> type = element_type_of(input);
    if (!type.ok()) return type.status().with_context("input \"" + input.name() + "\"");
    declared.push_back(declared_input(input));
    types.push_back(std::move(*type));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<Shape> shapes,
                             close_input_shapes(declared, options_.sizes));
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const std::string& name = declared[i].name;
    FileTensor tensor;
    tensor.rank = shapes[i].rank();
    TINYSPLIT_ASSIGN_OR_RETURN(tensor.file.id,
                               graph_.builder().add_input(name, types[i], shapes[i]));
    TINYSPLIT_RETURN_IF_ERROR(define(name, std::move(tensor)));
  }
  return ok_status();
}

void Translation::count_readers() {
  for (const auto& output : proto_.output()) {
    output_types_[output.name()] = output.type().tensor_type().elem_type();
  }
  for (const auto& node : proto_.node()) {
    for_each_read(node, [&](const std::string& name) { ++readers_[name]; });
  }
  for (auto& [name, tensor] : tensors_) tensor.readers = readers_[name];
}

std::string Translation::layer_name(const ::onnx::NodeProto& node, int index) {
  std::string base = node.name();
  for (int i = 0; i < node.output_size() && base.empty(); ++i) base = node.output(i);
  if (base.empty()) base = node.op_type() + "_" + std::to_string(index);
  std::string name = base;
  for (int number = 2; !layer_names_.insert(name).second; ++number) {
    name = base + "_" + std::to_string(number);
  }
  return name;
}

std::int64_t Translation::new_weight_bytes(const ::onnx::NodeProto& node) {
  const bool stored_weights = node.op_type() == "DequantizeLinear" && node.output_size() == 1 &&
                              node.input_size() > 0 && unread_weights_.contains(node.input(0));
  std::int64_t bytes = 0;
  for (const std::string& input : node.input()) {
    const auto found = unread_weights_.find(input);
    if (found == unread_weights_.end()) continue;
    bytes += found->second;
    unread_weights_.erase(found);
  }
  if (!stored_weights) return bytes;
  // Stored weights are the weights of what computes with them.
  unread_weights_[node.output(0)] = bytes;
  return 0;
}

// The condition of an If, which follows from shapes and constants.
Result<bool> Translation::known_condition(const ::onnx::NodeProto& node) const {
  const auto found = tensors_.find(node.input_size() == 1 ? node.input(0) : std::string());
  if (found == tensors_.end()) return invalid_argument("has no condition that a node before makes");
  if (!found->second.is_constant()) {
    return unimplemented(
        "its condition is computed at run time; only one that follows from shapes and constants is "
        "supported");
  }
  const Tensor& condition = *found->second.file.constant;
  if (condition.dtype() != DType::kBool || condition.num_bytes() != 1) {
    return invalid_argument("has a condition that is not one bool");
  }
  return condition.as<std::uint8_t>()[0] != 0;
}

// The nodes of a branch are layers. What they read of the graph around it has been counted with it.
Status Translation::translate_branch(::onnx::GraphProto& branch, int index) {
  std::set<std::string> own;
  for (const auto& tensor : branch.initializer()) own.insert(tensor.name());
  for (const auto& node : branch.node()) own.insert(node.output().begin(), node.output().end());
  const auto count = [&](const std::string& name) {
    if (own.contains(name)) ++readers_[name];
  };
  for (const auto& node : branch.node()) for_each_read(node, count);
  for (const auto& output : branch.output()) count(output.name());
  TINYSPLIT_RETURN_IF_ERROR(take_initializers(branch));
  for (auto& node : *branch.mutable_node()) {
    TINYSPLIT_RETURN_IF_ERROR(translate_node(node, index));
  }
  return ok_status();
}

Status Translation::translate_node(::onnx::NodeProto& node, int index) {
  const std::string name = layer_name(node, index);
  const std::string what =
      "node \"" + name + "\" (" + node.op_type() + ", number " + std::to_string(index) + ")";
  if (node.op_type() == "If" && find_op(node) != nullptr) {
    const Result<bool> condition = known_condition(node);
    if (!condition.ok()) return condition.status().with_context(what);
    ::onnx::GraphProto branch;
    if (!take_branch(node, *condition, name + "/", branch)) {
      return invalid_argument("has no branch for its condition, or one of other outputs")
          .with_context(what);
    }
    TINYSPLIT_RETURN_IF_ERROR(translate_branch(branch, index));
  }
  TINYSPLIT_RETURN_IF_ERROR(graph_.builder()
                                .begin_layer(name, node.op_type(), new_weight_bytes(node))
                                .with_context(what));
  std::vector<ValueId> made;
  const Status status = translate_open_node(node, made);
  if (!status.ok()) {
    // The builder names the layer itself.
    return status.message().starts_with("layer ") ? status : status.with_context(what);
  }
  return graph_.builder().end_layer(std::move(made)).with_context(what);
}

Status Translation::translate_open_node(::onnx::NodeProto& node, std::vector<ValueId>& made) {
  const OpRow* row = find_op(node);
  if (node.output_size() == 0) return invalid_argument("has no outputs");
  if (row == nullptr) {
    return unimplemented("the operator " + operator_name(node) + " is not supported");
  }
  std::vector<FileTensor*> inputs;
  for (const std::string& name : node.input()) {
    if (name.empty()) {
      inputs.push_back(nullptr);
      continue;
    }
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      return invalid_argument("reads \"" + name + "\", which no node before it makes");
    }
    inputs.push_back(&found->second);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<FileTensor> outputs,
                             compute(node, row->translate, inputs));
  // Constants that only this node reads need not wait for the end.
  for (FileTensor* input : inputs) {
    if (input == nullptr || --input->readers != 0) continue;
    input->stored.reset();
    if (input->is_constant()) input->file.constant = std::make_shared<const Tensor>();
  }
  for (int i = 0; i < node.output_size(); ++i) {
    if (node.output(i).empty()) continue;
    FileTensor& tensor = outputs[static_cast<std::size_t>(i)];
    if (!tensor.file.exists() && !tensor.channels_last.exists() && tensor.stored == nullptr) {
      return unimplemented("its output " + std::to_string(i) + " is not supported");
    }
    tensor.is_output = output_types_.contains(node.output(i));
    tensor.name = node.output(i);
    tensor.readers = readers_[tensor.name];
    TINYSPLIT_RETURN_IF_ERROR(finish_output(tensor));
    note_made(tensor, made);
    TINYSPLIT_RETURN_IF_ERROR(define(node.output(i), std::move(tensor)));
  }
  return ok_status();
}

void Translation::note_made(const FileTensor& tensor, std::vector<ValueId>& made) {
  for (const Operand& value : {tensor.file, tensor.channels_last}) {
    if (value.id >= 0 && std::ranges::count(made, value.id) == 0) made.push_back(value.id);
  }
  if (tensor.stored != nullptr) note_made(*tensor.stored, made);
}

// On stored numbers where it can be; else on real ones, of which those that are only read as stored
// numbers are stored at once.
Result<std::vector<FileTensor>> Translation::compute(::onnx::NodeProto& node, Translator translator,
                                                     std::vector<FileTensor*> inputs) {
  std::vector<FileTensor> wide;
  TINYSPLIT_RETURN_IF_ERROR(widen_all(graph_, inputs, wide));
  const ElementType* wanted = stored_types_.find(node.output(0));
  TINYSPLIT_ASSIGN_OR_RETURN(auto stored, translate_stored(node, opset_, inputs, wanted, graph_));
  if (stored) return std::move(*stored);
  std::vector<FileTensor> reals(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == nullptr || inputs[i]->stored == nullptr) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(reals[i], real_tensor(graph_, *inputs[i]));
    // Real activations are made anew for each reader, so that a cut finds the stored ones alone.
    if (reals[i].is_constant()) inputs[i]->file = reals[i].file;
    inputs[i] = &reals[i];
  }
  NodeContext context(node, opset_, std::move(inputs), graph_);
  TINYSPLIT_RETURN_IF_ERROR(translator(context));
  TINYSPLIT_RETURN_IF_ERROR(context.attributes.expect_all_known());
  std::vector<FileTensor> outputs = context.outputs();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const ElementType* type = stored_types_.find(node.output(static_cast<int>(i)));
    FileTensor& real = outputs[i];
    if (real.is_constant()) {
      real.is_half |= is_half(graph_, real);
      TINYSPLIT_ASSIGN_OR_RETURN(real.file.constant, widened(graph_, real.file.constant));
    }
    const Operand& value = real.file.exists() ? real.file : real.channels_last;
    if (type == nullptr || value.id < 0 || graph_.dtype(value) != DType::kFloat32) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(FileTensor numbers, stored_tensor(graph_, real, *type));
    FileTensor output;
    output.rank = real.rank;
    output.stored = std::make_shared<FileTensor>(std::move(numbers));
    real = std::move(output);
  }
  return outputs;
}

Status Translation::name_value(const FileTensor& tensor, const Operand& value,
                               const char* second_name) {
  // A value of an earlier layer that goes through keeps the name that it has.
  if (value.id < 0 || !graph_.builder().value(value.id).name.empty()) return ok_status();
  std::string name = tensor.name;
  if (graph_.builder().has_value_name(name) || output_types_.contains(name)) name += second_name;
  if (graph_.builder().has_value_name(name)) return ok_status();
  return graph_.builder().name_value(value.id, name);
}

// Outputs of the model are values of their own, in the file's order.
Status Translation::finish_output(FileTensor& tensor) {
  if (tensor.stored != nullptr) {
    if (tensor.is_output) {
      TINYSPLIT_ASSIGN_OR_RETURN(const FileTensor real, real_tensor(graph_, tensor));
      tensor.file = real.file;
      tensor.channels_last = real.channels_last;
    } else if (!tensor.file.exists() && !tensor.channels_last.exists()) {
      TINYSPLIT_RETURN_IF_ERROR(name_value(tensor, tensor.stored->file, "/file_order"));
      return name_value(tensor, tensor.stored->channels_last, "/channels_last");
    }
  }
  if (has_channels_last(tensor.rank) && tensor.channels_last.is_constant()) {
    TINYSPLIT_RETURN_IF_ERROR(operand_in(graph_, tensor, Layout::kFile).status());
    tensor.channels_last = Operand();
  }
  if (!tensor.is_output) {
    TINYSPLIT_RETURN_IF_ERROR(name_value(tensor, tensor.file, "/file_order"));
    return name_value(tensor, tensor.channels_last, "/channels_last");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Operand file, operand_in(graph_, tensor, Layout::kFile));
  if (graph_.shape(file).num_elements() == 0) {
    return unimplemented("output \"" + tensor.name + "\" of the model has no elements");
  }
  if (output_types_[tensor.name] == ::onnx::TensorProto::FLOAT16 &&
      graph_.dtype(file) == DType::kFloat32) {
    TINYSPLIT_ASSIGN_OR_RETURN(file, narrowed(graph_, file));
    tensor.channels_last = Operand();  // which was not rounded
  }
  if (file.is_constant()) {
    TINYSPLIT_ASSIGN_OR_RETURN(
        file, graph_.add_unfolded(BroadcastOp{graph_.shape(file)}, {file},
                                  ElementType(graph_.dtype(file), graph_.quantization(file))));
  } else if (!graph_.builder().value(file.id).name.empty()) {
    TINYSPLIT_ASSIGN_OR_RETURN(file, graph_.add(ReshapeOp{graph_.shape(file)}, {file}));
  }
  tensor.file = file;
  if (!graph_.builder().value(file.id).name.empty()) return ok_status();
  TINYSPLIT_RETURN_IF_ERROR(graph_.builder().name_value(file.id, tensor.name));
  return name_value(tensor, tensor.channels_last, "/channels_last");
}

}  // namespace

Result<std::shared_ptr<const Graph>> translate_model(::onnx::ModelProto& model,
                                                     const std::string& name,
                                                     const std::string& digest,
                                                     const OnnxOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<int> opsets, inline_functions(model));
  TINYSPLIT_RETURN_IF_ERROR(check_names(model));
  order_nodes(*model.mutable_graph()->mutable_node(), opsets);
  return Translation(model, std::move(opsets), name, digest, options).run();
}

}  // namespace tinysplit::onnx_format
