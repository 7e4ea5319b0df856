// Operations on tensors that move values, or tell of shapes.
#include <algorithm>
#include <numeric>

#include "formats/keras/json_constant.h"
#include "formats/keras/operations.h"

namespace tinysplit::keras {
namespace {

std::vector<std::int64_t> sizes_of(const Shape& shape) {
  return {shape.dims().begin(), shape.dims().end()};
}

std::vector<int> counted_to(int rank) {
  std::vector<int> axes(static_cast<std::size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

// The batch stays where it is; of constants there is none.
Result<ValueId> permute(OperationContext& context, ValueId x, std::vector<int> permutation) {
  if (permutation.front() != 0) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  return context.transpose(x, std::move(permutation));
}

// Joins the end and the beginning of one axis in the other order.
Result<ValueId> roll_axis(OperationContext& context, ValueId x, std::int64_t shift, int axis) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axis));
  const std::int64_t size = context.shape(x)[axis];
  const std::int64_t moved = ((shift % size) + size) % size;
  if (moved == 0) return x;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId end, context.slice_axis(x, axis, size - moved, moved));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId rest, context.slice_axis(x, axis, 0, size - moved));
  return context.add(ConcatOp{axis}, {end, rest});
}

}  // namespace

Result<ValueId> translate_reshape_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> dims, context.integers("shape"));
  const std::int64_t elements = context.shape(x).num_elements();
  const auto open = std::ranges::find(dims, -1);
  if (std::ranges::count(dims, -1) > 1 || dims.size() > limits::kMaxRank) {
    return context.wrong("shape", "sizes with one -1 at most");
  }
  if (open != dims.end()) {
    *open = 1;
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape known, Shape::create(dims));
    if (known.num_elements() == 0) return context.wrong("shape", "sizes of 1 or more");
    *open = elements / known.num_elements();
  }
  return context.reshape(x, dims);
}

Result<ValueId> translate_transpose_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  const int rank = context.shape(x).rank();
  std::vector<int> permutation = counted_to(rank);
  std::ranges::reverse(permutation);
  if (context.has("axes")) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> axes, context.integers("axes"));
    if (std::ssize(axes) != rank) return context.wrong("axes", "each axis once");
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (axes[i] < -rank || axes[i] >= rank) return context.wrong("axes", "each axis once");
      permutation[i] = static_cast<int>(axes[i] < 0 ? axes[i] + rank : axes[i]);
    }
  }
  if (rank == 0) return x;
  return permute(context, x, std::move(permutation));
}

Result<ValueId> translate_swapaxes(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  const int rank = context.shape(x).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const int first, context.axis("axis1", rank));
  TINYSPLIT_ASSIGN_OR_RETURN(const int second, context.axis("axis2", rank));
  std::vector<int> permutation = counted_to(rank);
  std::swap(permutation[static_cast<std::size_t>(first)],
            permutation[static_cast<std::size_t>(second)]);
  return permute(context, x, std::move(permutation));
}

Result<ValueId> translate_moveaxis(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  const int rank = context.shape(x).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> from, context.integers("source"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> to, context.integers("destination"));
  if (from.size() != to.size()) return context.wrong("destination", "as long as source");
  std::vector<int> permutation(static_cast<std::size_t>(rank), -1);
  std::vector<int> rest = counted_to(rank);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] < -rank || from[i] >= rank || to[i] < -rank || to[i] >= rank) {
      return context.wrong("source", "axes of its input");
    }
    const int source = static_cast<int>(from[i] < 0 ? from[i] + rank : from[i]);
    const auto place = static_cast<std::size_t>(to[i] < 0 ? to[i] + rank : to[i]);
    if (std::erase(rest, source) != 1 || permutation[place] >= 0) {
      return context.wrong("source", "axes, each once");
    }
    permutation[place] = source;
  }
  auto next = rest.begin();
  for (int& axis : permutation) {
    if (axis < 0) axis = *next++;
  }
  return permute(context, x, std::move(permutation));
}

Result<ValueId> translate_squeeze(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  const Shape in = context.shape(x);
  std::vector<std::int64_t> dims;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<int> axes, context.axes("axis", in));
  const bool all = !context.has("axis") || context.raw("axis") == Json::array();
  for (int i = 0; i < in.rank(); ++i) {
    // The batch has more than one sample elsewhere.
    const bool batch = i == 0 && !context.value(x).is_constant();
    const bool listed = std::ranges::find(axes, i) != axes.end();
    const bool goes = all ? in[i] == 1 && !batch : listed;
    if (goes && in[i] != 1) return context.wrong("axis", "axes of size 1");
    if (goes) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, i));
    if (!goes) dims.push_back(in[i]);
  }
  return context.reshape(x, dims);
}

Result<ValueId> translate_expand_dims(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  std::vector<std::int64_t> dims = sizes_of(context.shape(x));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> listed, context.integers("axis"));
  const auto rank = static_cast<std::int64_t>(dims.size() + listed.size());
  if (rank > std::int64_t{limits::kMaxRank}) return context.wrong("axis", "fewer axes");
  std::vector<std::int64_t> axes;
  for (const std::int64_t axis : listed) {
    if (axis < -rank || axis >= rank) return context.wrong("axis", "axes of its output");
    axes.push_back(axis < 0 ? axis + rank : axis);
  }
  std::ranges::sort(axes);
  if (!axes.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, static_cast<int>(axes.front())));
  }
  for (const std::int64_t axis : axes) {
    if (axis > std::ssize(dims)) return context.wrong("axis", "axes, each once");
    dims.insert(dims.begin() + axis, 1);
  }
  return context.reshape(x, dims);
}

Result<ValueId> translate_broadcast_to(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> dims, context.integers("shape"));
  const Shape in = context.shape(x);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::int64_t own = static_cast<std::int64_t>(i) + in.rank() - std::ssize(dims);
    if (dims[i] < 0 && own >= 0) dims[i] = in[static_cast<int>(own)];
  }
  if (!dims.empty() && dims.front() != 1) {
    TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  if (to == in) return x;
  return context.add(BroadcastOp{to}, {x});
}

Result<ValueId> translate_tile(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> repeats, context.integers("repeats"));
  std::vector<std::int64_t> dims = sizes_of(context.shape(x));
  if (repeats.size() > limits::kMaxRank) return context.wrong("repeats", "one for each axis");
  if (repeats.size() > dims.size()) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  while (repeats.size() < dims.size()) repeats.insert(repeats.begin(), 1);
  while (dims.size() < repeats.size()) dims.insert(dims.begin(), 1);
  if (repeats.empty()) return x;
  if (repeats.front() != 1) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.reshape(x, dims));
  return context.add(TileOp{std::move(repeats)}, {x});
}

// Each place along an axis several times in a row.
Result<ValueId> translate_repeat(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t times, context.integer("repeats"));
  if (!context.has("axis")) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  const Shape in = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis("axis", in.rank()));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axis));
  if (times < 1 || times > LayerOptions::kMaxOption) return context.wrong("repeats", "1 or more");
  std::vector<std::int64_t> apart = sizes_of(in);
  apart.insert(apart.begin() + axis + 1, 1);
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId cells, context.reshape(x, apart));
  std::vector<std::int64_t> repeats(apart.size(), 1);
  repeats[static_cast<std::size_t>(axis) + 1] = times;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId copies, context.add(TileOp{repeats}, {cells}));
  std::vector<std::int64_t> joined = sizes_of(in);
  joined[static_cast<std::size_t>(axis)] *= times;
  return context.reshape(copies, joined);
}

Result<ValueId> translate_pad_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  const Json& widths = context.raw("pad_width");
  const auto rank = static_cast<std::size_t>(context.shape(x).rank());
  PadOp pad;
  TINYSPLIT_ASSIGN_OR_RETURN(
      const std::string mode,
      context.word("mode",
                   {"constant", "CONSTANT", "reflect", "REFLECT", "symmetric", "SYMMETRIC", "edge"},
                   "constant"));
  switch (mode.front()) {
    case 'r':
    case 'R':
      pad.mode = PadMode::kReflect;
      break;
    case 's':
    case 'S':
      pad.mode = PadMode::kSymmetric;
      break;
    case 'e':
      pad.mode = PadMode::kEdge;
      break;
    default:
      break;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const double value, context.number("constant_values", 0.0));
  pad.value = static_cast<float>(value);
  const std::string wanted = "a number, a pair, or a pair for each axis";
  for (std::size_t i = 0; i < rank; ++i) {
    // One number or one pair serves all axes.
    const bool listed = widths.is_array() && !widths.empty() && widths.front().is_array();
    if (listed && widths.size() != rank && widths.size() != 1) {
      return context.wrong("pad_width", wanted);
    }
    const Json& pair = listed ? widths[widths.size() == 1 ? 0 : i] : widths;
    const bool single = !pair.is_array();
    if (!single && (pair.empty() || pair.size() > 2)) return context.wrong("pad_width", wanted);
    const auto before = whole_number(single ? pair : pair.front(), 0, LayerOptions::kMaxOption);
    const auto after = whole_number(single ? pair : pair.back(), 0, LayerOptions::kMaxOption);
    if (!before || !after) return context.wrong("pad_width", wanted);
    if (i == 0 && *before + *after > 0) {
      TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
    }
    pad.before.push_back(*before);
    pad.after.push_back(*after);
  }
  return context.add(std::move(pad), {x});
}

Result<ValueId> translate_flip(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  const Shape in = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<int> axes, context.axes("axis", in));
  SliceOp slice;
  for (int i = 0; i < in.rank(); ++i) {
    const bool turned = std::ranges::find(axes, i) != axes.end();
    if (turned) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, i));
    slice.begin.push_back(turned ? in[i] - 1 : 0);
    slice.stride.push_back(turned ? -1 : 1);
    slice.size.push_back(in[i]);
  }
  return context.add(std::move(slice), {x});
}

Result<ValueId> translate_roll(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.tensor("x"));
  if (!context.has("axis")) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> shifts, context.integers("shift"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> axes, context.integers("axis"));
  const int rank = context.shape(x).rank();
  if (shifts.size() != axes.size() && shifts.size() != 1) {
    return context.wrong("shift", "one number for each axis");
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] < -rank || axes[i] >= rank) return context.wrong("axis", "axes of its input");
    const int axis = static_cast<int>(axes[i] < 0 ? axes[i] + rank : axes[i]);
    TINYSPLIT_ASSIGN_OR_RETURN(x, roll_axis(context, x, shifts[shifts.size() == 1 ? 0 : i], axis));
  }
  return x;
}

// With a batch of 1, which is that of every run.
Result<ValueId> translate_shape_of(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  const auto dtype = find_dtype(text_of(context.raw("out_type"))).value_or(DType::kInt32);
  const Json sizes = Json(sizes_of(context.shape(x)));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId made, context.tensor_of(sizes));
  return context.cast(made, dtype);
}

Result<ValueId> translate_filled_like(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  DType dtype = context.dtype(x);
  if (context.has("dtype")) {
    const auto wanted = find_dtype(text_of(context.raw("dtype")));
    if (!wanted) return context.unsupported("dtype");
    dtype = *wanted;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId number,
                             context.number_constant(context.kind<bool>() ? 1.0 : 0.0, dtype));
  return context.add(BroadcastOp{context.shape(x)}, {number});
}

// The last two axes, zero below (or above) the diagonal.
Result<ValueId> translate_triangle(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t diagonal, context.integer("k", 0));
  const Shape in = context.shape(x);
  const int rank = in.rank();
  if (rank < 2) return context.wrong("x", "a matrix or several");
  if (rank == 2) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  const Shape matrix{in[rank - 2], in[rank - 1]};
  TINYSPLIT_RETURN_IF_ERROR(context.layer().spend_constants(matrix.num_elements()));
  Tensor kept(DType::kBool, matrix);
  for (std::int64_t row = 0; row < matrix[0]; ++row) {
    for (std::int64_t column = 0; column < matrix[1]; ++column) {
      const std::int64_t beyond = column - row;
      kept.as<bool>()[static_cast<std::size_t>(row * matrix[1] + column)] =
          context.kind<bool>() ? beyond >= diagonal : beyond <= diagonal;
    }
  }
  const ValueId mask = context.layer().constant(std::move(kept));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId zero, context.number_constant(0.0, context.dtype(x)));
  return context.add(SelectOp{}, {mask, x, zero});
}

}  // namespace tinysplit::keras
