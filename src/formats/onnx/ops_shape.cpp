#include <algorithm>

#include "core/limits.h"
#include "formats/onnx/ops.h"
#include "graph/shape_inference.h"

namespace tinysplit::onnx_format {
namespace {

Status set_reshaped(NodeContext& context, const std::vector<std::int64_t>& dims) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.graph().reshape(x, shape));
  context.set_output(0, std::move(y));
  return ok_status();
}

// The axes of Squeeze and Unsqueeze: an attribute, from operator set 13 on an input.
Result<std::vector<std::int64_t>> given_axes(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 2));
  if (context.has_input(1)) return context.integers(1, "its axes");
  return context.attributes.integers("axes");
}

Result<std::int64_t> block_size(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t size, context.attributes.integer("blocksize", 0));
  if (size < 1 || size > 1024 || context.shape(0).rank() != 4) {
    return invalid_argument("attribute \"blocksize\" or the rank of its input is out of range");
  }
  return size;
}

}  // namespace

Status translate_reshape(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool zeros, context.attributes.flag("allowzero", false));
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> dims, context.integers(1, "its shape"));
  const Shape from = context.shape(0);
  std::int64_t known = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && !zeros && static_cast<int>(i) < from.rank()) {
      dims[i] = from[static_cast<int>(i)];
    }
    if (dims[i] == -1) continue;
    if (dims[i] < 0 || dims[i] > limits::kMaxElements || known > limits::kMaxElements) {
      return invalid_argument("has " + std::to_string(dims[i]) + " in its shape");
    }
    known *= dims[i];
  }
  const auto open = std::ranges::count(dims, -1);
  if (open > 1) return invalid_argument("has -1 in its shape twice");
  if (known == 0) {
    if (open > 0) return invalid_argument("has 0 and -1 in its shape");
    return set_reshaped(context, dims);
  }
  std::ranges::replace(dims, std::int64_t{-1}, from.num_elements() / known);
  return set_reshaped(context, dims);
}

Status translate_flatten(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  const Shape shape = context.shape(0);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", 1));
  const std::int64_t axis = given < 0 ? given + shape.rank() : given;
  if (axis < 0 || axis > shape.rank())
    return invalid_argument("attribute \"axis\" is out of range");
  std::vector<std::int64_t> dims{1, 1};
  for (int i = 0; i < shape.rank(); ++i) dims[i < axis ? 0 : 1] *= shape[i];
  return set_reshaped(context, dims);
}

Status translate_squeeze(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> given, given_axes(context));
  const Shape shape = context.shape(0);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<int> axes, context.axes(given, shape.rank()));
  std::vector<std::int64_t> dims;
  for (int i = 0; i < shape.rank(); ++i) {
    const bool gone = given.empty() ? shape[i] == 1 : std::ranges::count(axes, i) > 0;
    if (gone && shape[i] != 1) {
      return invalid_argument("squeezes axis " + std::to_string(i) + " of " + shape.to_string());
    }
    if (!gone) dims.push_back(shape[i]);
  }
  return set_reshaped(context, dims);
}

Status translate_unsqueeze(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> given, given_axes(context));
  const Shape shape = context.shape(0);
  const int rank = shape.rank() + static_cast<int>(std::min<std::size_t>(given.size(), 64));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<int> axes, context.axes(given, rank));
  std::vector<std::int64_t> dims;
  int next = 0;
  for (int i = 0; i < rank; ++i) {
    dims.push_back(std::ranges::count(axes, i) > 0 ? 1 : shape[next++]);
  }
  return set_reshaped(context, dims);
}

Status translate_transpose(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  const int rank = context.shape(0).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> given,
                             context.attributes.integers("perm"));
  std::vector<int> permutation;
  for (int i = 0; given.empty() && i < rank; ++i) permutation.push_back(rank - 1 - i);
  for (const std::int64_t entry : given) {
    TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(entry, rank));
    permutation.push_back(axis);
  }
  // Models that come from channels last transpose around each image operation: those that say what
  // the layouts say anyway cost nothing.
  const bool image = rank == 4 && !context.is_constant(0);
  if (image && permutation == std::vector<int>{0, 2, 3, 1} && context.is_channels_last(0)) {
    TINYSPLIT_ASSIGN_OR_RETURN(Operand last, context.input(0, Layout::kChannelsLast));
    context.set_output(0, std::move(last));
    return ok_status();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Operand x, context.input(0));
  if (image && permutation == std::vector<int>{0, 3, 1, 2}) {
    context.set_output(0, std::move(x), Layout::kChannelsLast, rank);
    return ok_status();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.graph().transpose(x, permutation));
  context.set_output(0, std::move(y));
  return ok_status();
}

Status translate_expand(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> dims,
                             context.integers(1, "its shape"));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape wanted, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, broadcast_shapes(context.shape(0), wanted));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand x, context.input(0));
  if (shape.num_elements() == 0) {
    x = operand_of(Tensor(context.dtype(x), shape));
  } else if (!(context.shape(x) == shape)) {
    TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(BroadcastOp{shape}, {x}));
  }
  context.set_output(0, std::move(x));
  return ok_status();
}

Status translate_tile(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> repeats,
                             context.integers(1, "its repeats"));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(TileOp{repeats}, {x}));
  context.set_output(0, std::move(y));
  return ok_status();
}

Status translate_depth_to_space(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t b, block_size(context));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string mode, context.attributes.word("mode", "DCR"));
  if (mode != "DCR" && mode != "CRD") return context.attributes.unsupported("mode");
  const Shape s = context.shape(0);
  if (s[1] % (b * b) != 0)
    return invalid_argument("attribute \"blocksize\" does not fit its input");
  const std::int64_t depth = s[1] / (b * b);
  const bool columns_first = mode == "CRD";
  const Shape split =
      columns_first ? Shape{s[0], depth, b, b, s[2], s[3]} : Shape{s[0], b, b, depth, s[2], s[3]};
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand parts, context.graph().reshape(x, split));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const Operand mixed,
      context.graph().transpose(parts, columns_first ? std::vector<int>{0, 1, 4, 2, 5, 3}
                                                     : std::vector<int>{0, 3, 4, 1, 5, 2}));
  TINYSPLIT_ASSIGN_OR_RETURN(
      Operand y, context.graph().reshape(mixed, Shape{s[0], depth, s[2] * b, s[3] * b}));
  context.set_output(0, std::move(y));
  return ok_status();
}

Status translate_space_to_depth(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t b, block_size(context));
  const Shape s = context.shape(0);
  if (s[2] % b != 0 || s[3] % b != 0) {
    return invalid_argument("attribute \"blocksize\" does not fit its input");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const Operand parts, context.graph().reshape(x, Shape{s[0], s[1], s[2] / b, b, s[3] / b, b}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand mixed,
                             context.graph().transpose(parts, {0, 3, 5, 1, 2, 4}));
  TINYSPLIT_ASSIGN_OR_RETURN(
      Operand y, context.graph().reshape(mixed, Shape{s[0], s[1] * b * b, s[2] / b, s[3] / b}));
  context.set_output(0, std::move(y));
  return ok_status();
}

}  // namespace tinysplit::onnx_format
