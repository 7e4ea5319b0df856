#pragma once

#include <span>
#include <string>

#include "core/status.h"
#include "graph/graph.h"
#include "graph/op.h"

// The shape rule of each operation; for shape_inference.cpp.
namespace tinysplit::shape_rules {

using Inputs = std::span<const Value* const>;

// Keeps every product of a parameter and an extent far inside 64 bits.
inline constexpr std::int64_t kMaxParameter = 1 << 20;

Status expect_inputs(Inputs inputs, std::size_t least, std::size_t most);
Status expect_rank(const Value& value, const char* what, int rank);
Status expect_constant(const Value& value, const char* what);
// A constant of shape [size].
Status expect_vector(const Value& value, const char* what, std::int64_t size);
Status expect_axis(int axis, const Shape& shape);
// Sorted, each once, all of them axes of `shape`.
Status expect_axes(const std::vector<int>& axes, const Shape& shape);

Result<Shape> infer(const Conv2dOp& op, Inputs inputs);
Result<Shape> infer(const Conv3dOp& op, Inputs inputs);
Result<Shape> infer(const ConvTranspose2dOp& op, Inputs inputs);
Result<Shape> infer(const DenseOp& op, Inputs inputs);
Result<Shape> infer(const MatmulOp& op, Inputs inputs);
Result<Shape> infer(const Pool2dOp& op, Inputs inputs);
Result<Shape> infer(const Pool3dOp& op, Inputs inputs);
Result<Shape> infer(const GlobalPoolOp& op, Inputs inputs);
Result<Shape> infer(const ChannelAffineOp& op, Inputs inputs);
Result<Shape> infer(const NormalizeOp& op, Inputs inputs);
Result<Shape> infer(const SoftmaxOp& op, Inputs inputs);
Result<Shape> infer(const RecurrentOp& op, Inputs inputs);

Result<Shape> infer(const ActivationOp& op, Inputs inputs);
Result<Shape> infer(const PreluOp& op, Inputs inputs);
Result<Shape> infer(const UnaryOp& op, Inputs inputs);
Result<Shape> infer(const BinaryOp& op, Inputs inputs);
Result<Shape> infer(const SelectOp& op, Inputs inputs);
Result<Shape> infer(const CastOp& op, Inputs inputs);
Result<Shape> infer(const QuantizeOp& op, Inputs inputs);
Result<Shape> infer(const DequantizeOp& op, Inputs inputs);

Result<Shape> infer(const ConcatOp& op, Inputs inputs);
Result<Shape> infer(const ReshapeOp& op, Inputs inputs);
Result<Shape> infer(const TransposeOp& op, Inputs inputs);
Result<Shape> infer(const PadOp& op, Inputs inputs);
Result<Shape> infer(const SliceOp& op, Inputs inputs);
Result<Shape> infer(const GatherOp& op, Inputs inputs);
Result<Shape> infer(const TileOp& op, Inputs inputs);
Result<Shape> infer(const BroadcastOp& op, Inputs inputs);
Result<Shape> infer(const ResizeOp& op, Inputs inputs);

Result<Shape> infer(const ReduceOp& op, Inputs inputs);
Result<Shape> infer(const ArgReduceOp& op, Inputs inputs);
Result<Shape> infer(const CumulativeSumOp& op, Inputs inputs);

}  // namespace tinysplit::shape_rules
