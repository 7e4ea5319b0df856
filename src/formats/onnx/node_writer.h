#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "formats/onnx/model_writer.h"
#include "graph/graph.h"

namespace tinysplit::onnx_format {

// As ONNX takes a shape.
std::vector<std::int64_t> dims_of(const Shape& shape);

// One node of a graph on its way into a file. Each write() adds the nodes of the file that compute
// its operation and says which tensor its output is. Errors need not name the layer.
class NodeWriter {
 public:
  NodeWriter(ModelWriter& writer, const Graph& graph, const Node& node)
      : file(writer), graph_(graph), node_(node) {}

  ModelWriter& file;

  int num_inputs() const { return static_cast<int>(node_.inputs.size()); }
  ValueId id(int i) const { return node_.inputs[static_cast<std::size_t>(i)]; }
  const Value& value(int i) const { return graph_.value(id(i)); }
  const Shape& shape(int i) const { return value(i).shape; }
  const Value& output() const { return graph_.value(node_.output); }
  bool is_quantized() const;  // its output or an input

  // Input i as real numbers, or as the graph holds it.
  std::string real(int i, Order order = Order::kGraph) { return file.real(id(i), order); }
  std::string stored(int i, Order order = Order::kGraph) { return file.stored(id(i), order); }
  std::string before_rounding(int i, Order order) { return file.before_rounding(id(i), order); }

  // The order that elementwise operations keep their inputs in: channels first where one of them
  // exists in that order alone and all have the rank of the output or are constants.
  Order common_order() const;
  // Input i for such an operation: a constant of lower rank is brought to the rank of the output.
  Result<std::string> operand(int i, Order order);

  // Sets the output: real numbers, or as the graph holds it.
  void set(const std::string& tensor, Order order = Order::kGraph) {
    file.set_real(node_.output, tensor, order);
  }
  void set_stored(const std::string& tensor, Order order = Order::kGraph) {
    file.set_stored(node_.output, tensor, order);
  }

  // Operations on real numbers that several operators are spelled with.
  std::string binary(const char* kind, const std::string& a, const std::string& b) {
    return file.add(kind, {a, b});
  }
  std::string scaled(const std::string& x, float factor, float shift);

 private:
  const Graph& graph_;
  const Node& node_;
};

bool same_numbers(const Value& a, const Value& b);

// write_convolution.cpp
Status write(NodeWriter& node, const Conv2dOp& op);
Status write(NodeWriter& node, const Conv3dOp& op);
Status write(NodeWriter& node, const ConvTranspose2dOp& op);
Status write(NodeWriter& node, const Pool2dOp& op);
Status write(NodeWriter& node, const Pool3dOp& op);
Status write(NodeWriter& node, const GlobalPoolOp& op);
Status write(NodeWriter& node, const ResizeOp& op);
// write_matrix.cpp
Status write(NodeWriter& node, const DenseOp& op);
Status write(NodeWriter& node, const MatmulOp& op);
Status write(NodeWriter& node, const RecurrentOp& op);
// write_normalization.cpp
Status write(NodeWriter& node, const ChannelAffineOp& op);
Status write(NodeWriter& node, const NormalizeOp& op);
Status write(NodeWriter& node, const SoftmaxOp& op);
Status write(NodeWriter& node, const ReduceOp& op);
Status write(NodeWriter& node, const ArgReduceOp& op);
Status write(NodeWriter& node, const CumulativeSumOp& op);
// write_activation.cpp
Status write(NodeWriter& node, const ActivationOp& op);
Status write(NodeWriter& node, const PreluOp& op);
// write_elementwise.cpp
Status write(NodeWriter& node, const UnaryOp& op);
Status write(NodeWriter& node, const BinaryOp& op);
Status write(NodeWriter& node, const SelectOp& op);
Status write(NodeWriter& node, const CastOp& op);
Status write(NodeWriter& node, const QuantizeOp& op);
Status write(NodeWriter& node, const DequantizeOp& op);
// write_movement.cpp
Status write(NodeWriter& node, const ConcatOp& op);
Status write(NodeWriter& node, const ReshapeOp& op);
Status write(NodeWriter& node, const TransposeOp& op);
Status write(NodeWriter& node, const PadOp& op);
Status write(NodeWriter& node, const SliceOp& op);
Status write(NodeWriter& node, const GatherOp& op);
Status write(NodeWriter& node, const TileOp& op);
Status write(NodeWriter& node, const BroadcastOp& op);

}  // namespace tinysplit::onnx_format
