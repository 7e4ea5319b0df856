#include "formats/onnx/model_writer.h"

#include "core/limits.h"
#include "formats/onnx/tensor_data.h"

namespace tinysplit::onnx_format {
namespace {

using ::onnx::AttributeProto;

constexpr int kOpset = 17;
constexpr int kIrVersion = 8;

std::vector<int> to_channels_last(int rank) {
  std::vector<int> permutation{0};
  for (int axis = 2; axis < rank; ++axis) permutation.push_back(axis);
  permutation.push_back(1);
  return permutation;
}

// The reader numbers what a node makes inside of it "<node>/<number>"; such names of inner values
// are told apart from its.
std::string without_number(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  const bool numbered = slash != name.npos && slash + 1 < name.size() &&
                        name.find_first_not_of("0123456789", slash + 1) == name.npos;
  return numbered ? name.substr(0, slash) + ":" + name.substr(slash + 1) : name;
}

}  // namespace

ModelWriter::ModelWriter(const Graph& graph)
    : graph_(graph), forms_(graph.values().size()), is_output_(graph.values().size(), false) {
  model_.set_ir_version(kIrVersion);
  model_.set_producer_name("tinysplit");
  model_.add_opset_import()->set_version(kOpset);
  model_.mutable_graph()->set_name(graph.name());
  for (const Value& value : graph.values()) {
    if (!value.is_constant()) names_.insert(value.name);
  }
  for (const ValueId id : graph.outputs()) is_output_[static_cast<std::size_t>(id)] = true;
  for (const auto* ids : {&graph.inputs(), &graph.outputs()}) {
    for (const ValueId id : *ids) {
      const std::string& name = graph.value(id).name;
      if (without_number(name) != name) numbered_layers_.insert(name.substr(0, name.rfind('/')));
    }
  }
  for (const ValueId id : graph.inputs()) {
    add_value_info(*model_.mutable_graph()->add_input(), graph.value(id));
    forms(id).stored[index(Order::kGraph)] = graph.value(id).name;
  }
}

void ModelWriter::add_value_info(::onnx::ValueInfoProto& info, const Value& value) {
  info.set_name(value.name);
  auto* type = info.mutable_type()->mutable_tensor_type();
  type->set_elem_type(element_type_of(value.dtype));
  type->mutable_shape();
  for (const std::int64_t dim : value.shape.dims()) {
    type->mutable_shape()->add_dim()->set_dim_value(dim);
  }
}

std::string ModelWriter::claim(const std::string& wanted) {
  const std::string base =
      wanted.size() + 16 > limits::kMaxNameBytes ? std::string("tensor") : wanted;
  std::string name = base;
  for (int number = 2; !names_.insert(name).second; ++number) {
    name = base + "_" + std::to_string(number);
  }
  return name;
}

std::vector<std::string> ModelWriter::add_several(const std::string& kind,
                                                  std::vector<std::string> inputs,
                                                  const std::vector<bool>& outputs,
                                                  const Attributes& attributes) {
  ::onnx::NodeProto& node = *model_.mutable_graph()->add_node();
  node.set_op_type(kind);
  const std::string layer = layer_ == nullptr ? graph_.name() : layer_->name;
  // The operator that the layer is about has its name; conversions around it do not.
  const bool around = kind == "Transpose" || kind == "QuantizeLinear" || kind == "DequantizeLinear";
  // Nor has it the name of which an input or output is a number: the reader numbers its own values.
  const bool is_taken = node_names_.contains(layer) || numbered_layers_.contains(layer);
  std::string base = around || is_taken ? layer + "/" + kind : layer;
  if (base.size() + 16 > limits::kMaxNameBytes) base = kind;
  std::string name = base;
  for (int number = 2; !node_names_.insert(name).second; ++number) {
    name = base + "_" + std::to_string(number);
  }
  node.set_name(name);
  while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
  for (std::string& input : inputs) node.add_input(std::move(input));
  std::vector<std::string> made;
  for (const bool wanted : outputs) {
    made.push_back(wanted ? claim(name + "/output") : std::string());
    node.add_output(made.back());
  }
  for (const AttributeProto& proto : attributes) *node.add_attribute() = proto;
  return made;
}

std::string ModelWriter::add(const std::string& kind, std::vector<std::string> inputs,
                             const Attributes& attributes) {
  return add_several(kind, std::move(inputs), {true}, attributes).front();
}

Order ModelWriter::order_for(ValueId id, Order order) const {
  return has_channels_first(graph_.value(id).shape.rank()) ? order : Order::kGraph;
}

std::string ModelWriter::transpose(const std::string& tensor, const std::vector<int>& permutation) {
  return add(
      "Transpose", {tensor},
      {attribute("perm", std::vector<std::int64_t>(permutation.begin(), permutation.end()))});
}

// The tensor in that order, transposed from the other.
std::string ModelWriter::reordered(ValueId id, const std::array<std::string, 2>& forms,
                                   Order order) {
  if (!forms[index(order)].empty()) return forms[index(order)];
  const int rank = graph_.value(id).shape.rank();
  const bool first = order == Order::kChannelsFirst;
  return transpose(forms[index(first ? Order::kGraph : Order::kChannelsFirst)],
                   first ? channels_first_permutation(rank) : to_channels_last(rank));
}

// An output of the graph has its name in the graph's order; other values in the first form that is
// made of them.
std::string ModelWriter::name_for(ValueId id, Order order) {
  const Value& value = graph_.value(id);
  const Forms& existing = forms(id);
  const bool is_first = existing.stored[0].empty() && existing.stored[1].empty();
  if (is_output_[static_cast<std::size_t>(id)]) {
    if (order == Order::kGraph) return value.name;
  } else if (is_first) {
    const std::string own = without_number(value.name);
    return own == value.name ? own : claim(own);
  }
  return claim(value.name + (order == Order::kGraph ? "/channels_last" : "/channels_first"));
}

void ModelWriter::rename_output(const std::string& from, const std::string& to) {
  auto& nodes = *model_.mutable_graph()->mutable_node();
  // What is renamed was made by one of the last nodes, and nothing has read it.
  for (int i = nodes.size() - 1; i >= 0; --i) {
    for (std::string& output : *nodes[i].mutable_output()) {
      if (output != from) continue;
      output = to;
      names_.erase(from);
      return;
    }
  }
}

// Gives a tensor that a node has just made the name that stands for the value in the file.
std::string ModelWriter::adopt(ValueId id, const std::string& tensor, Order order) {
  const std::string name = name_for(id, order);
  rename_output(tensor, name);
  return name;
}

std::string ModelWriter::stored(ValueId id, Order order) {
  order = order_for(id, order);
  const Value& value = graph_.value(id);
  std::string& form = forms(id).stored[index(order)];
  if (!form.empty()) return form;
  if (value.is_constant()) {
    const int rank = value.shape.rank();
    const bool first = order == Order::kChannelsFirst;
    form = first ? constant(transposed(*value.data, channels_first_permutation(rank)), "constant")
                 : constant(*value.data, "constant");
    return form;
  }
  const Order other = order == Order::kGraph ? Order::kChannelsFirst : Order::kGraph;
  if (forms(id).stored[index(other)].empty()) {
    // Quantised in the order in which it was computed.
    const bool here = !forms(id).computed[index(order)].empty();
    const Order from = here ? order : other;
    const Layer* reader = layer_;
    begin_layer_of(id);
    const std::string numbers = converted("QuantizeLinear", forms(id).computed[index(from)],
                                          *value.quantization, value.dtype, -1);
    layer_ = reader;
    forms(id).stored[index(from)] = adopt(id, numbers, from);
    if (here) return form;
  }
  form = adopt(id, reordered(id, forms(id).stored, order), order);
  return form;
}

std::string ModelWriter::dequantized(ValueId id, Order order) {
  order = order_for(id, order);
  const Value& value = graph_.value(id);
  const int axis = value.quantization->axis < 0
                       ? -1
                       : axis_in(order, value.quantization->axis, value.shape.rank());
  return converted("DequantizeLinear", stored(id, order), *value.quantization, value.dtype, axis);
}

std::string ModelWriter::real(ValueId id, Order order) {
  order = order_for(id, order);
  if (!graph_.value(id).quantization) return stored(id, order);
  if (forms(id).real[index(order)].empty()) {
    const std::string made = dequantized(id, order);
    forms(id).real[index(order)] = made;
  }
  return forms(id).real[index(order)];
}

std::string ModelWriter::before_rounding(ValueId id, Order order) {
  order = order_for(id, order);
  const Forms& existing = forms(id);
  if (existing.computed[0].empty() && existing.computed[1].empty()) return real(id, order);
  return reordered(id, existing.computed, order);
}

bool ModelWriter::is_channels_first(ValueId id) const {
  const Forms& existing = forms_[static_cast<std::size_t>(id)];
  const std::size_t graph = index(Order::kGraph), first = index(Order::kChannelsFirst);
  return existing.stored[graph].empty() && existing.computed[graph].empty() &&
         (!existing.stored[first].empty() || !existing.computed[first].empty());
}

void ModelWriter::set_real(ValueId id, const std::string& tensor, Order order) {
  if (!graph_.value(id).quantization) return set_stored(id, tensor, order);
  forms(id).computed[index(order_for(id, order))] = tensor;
}

void ModelWriter::set_stored(ValueId id, const std::string& tensor, Order order) {
  order = order_for(id, order);
  forms(id).stored[index(order)] = adopt(id, tensor, order);
}

// What a reader of a value asks for belongs to the layer that made it.
void ModelWriter::begin_layer_of(ValueId id) {
  const int producer = graph_.producer(id);
  if (producer < 0) return;
  layer_ = &graph_.layers()[static_cast<std::size_t>(graph_.layer_of_node(producer))];
}

Result<std::string> ModelWriter::finish() {
  for (const ValueId id : graph_.outputs()) {
    begin_layer_of(id);
    add_value_info(*model_.mutable_graph()->add_output(), graph_.value(id));
    const std::string name = stored(id, Order::kGraph);
    if (name != graph_.value(id).name) {
      return internal_error("output \"" + graph_.value(id).name + "\" is not written");
    }
  }
  if (constant_bytes_ > limits::kMaxModelFileBytes ||
      model_.ByteSizeLong() > limits::kMaxModelFileBytes) {
    return out_of_range("the model would take more than " +
                        std::to_string(limits::kMaxModelFileBytes) + " bytes");
  }
  return model_.SerializeAsString();
}

}  // namespace tinysplit::onnx_format
