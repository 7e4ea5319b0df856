#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"
#include "graph/type_inference.h"

namespace tinysplit {

// Builds a Graph in execution order with shapes inferred and everything checked, so that readers of
// model files only translate. Use: add inputs, then for each source layer begin_layer(), its
// operations, end_layer(); then build(). Not thread-safe. After an error the builder is of no use.
class GraphBuilder {
 public:
  GraphBuilder(std::string name, std::string digest);

  // A graph input. Where its first dimension is a batch of any size, `shape` has 1 there.
  // Errors: INVALID_ARGUMENT (name empty or taken, a dimension of 0, a quantisation that does not
  // fit).
  Result<ValueId> add_input(const std::string& name, const ElementType& type, const Shape& shape);

  // A constant. Shared, never copied.
  ValueId add_constant(std::shared_ptr<const Tensor> tensor,
                       std::optional<Quantization> quantization = std::nullopt);
  ValueId add_constant(Tensor tensor, std::optional<Quantization> quantization = std::nullopt);

  // Opens the next layer. `weight_bytes`: size of the source layer's parameters.
  // Errors: INVALID_ARGUMENT (name too long or taken), RESOURCE_EXHAUSTED (limits::kMaxLayers).
  Status begin_layer(const std::string& name, const std::string& kind,
                     std::int64_t weight_bytes = 0);

  // Adds an operation to the open layer and returns its output, shape and type inferred. An
  // operation that computes on quantised numbers needs the output's type to be `stated`.
  // Errors: INVALID_ARGUMENT with layer and operation named (shapes or types that do not fit, wrong
  // number of inputs, an output without elements), RESOURCE_EXHAUSTED (node count, activation
  // bytes).
  Result<ValueId> add_op(Op op, std::vector<ValueId> inputs,
                         const std::optional<ElementType>& stated = std::nullopt);

  // Closes the open layer; `outputs` are what it hands on: the first of them is named after
  // the layer if the layer made it; the other values that it made are named "<layer>/<n>", but for
  // those that name_value() named.
  Status end_layer(std::vector<ValueId> outputs);

  // Names a value that the open layer made, in place of the name that end_layer() would give it.
  // Errors: INVALID_ARGUMENT (a name that is not allowed or is taken).
  Status name_value(ValueId id, const std::string& name);
  bool has_value_name(const std::string& name) const { return value_names_.contains(name); }

  // Marks a graph output; in order. A value may be one only once.
  Status add_output(ValueId value);

  const Value& value(ValueId id) const { return graph_->value(id); }

  // Errors: INVALID_ARGUMENT (no inputs, no outputs, no layers).
  Result<std::shared_ptr<const Graph>> build();

 private:
  std::string describe_open_layer() const;
  Status claim_name(const std::string& name);
  Status add_activation_bytes(const Value& value);

  std::shared_ptr<Graph> graph_;
  std::unordered_set<std::string> layer_names_;
  std::unordered_set<std::string> value_names_;
  bool layer_open_ = false;
  std::int64_t activation_bytes_ = 0;
};

}  // namespace tinysplit
