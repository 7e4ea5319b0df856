#include "graph/graph_builder.h"

#include <algorithm>

#include "core/limits.h"
#include "graph/type_inference.h"

namespace tinysplit {
namespace {

Status check_name(const char* what, const std::string& name) {
  if (name.empty() || name.size() > limits::kMaxNameBytes) {
    return invalid_argument(std::string(what) + " has a name of " + std::to_string(name.size()) +
                            " bytes, 1 to " + std::to_string(limits::kMaxNameBytes) +
                            " are allowed");
  }
  const bool printable = std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!printable)
    return invalid_argument(std::string(what) + " has control characters in its name");
  return ok_status();
}

}  // namespace

GraphBuilder::GraphBuilder(std::string name, std::string digest) : graph_(new Graph()) {
  graph_->name_ = std::move(name);
  graph_->digest_ = std::move(digest);
}

std::string GraphBuilder::describe_open_layer() const {
  const Layer& layer = graph_->layers_.back();
  return "layer " + std::to_string(graph_->layers_.size() - 1) + " \"" + layer.name + "\" (" +
         layer.kind + ")";
}

Status GraphBuilder::claim_name(const std::string& name) {
  if (!value_names_.insert(name).second) {
    return invalid_argument("two tensors are named \"" + name + "\"");
  }
  return ok_status();
}

Status GraphBuilder::add_activation_bytes(const Value& value) {
  activation_bytes_ += static_cast<std::int64_t>(value.num_bytes());
  if (activation_bytes_ > limits::kMaxActivationBytes) {
    return resource_exhausted("the activations of the model take more than " +
                              std::to_string(limits::kMaxActivationBytes) + " bytes");
  }
  return ok_status();
}

Result<ValueId> GraphBuilder::add_input(const std::string& name, const ElementType& type,
                                        const Shape& shape) {
  TINYSPLIT_RETURN_IF_ERROR(check_name("an input", name));
  TINYSPLIT_RETURN_IF_ERROR(claim_name(name));
  const std::string what = "input \"" + name + "\"";
  TINYSPLIT_RETURN_IF_ERROR(Shape::create(shape.dims()).status().with_context(what));
  if (shape.num_elements() == 0) {
    return invalid_argument(what + " has shape " + shape.to_string() + ", has no elements");
  }
  if (type.quantization) {
    TINYSPLIT_RETURN_IF_ERROR(
        check_quantization(*type.quantization, type.dtype, shape).with_context(what));
  }
  Value value;
  value.name = name;
  value.dtype = type.dtype;
  value.shape = shape;
  value.quantization = type.quantization;
  TINYSPLIT_RETURN_IF_ERROR(add_activation_bytes(value));
  graph_->values_.push_back(std::move(value));
  graph_->producers_.push_back(-1);
  const ValueId id = static_cast<ValueId>(graph_->values_.size() - 1);
  graph_->inputs_.push_back(id);
  return id;
}

ValueId GraphBuilder::add_constant(std::shared_ptr<const Tensor> tensor,
                                   std::optional<Quantization> quantization) {
  Value value;
  value.quantization = std::move(quantization);
  value.dtype = tensor->dtype();
  value.shape = tensor->shape();
  value.data = std::move(tensor);
  graph_->values_.push_back(std::move(value));
  graph_->producers_.push_back(-1);
  return static_cast<ValueId>(graph_->values_.size() - 1);
}

ValueId GraphBuilder::add_constant(Tensor tensor, std::optional<Quantization> quantization) {
  return add_constant(std::make_shared<const Tensor>(std::move(tensor)), std::move(quantization));
}

Status GraphBuilder::begin_layer(const std::string& name, const std::string& kind,
                                 std::int64_t weight_bytes) {
  if (layer_open_) return internal_error("a layer is opened inside " + describe_open_layer());
  if (graph_->layers_.size() >= limits::kMaxLayers) {
    return resource_exhausted("the model has more than " + std::to_string(limits::kMaxLayers) +
                              " layers");
  }
  TINYSPLIT_RETURN_IF_ERROR(check_name("a layer", name));
  if (!layer_names_.insert(name).second) {
    return invalid_argument("two layers are named \"" + name + "\"");
  }
  Layer layer;
  layer.name = name;
  layer.kind = kind;
  layer.first_node = layer.end_node = static_cast<int>(graph_->nodes_.size());
  layer.weight_bytes = weight_bytes;
  graph_->layers_.push_back(std::move(layer));
  layer_open_ = true;
  return ok_status();
}

Result<ValueId> GraphBuilder::add_op(Op op, std::vector<ValueId> inputs,
                                     const std::optional<ElementType>& stated) {
  if (!layer_open_) return internal_error("an operation is added outside of a layer");
  const std::string what = describe_open_layer();
  if (graph_->nodes_.size() >= limits::kMaxNodes) {
    return resource_exhausted(what + ": the model has more than " +
                              std::to_string(limits::kMaxNodes) + " operations");
  }
  std::vector<const Value*> views;
  for (const ValueId id : inputs) {
    if (id < 0 || static_cast<std::size_t>(id) >= graph_->values_.size()) {
      return internal_error(what + " reads a value that does not exist");
    }
    views.push_back(&value(id));
  }
  Result<Value> inferred = infer_output(op, views, stated);
  if (!inferred.ok()) return inferred.status().with_context(what + ", " + std::string(op_name(op)));
  Value output = std::move(*inferred);
  TINYSPLIT_RETURN_IF_ERROR(add_activation_bytes(output));
  graph_->values_.push_back(std::move(output));
  const ValueId id = static_cast<ValueId>(graph_->values_.size() - 1);
  graph_->producers_.push_back(static_cast<int>(graph_->nodes_.size()));
  graph_->nodes_.push_back({std::move(op), std::move(inputs), id});
  graph_->node_layers_.push_back(static_cast<int>(graph_->layers_.size() - 1));
  return id;
}

Status GraphBuilder::end_layer(std::vector<ValueId> outputs) {
  if (!layer_open_) return internal_error("a layer is closed that is not open");
  Layer& layer = graph_->layers_.back();
  layer.end_node = static_cast<int>(graph_->nodes_.size());
  for (const ValueId id : outputs) {
    if (id < 0 || static_cast<std::size_t>(id) >= graph_->values_.size() ||
        graph_->value(id).is_constant()) {
      return internal_error(describe_open_layer() + " hands on a value that no node makes");
    }
  }
  // The first output carries the layer's own name; what stays inside, or comes second, a number.
  int number = 0;
  for (int node = layer.first_node; node < layer.end_node; ++node) {
    const ValueId id = graph_->nodes_[static_cast<std::size_t>(node)].output;
    if (!graph_->value(id).name.empty()) continue;
    const bool first = !outputs.empty() && id == outputs.front();
    std::string name = first ? layer.name : layer.name + "/" + std::to_string(number++);
    // A file may have given such a name itself.
    while (!first && value_names_.contains(name)) {
      name = layer.name + "/" + std::to_string(number++);
    }
    TINYSPLIT_RETURN_IF_ERROR(claim_name(name).with_context(describe_open_layer()));
    graph_->values_[static_cast<std::size_t>(id)].name = std::move(name);
  }
  layer.outputs = std::move(outputs);
  layer_open_ = false;
  return ok_status();
}

Status GraphBuilder::name_value(ValueId id, const std::string& name) {
  const bool made =
      layer_open_ && id >= 0 && static_cast<std::size_t>(id) < graph_->values_.size() &&
      graph_->producers_[static_cast<std::size_t>(id)] >= graph_->layers_.back().first_node;
  if (!made) return internal_error("a value is named that the open layer did not make");
  TINYSPLIT_RETURN_IF_ERROR(check_name("a tensor", name));
  TINYSPLIT_RETURN_IF_ERROR(claim_name(name));
  graph_->values_[static_cast<std::size_t>(id)].name = name;
  return ok_status();
}

Status GraphBuilder::add_output(ValueId id) {
  if (id < 0 || static_cast<std::size_t>(id) >= graph_->values_.size() || value(id).is_constant()) {
    return invalid_argument("a model output is not computed by any layer");
  }
  if (std::ranges::count(graph_->outputs_, id) > 0) {
    return invalid_argument("\"" + value(id).name + "\" is a model output twice");
  }
  graph_->outputs_.push_back(id);
  return ok_status();
}

Result<std::shared_ptr<const Graph>> GraphBuilder::build() {
  if (layer_open_) return internal_error(describe_open_layer() + " was not closed");
  if (graph_->layers_.empty()) return invalid_argument("the model has no layers");
  if (graph_->inputs_.empty()) return invalid_argument("the model has no inputs");
  if (graph_->outputs_.empty()) return invalid_argument("the model has no outputs");
  return std::shared_ptr<const Graph>(std::move(graph_));
}

}  // namespace tinysplit
