#include <algorithm>
#include <array>

#include "core/limits.h"
#include "graph/shape_inference.h"
#include "graph/shape_rules.h"

namespace tinysplit::shape_rules {

Result<Shape> infer(const ConcatOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, limits::kMaxNodes));
  Shape out = inputs[0]->shape;
  TINYSPLIT_RETURN_IF_ERROR(expect_axis(op.axis, out));
  for (const Value* input : inputs.subspan(1)) {
    Shape aligned = input->shape;
    if (aligned.rank() == out.rank()) aligned[op.axis] = out[op.axis];
    if (!(aligned == out)) {
      return invalid_argument("cannot join " + inputs[0]->shape.to_string() + " and " +
                              input->shape.to_string() + " along axis " + std::to_string(op.axis));
    }
    out[op.axis] += input->shape[op.axis];
  }
  return Shape::create(out.dims());
}

Result<Shape> infer(const ReshapeOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape out, Shape::create(op.shape.dims()));
  if (out.num_elements() != inputs[0]->shape.num_elements()) {
    return invalid_argument("cannot turn " + inputs[0]->shape.to_string() + " into " +
                            out.to_string());
  }
  return out;
}

Result<Shape> infer(const TransposeOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  Shape out = inputs[0]->shape;
  std::vector<int> sorted = op.permutation;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != static_cast<int>(i)) return invalid_argument("is not given a permutation");
  }
  if (static_cast<int>(sorted.size()) != out.rank()) {
    return invalid_argument("has a permutation that does not fit " + out.to_string());
  }
  for (int i = 0; i < out.rank(); ++i) {
    out[i] = inputs[0]->shape[op.permutation[static_cast<std::size_t>(i)]];
  }
  return out;
}

namespace {

Status expect_entries(std::size_t entries, const Shape& shape, const char* what) {
  if (static_cast<int>(entries) == shape.rank()) return ok_status();
  return invalid_argument("has " + std::to_string(entries) + " " + what + " for " +
                          shape.to_string());
}

bool in_range(std::int64_t parameter, std::int64_t least) {
  return parameter >= least && parameter <= limits::kMaxElements;
}

}  // namespace

Result<Shape> infer(const PadOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  Shape out = inputs[0]->shape;
  TINYSPLIT_RETURN_IF_ERROR(expect_entries(op.before.size(), out, "paddings"));
  TINYSPLIT_RETURN_IF_ERROR(expect_entries(op.after.size(), out, "paddings"));
  for (int i = 0; i < out.rank(); ++i) {
    const std::int64_t before = op.before[static_cast<std::size_t>(i)];
    const std::int64_t after = op.after[static_cast<std::size_t>(i)];
    if (!in_range(before, 0) || !in_range(after, 0)) {
      return invalid_argument("has a border that is out of range");
    }
    const std::int64_t mirrored = out[i] - (op.mode == PadMode::kReflect ? 1 : 0);
    const bool mirrors = op.mode == PadMode::kReflect || op.mode == PadMode::kSymmetric;
    if (mirrors && std::max(before, after) > mirrored) {
      return invalid_argument("mirrors more cells than " + inputs[0]->shape.to_string() + " has");
    }
    out[i] += before + after;
  }
  return Shape::create(out.dims());
}

Result<Shape> infer(const SliceOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  Shape out = inputs[0]->shape;
  TINYSPLIT_RETURN_IF_ERROR(expect_entries(op.begin.size(), out, "begins"));
  TINYSPLIT_RETURN_IF_ERROR(expect_entries(op.stride.size(), out, "strides"));
  TINYSPLIT_RETURN_IF_ERROR(expect_entries(op.size.size(), out, "sizes"));
  for (int i = 0; i < out.rank(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    if (op.size[at] < 1) return invalid_argument("leaves nothing of its input");
    // A single element reads no stride, so any will do.
    const std::int64_t stride = op.size[at] == 1 ? 1 : op.stride[at];
    const bool bounded = in_range(op.begin[at], 0) && in_range(op.size[at], 1) &&
                         in_range(stride < 0 ? -stride : stride, 1) && op.size[at] <= out[i];
    const std::int64_t last = bounded ? op.begin[at] + (op.size[at] - 1) * stride : -1;
    if (!bounded || op.begin[at] >= out[i] || last < 0 || last >= out[i]) {
      return invalid_argument("reads outside of " + inputs[0]->shape.to_string());
    }
    out[i] = op.size[at];
  }
  return out;
}

Result<Shape> infer(const GatherOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 2));
  const Shape& data = inputs[0]->shape;
  TINYSPLIT_RETURN_IF_ERROR(expect_axis(op.axis, data));
  std::vector<std::int64_t> dims;
  for (int i = 0; i < op.axis; ++i) dims.push_back(data[i]);
  for (const std::int64_t dim : inputs[1]->shape.dims()) dims.push_back(dim);
  for (int i = op.axis + 1; i < data.rank(); ++i) dims.push_back(data[i]);
  return Shape::create(dims);
}

Result<Shape> infer(const TileOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  Shape out = inputs[0]->shape;
  TINYSPLIT_RETURN_IF_ERROR(expect_entries(op.repeats.size(), out, "repeats"));
  for (int i = 0; i < out.rank(); ++i) {
    if (!in_range(op.repeats[static_cast<std::size_t>(i)], 1)) {
      return invalid_argument("has a repeat that is out of range");
    }
    out[i] *= op.repeats[static_cast<std::size_t>(i)];
  }
  return Shape::create(out.dims());
}

Result<Shape> infer(const BroadcastOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape out, broadcast_shapes(inputs[0]->shape, op.shape));
  if (!(out == op.shape)) {
    return invalid_argument("cannot broadcast " + inputs[0]->shape.to_string() + " to " +
                            op.shape.to_string());
  }
  return out;
}

Result<Shape> infer(const ResizeOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(*inputs[0], "its input", 4));
  Shape out = inputs[0]->shape;
  for (std::size_t i = 0; i < 2; ++i) {
    if (!in_range(op.size[i], 1) || !(op.scale[i] >= 0.0f) || op.scale[i] > 1e6f) {
      return invalid_argument("has a size or scale that is out of range");
    }
    out[static_cast<int>(i) + 1] = op.size[i];
  }
  return Shape::create(out.dims());
}

}  // namespace tinysplit::shape_rules
