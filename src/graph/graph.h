#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dtype.h"
#include "core/shape.h"
#include "core/tensor.h"
#include "graph/op.h"

namespace tinysplit {

using ValueId = std::int32_t;

// real = scale * (stored - zero_point); one entry per tensor, or one per index along `axis`.
struct Quantization {
  std::vector<float> scale;
  std::vector<std::int32_t> zero_point;
  int axis = -1;
};

// A tensor that flows through the graph, or a constant when it has data.
struct Value {
  std::string name;  // unique among the values that are not constant
  DType dtype = DType::kFloat32;
  Shape shape;  // a batch of any size is 1 here
  std::optional<Quantization> quantization;
  std::shared_ptr<const Tensor> data;  // constants only

  bool is_constant() const { return data != nullptr; }
  std::size_t num_bytes() const { return std::size_t(shape.num_elements()) * dtype_size(dtype); }
};

// One primitive operation: reads `inputs` in the order that its Op lists, defines `output`.
struct Node {
  Op op;
  std::vector<ValueId> inputs;
  ValueId output = -1;
};

// One entry of the source model, numbered as its own framework numbers it. A layer may be several
// nodes (a separable convolution with an activation) or none (an input layer).
struct Layer {
  std::string name;
  std::string kind;  // the framework's class or operator name, such as "Conv2D"
  int first_node = 0;
  int end_node = 0;
  std::int64_t weight_bytes = 0;  // of the source model's parameters
  std::vector<ValueId> outputs;   // what the layer hands on, also where it made no node
};

// An immutable network in execution order: a node reads only constants, graph inputs and outputs of
// earlier nodes. Made by GraphBuilder, which guarantees this, or of a part of such a graph
// (graph/subgraph.h). Thread-safe for reading.
class Graph {
 public:
  const std::string& name() const { return name_; }
  // SHA-256 of the model file, in hexadecimal; empty for a graph that was not read from one.
  const std::string& digest() const { return digest_; }
  const std::vector<Value>& values() const { return values_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<Layer>& layers() const { return layers_; }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }

  const Value& value(ValueId id) const { return values_[static_cast<std::size_t>(id)]; }
  int num_layers() const { return static_cast<int>(layers_.size()); }
  // The node that defines a value; -1 for graph inputs and constants.
  int producer(ValueId id) const { return producers_[static_cast<std::size_t>(id)]; }
  // The layer that a node belongs to.
  int layer_of_node(int node) const { return node_layers_[static_cast<std::size_t>(node)]; }

 private:
  friend class GraphBuilder;
  friend class LayerExtraction;  // graph/subgraph.cpp
  Graph() = default;

  std::string name_;
  std::string digest_;
  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<Layer> layers_;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
  std::vector<int> producers_;
  std::vector<int> node_layers_;
};

// The value of that name that is not a constant; null if there is none. Linear in the values.
inline const Value* find_value(const Graph& graph, std::string_view name) {
  for (const Value& value : graph.values()) {
    if (!value.is_constant() && value.name == name) return &value;
  }
  return nullptr;
}

}  // namespace tinysplit
