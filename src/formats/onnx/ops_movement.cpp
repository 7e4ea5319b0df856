#include <algorithm>
#include <array>

#include "core/limits.h"
#include "formats/onnx/common_operands.h"
#include "formats/onnx/ops.h"

namespace tinysplit::onnx_format {
namespace {

int axis_in(const CommonOperands& x, int axis) {
  return x.layout == Layout::kFile ? axis : axis_in_channels_last(axis, x.rank);
}

// A slice of all of x.
SliceOp whole(const Shape& shape) {
  SliceOp op;
  op.size.assign(shape.dims().begin(), shape.dims().end());
  op.begin.assign(op.size.size(), 0);
  op.stride.assign(op.size.size(), 1);
  return op;
}

// What a slice leaves; nothing is a constant, whatever it is nothing of.
Result<Operand> add_slice(NodeContext& context, const SliceOp& op, const Operand& x) {
  if (std::ranges::count(op.size, 0) == 0) return context.add(op, {x});
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape none, Shape::create(op.size));
  return operand_of(Tensor(context.dtype(x), none), context.graph().quantization(x));
}

}  // namespace

Status translate_concat(NodeContext& context) {
  const int count = context.num_inputs();
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, count));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", 1));
  const int rank = context.shape(0).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given, rank));
  Layout layout = Layout::kFile;
  for (int i = 0; i < count; ++i) {
    if (context.is_channels_last(i)) layout = Layout::kChannelsLast;
  }
  std::vector<Operand> parts;
  for (int i = 0; i < count; ++i) {
    if (context.shape(i).num_elements() == 0 && count > 1) continue;
    if (context.shape(i).rank() != rank) return invalid_argument("joins tensors of several ranks");
    TINYSPLIT_ASSIGN_OR_RETURN(parts.emplace_back(), context.input(i, layout));
  }
  const int there = layout == Layout::kFile ? axis : axis_in_channels_last(axis, rank);
  Operand y = parts.empty() ? Operand() : parts.front();
  if (parts.empty()) {
    Shape none = context.shape(0);
    for (int i = 1; i < count; ++i) {
      if (context.shape(i).rank() == rank) none[axis] += context.shape(i)[axis];
    }
    TINYSPLIT_ASSIGN_OR_RETURN(none, Shape::create(none.dims()));
    context.set_output(0, operand_of(Tensor(context.dtype(0), none)));
    return ok_status();
  }
  if (parts.size() > 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(ConcatOp{there}, parts));
  }
  context.set_output(0, std::move(y), layout, rank);
  return ok_status();
}

Status translate_split(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 2));
  const Shape shape = context.shape(0);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", 0));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given, shape.rank()));
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> sizes, context.attributes.integers("split"));
  const std::int64_t count = context.num_outputs();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t parts,
                             context.attributes.integer("num_outputs", count));
  if (parts != count || count < 1) {
    return invalid_argument("attribute \"num_outputs\" is not the number of its outputs");
  }
  if (context.has_input(1)) {
    TINYSPLIT_ASSIGN_OR_RETURN(sizes, context.integers(1, "its sizes"));
  }
  const std::int64_t each = (shape[axis] + count - 1) / count;
  for (std::int64_t left = shape[axis]; sizes.size() < std::size_t(count) && left > 0;
       left -= each) {
    sizes.push_back(std::min(each, left));
  }
  if (std::ssize(sizes) != count) return invalid_argument("has sizes that do not fit its outputs");
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  std::int64_t begin = 0;
  for (int i = 0; i < static_cast<int>(count); ++i) {
    const std::int64_t size = sizes[static_cast<std::size_t>(i)];
    if (size < 0 || size > shape[axis] - begin) {
      return invalid_argument("has an output of size " + std::to_string(size));
    }
    SliceOp op = whole(context.shape(x.operands[0]));
    const std::size_t there = static_cast<std::size_t>(axis_in(x, axis));
    op.begin[there] = begin;
    op.size[there] = size;
    begin += size;
    if (!context.wants_output(i)) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(Operand part, add_slice(context, op, x.operands[0]));
    context.set_output(i, std::move(part), x.layout, x.rank);
  }
  if (begin != shape[axis]) return invalid_argument("has sizes that do not fit its input");
  return ok_status();
}

namespace {

struct SliceRange {
  std::vector<std::int64_t> starts, ends, axes, steps;
};

Result<SliceRange> parse_slice(NodeContext& context, int rank) {
  SliceRange range;
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 5));
  TINYSPLIT_ASSIGN_OR_RETURN(range.starts, context.attributes.integers("starts"));
  TINYSPLIT_ASSIGN_OR_RETURN(range.ends, context.attributes.integers("ends"));
  TINYSPLIT_ASSIGN_OR_RETURN(range.axes, context.attributes.integers("axes"));
  std::vector<std::int64_t>* const lists[] = {&range.starts, &range.ends, &range.axes,
                                              &range.steps};
  for (int i = 1; i <= 4; ++i) {
    if (!context.has_input(i)) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(*lists[i - 1], context.integers(i, "its range"));
  }
  const std::size_t count = range.starts.size();
  for (std::size_t i = 0; range.axes.empty() && i < count; ++i) {
    range.axes.push_back(static_cast<std::int64_t>(i));
  }
  if (range.steps.empty()) range.steps.assign(count, 1);
  if (range.ends.size() != count || range.axes.size() != count || range.steps.size() != count ||
      count > static_cast<std::size_t>(rank)) {
    return invalid_argument("has starts, ends, axes and steps that do not fit each other");
  }
  return range;
}

}  // namespace

Status translate_slice(NodeContext& context) {
  const Shape shape = context.shape(0);
  TINYSPLIT_ASSIGN_OR_RETURN(const SliceRange range, parse_slice(context, shape.rank()));
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  SliceOp op = whole(context.shape(x.operands[0]));
  for (std::size_t i = 0; i < range.starts.size(); ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(range.axes[i], shape.rank()));
    const std::int64_t extent = shape[axis];
    // Bounds far outside mean the border, so they need not be exact.
    constexpr std::int64_t kFar = std::int64_t{1} << 40;
    const std::int64_t step = std::clamp(range.steps[i], -kFar, kFar);
    if (step == 0) return invalid_argument("has a step of 0");
    const auto bounded = [&](std::int64_t at) {
      at = std::clamp(at, -kFar, kFar);
      if (at < 0) at += extent;
      return step > 0 ? std::clamp<std::int64_t>(at, 0, extent)
                      : std::clamp<std::int64_t>(at, -1, extent - 1);
    };
    const std::int64_t begin = bounded(range.starts[i]), end = bounded(range.ends[i]);
    const std::int64_t size =
        step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step;
    const std::size_t there = static_cast<std::size_t>(axis_in(x, axis));
    op.begin[there] = begin;
    op.stride[there] = size == 1 ? 1 : step;
    op.size[there] = std::max<std::int64_t>(size, 0);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, add_slice(context, op, x.operands[0]));
  context.set_output(0, std::move(y), x.layout, x.rank);
  return ok_status();
}

Status translate_gather(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", 0));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given, context.shape(0).rank()));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand data, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand indices, context.input(1));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(GatherOp{axis}, {data, indices}));
  context.set_output(0, std::move(y));
  return ok_status();
}

namespace {

Result<float> pad_value(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const float value, context.attributes.real("value", 0.0f));
  if (!context.has_input(2)) return value;
  TINYSPLIT_ASSIGN_OR_RETURN(const auto tensor, context.constant(2, "its value"));
  if (tensor->shape().num_elements() != 1) return invalid_argument("pads with several values");
  if (tensor->dtype() == DType::kFloat32) return tensor->as<float>()[0];
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand given, context.input(2));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand real, context.add(CastOp{DType::kFloat32}, {given}));
  if (!real.is_constant()) return unimplemented("pads with a value of this type");
  return real.constant->as<float>()[0];
}

Result<PadMode> pad_mode(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string mode, context.attributes.word("mode", "constant"));
  if (mode == "constant") return PadMode::kConstant;
  if (mode == "reflect") return PadMode::kReflect;
  if (mode == "edge") return PadMode::kEdge;
  return context.attributes.unsupported("mode");
}

// Goes round: index i of the output is i - before of the input, counted in circles. What negative
// paddings cut off is not gone through.
Result<Operand> wrap_axis(NodeContext& context, const Operand& x, int axis, std::int64_t before,
                          std::int64_t after) {
  const std::int64_t first = std::max<std::int64_t>(-before, 0);
  const std::int64_t extent = context.shape(x)[axis] - first - std::max<std::int64_t>(-after, 0);
  if (extent < 1) return invalid_argument("cuts off too much");
  before = std::max<std::int64_t>(before, 0);
  const std::int64_t size = extent + before + std::max<std::int64_t>(after, 0);
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape list, Shape::create(std::array{size}));
  TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(size));
  Tensor indices(DType::kInt64, list);
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t at = (i - before) % extent;
    indices.as<std::int64_t>()[static_cast<std::size_t>(i)] = first + (at < 0 ? at + extent : at);
  }
  return context.add(GatherOp{axis}, {x, operand_of(std::move(indices))});
}

Status pad_in_circles(NodeContext& context, const std::vector<std::int64_t>& axes,
                      const std::vector<std::int64_t>& pads) {
  const int rank = context.shape(0).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.input(0));
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t before = pads[i], after = pads[i + axes.size()];
    TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(axes[i], rank));
    constexpr std::int64_t kMost = limits::kMaxElements;
    if (std::min(before, after) < -kMost || std::max(before, after) > kMost) {
      return invalid_argument("has pads that are out of range");
    }
    if (before == 0 && after == 0) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(y, wrap_axis(context, y, axis, before, after));
  }
  context.set_output(0, std::move(y));
  return ok_status();
}

}  // namespace

// Negative paddings cut off.
Status translate_pad(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 4));
  const Shape shape = context.shape(0);
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> pads, context.attributes.integers("pads"));
  if (context.has_input(1)) {
    TINYSPLIT_ASSIGN_OR_RETURN(pads, context.integers(1, "its pads"));
  }
  std::vector<std::int64_t> axes;
  for (int i = 0; i < shape.rank(); ++i) axes.push_back(i);
  if (context.has_input(3)) {
    TINYSPLIT_ASSIGN_OR_RETURN(axes, context.integers(3, "its axes"));
  }
  if (pads.size() != 2 * axes.size()) return invalid_argument("has pads that do not fit its input");
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string mode, context.attributes.word("mode", "constant"));
  if (mode != "constant" && shape.num_elements() == 0) return invalid_argument("pads nothing");
  if (mode == "wrap") return pad_in_circles(context, axes, pads);
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  SliceOp crop = whole(context.shape(x.operands[0]));
  PadOp op;
  op.before.assign(crop.size.size(), 0);
  op.after.assign(crop.size.size(), 0);
  TINYSPLIT_ASSIGN_OR_RETURN(op.mode, pad_mode(context));
  TINYSPLIT_ASSIGN_OR_RETURN(op.value, pad_value(context));
  if (context.is_on_stored()) {
    // What stands for 0, the only value that stored numbers are padded with.
    const std::optional<Quantization>& type = context.graph().quantization(x.operands[0]);
    op.value = static_cast<float>(type->zero_point[0]);
  }
  bool crops = false, grows = false;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(axes[i], shape.rank()));
    const std::size_t there = static_cast<std::size_t>(axis_in(x, axis));
    const std::int64_t before = pads[i], after = pads[i + axes.size()];
    if (before < -shape[axis] || after < -shape[axis]) return invalid_argument("cuts off too much");
    op.before[there] = std::max<std::int64_t>(before, 0);
    op.after[there] = std::max<std::int64_t>(after, 0);
    crop.begin[there] = std::max<std::int64_t>(-before, 0);
    crop.size[there] -= crop.begin[there] + std::max<std::int64_t>(-after, 0);
    crops = crops || before < 0 || after < 0;
    grows = grows || before > 0 || after > 0;
  }
  Operand y = x.operands[0];
  if (crops) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(crop, {y}));
  }
  if (grows) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(op, {y}));
  }
  context.set_output(0, std::move(y), x.layout, x.rank);
  return ok_status();
}

// on where the index is that of the class, off elsewhere; negative indices count from the end, and
// those out of range mean no class.
Status translate_one_hot(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(3, 3));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto depth_tensor, context.constant(1, "its depth"));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand depth_input, context.input(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand depth_cast,
                             context.add(CastOp{DType::kInt64}, {depth_input}));
  if (!depth_cast.is_constant() || depth_tensor->shape().num_elements() != 1) {
    return invalid_argument("has a depth that is not one number");
  }
  const std::int64_t depth = depth_cast.constant->as<std::int64_t>()[0];
  if (depth < 1) return invalid_argument("has the depth " + std::to_string(depth));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape classes, Shape::create(std::array{depth}));
  TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(depth));
  const Shape shape = context.shape(0);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", -1));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given, shape.rank() + 1));
  std::vector<std::int64_t> dims(shape.dims().begin(), shape.dims().end());
  dims.insert(dims.begin() + axis, 1);
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape wide, Shape::create(dims));
  std::vector<std::int64_t> class_dims(dims.size(), 1);
  class_dims[static_cast<std::size_t>(axis)] = depth;
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape class_shape, Shape::create(class_dims));
  Tensor numbers(DType::kInt64, classes);
  for (std::int64_t i = 0; i < depth; ++i) numbers.as<std::int64_t>()[std::size_t(i)] = i;
  numbers.reshape(class_shape);
  Tensor one_depth(DType::kInt64, Shape{});
  one_depth.as<std::int64_t>()[0] = depth;

  TINYSPLIT_ASSIGN_OR_RETURN(Operand index, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(index, context.graph().reshape(index, wide));
  TINYSPLIT_ASSIGN_OR_RETURN(index, context.add(CastOp{DType::kInt64}, {index}));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const Operand counted,
      context.add(BinaryOp{BinaryKind::kAdd}, {index, operand_of(std::move(one_depth))}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand negative,
                             context.add(BinaryOp{BinaryKind::kLess},
                                         {index, operand_of(Tensor(DType::kInt64, Shape{}))}));
  TINYSPLIT_ASSIGN_OR_RETURN(index, context.add(SelectOp{}, {negative, counted, index}));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const Operand hot,
      context.add(BinaryOp{BinaryKind::kEqual}, {index, operand_of(std::move(numbers))}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand values, context.input(2));
  if (!(context.shape(values) == Shape{2})) return invalid_argument("needs two values");
  std::vector<Operand> off_on;
  for (const std::int64_t i : {0, 1}) {
    TINYSPLIT_ASSIGN_OR_RETURN(off_on.emplace_back(),
                               context.add(SliceOp{{i}, {1}, {1}}, {values}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(SelectOp{}, {hot, off_on[1], off_on[0]}));
  context.set_output(0, std::move(y));
  return ok_status();
}

Status translate_trilu(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool upper, context.attributes.flag("upper", true));
  const Shape shape = context.shape(0);
  if (shape.rank() < 2) return invalid_argument("needs matrices");
  std::int64_t diagonal = 0;
  if (context.has_input(1)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> k,
                               context.integers(1, "its diagonal"));
    if (k.size() != 1) return invalid_argument("has several diagonals");
    diagonal = k.front();
  }
  const std::int64_t rows = shape[shape.rank() - 2], columns = shape[shape.rank() - 1];
  diagonal = std::clamp(diagonal, -rows - 1, columns + 1);
  TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(rows * columns));
  Tensor mask(DType::kBool, Shape{rows, columns});
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    const std::int64_t distance = i % columns - i / columns;
    const bool keep = upper ? distance >= diagonal : distance <= diagonal;
    mask.as<std::uint8_t>()[static_cast<std::size_t>(i)] = keep ? 1 : 0;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand zero,
                             context.add(CastOp{context.dtype(0)}, {scalar_operand(0.0f)}));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y,
                             context.add(SelectOp{}, {operand_of(std::move(mask)), x, zero}));
  context.set_output(0, std::move(y));
  return ok_status();
}

}  // namespace tinysplit::onnx_format
