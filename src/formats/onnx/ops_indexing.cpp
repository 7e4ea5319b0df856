#include <algorithm>
#include <limits>
#include <numeric>

#include "formats/onnx/ops.h"

// Picks by lists of indices, as a gather along one axis of data that is reshaped for it.
namespace tinysplit::onnx_format {
namespace {

using Numbers = std::vector<std::int64_t>;

Operand list_of(const Numbers& values, const Shape& shape) {
  Tensor tensor(DType::kInt64, shape);
  std::ranges::copy(values, tensor.as<std::int64_t>().begin());
  return operand_of(std::move(tensor));
}

Operand number_of(std::int64_t value) { return list_of({value}, Shape{}); }

// Indices as int64, those below 0 counted from the end of an axis of that size.
Result<Operand> counted(NodeContext& context, Operand indices, std::int64_t size) {
  if (context.dtype(indices) != DType::kInt64) {
    TINYSPLIT_ASSIGN_OR_RETURN(indices, context.add(CastOp{DType::kInt64}, {indices}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand negative,
                             context.add(BinaryOp{BinaryKind::kLess}, {indices, number_of(0)}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand from_end,
                             context.add(BinaryOp{BinaryKind::kAdd}, {indices, number_of(size)}));
  return context.add(SelectOp{}, {negative, from_end, indices});
}

// The same of constants, checked.
Result<Numbers> known_indices(NodeContext& context, int input) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto tensor, context.constant(input, "its indices"));
  if (tensor->dtype() == DType::kInt64) {
    const auto values = tensor->as<std::int64_t>();
    return Numbers(values.begin(), values.end());
  }
  if (tensor->dtype() != DType::kInt32) return invalid_argument("has indices that are no integers");
  const auto values = tensor->as<std::int32_t>();
  return Numbers(values.begin(), values.end());
}

Result<std::int64_t> index_within(std::int64_t index, std::int64_t size) {
  const std::int64_t from_start = index < 0 && index >= -size ? index + size : index;
  if (from_start >= 0 && from_start < size) return from_start;
  return invalid_argument("has the index " + std::to_string(index) + " along an axis of " +
                          std::to_string(size));
}

// How far apart in memory the neighbours along each axis lie.
Numbers strides_of(const Shape& shape) {
  Numbers strides(static_cast<std::size_t>(shape.rank()), 1);
  for (int i = shape.rank() - 2; i >= 0; --i) {
    strides[static_cast<std::size_t>(i)] = strides[static_cast<std::size_t>(i) + 1] * shape[i + 1];
  }
  return strides;
}

// For each element of `shape`, in order, the sum of its positions times `strides`, but along
// `axis`.
Numbers offsets_of(const Shape& shape, const Numbers& strides, int axis) {
  Numbers offsets(static_cast<std::size_t>(shape.num_elements()), 0);
  const Numbers own = strides_of(shape);
  for (std::size_t e = 0; e < offsets.size(); ++e) {
    for (int i = 0; i < shape.rank(); ++i) {
      const std::size_t k = static_cast<std::size_t>(i);
      if (i != axis) offsets[e] += static_cast<std::int64_t>(e) / own[k] % shape[i] * strides[k];
    }
  }
  return offsets;
}

Status check_elements(const Shape& data, const Shape& indices, int axis) {
  bool fits = data.rank() == indices.rank();
  for (int i = 0; fits && i < data.rank(); ++i) fits = i == axis || indices[i] <= data[i];
  if (fits) return ok_status();
  return invalid_argument("has indices " + indices.to_string() + " that do not fit " +
                          data.to_string());
}

Status no_reduction(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string reduction,
                             context.attributes.word("reduction", "none"));
  return reduction == "none" ? ok_status() : context.attributes.unsupported("reduction");
}

// Sets the output to `data` with rows replaced: row r of the [rows, row] that data is reshaped to
// is row source[r] of data with `updates` behind it.
Status set_replaced(NodeContext& context, const Numbers& source, std::int64_t row) {
  const std::int64_t rows = std::ssize(source);
  const std::int64_t new_rows = context.shape(2).num_elements() / std::max<std::int64_t>(row, 1);
  TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(rows));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand data, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand updates, context.input(2));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand old_rows,
                             context.graph().reshape(data, Shape{rows, row}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand updated,
                             context.graph().reshape(updates, Shape{new_rows, row}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand both, context.add(ConcatOp{0}, {old_rows, updated}));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y,
                             context.add(GatherOp{0}, {both, list_of(source, Shape{rows})}));
  TINYSPLIT_ASSIGN_OR_RETURN(y, context.graph().reshape(y, context.shape(0)));
  context.set_output(0, std::move(y));
  return ok_status();
}

}  // namespace

// y[..., i, ...] = data[..., indices[..., i, ...], ...].
Status translate_gather_elements(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  const Shape shape = context.shape(0), picked = context.shape(1);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", 0));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given, shape.rank()));
  TINYSPLIT_RETURN_IF_ERROR(check_elements(shape, picked, axis));
  TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(picked.num_elements()));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand data, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand indices, context.input(1));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand flat, counted(context, indices, shape[axis]));
  const Numbers strides = strides_of(shape);
  TINYSPLIT_ASSIGN_OR_RETURN(
      flat, context.add(BinaryOp{BinaryKind::kMultiply},
                        {flat, number_of(strides[static_cast<std::size_t>(axis)])}));
  TINYSPLIT_ASSIGN_OR_RETURN(
      flat, context.add(BinaryOp{BinaryKind::kAdd},
                        {flat, list_of(offsets_of(picked, strides, axis), picked)}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand line,
                             context.graph().reshape(data, Shape{shape.num_elements()}));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(GatherOp{0}, {line, flat}));
  context.set_output(0, std::move(y));
  return ok_status();
}

// y[i...] = data[indices[i..., 0], indices[i..., 1], ...].
Status translate_gather_nd(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t batch, context.attributes.integer("batch_dims", 0));
  if (batch != 0) return context.attributes.unsupported("batch_dims");
  const Shape shape = context.shape(0), list = context.shape(1);
  const std::int64_t axes = list.rank() == 0 ? 0 : list[list.rank() - 1];
  if (axes < 1 || axes > shape.rank()) return invalid_argument("has indices that do not fit");
  const Numbers strides = strides_of(shape);
  const std::int64_t row = std::max<std::int64_t>(strides[static_cast<std::size_t>(axes) - 1], 1);
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand data, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand indices, context.input(1));
  Operand flat;
  for (std::int64_t i = 0; i < axes; ++i) {
    SliceOp column;
    column.size.assign(list.dims().begin(), list.dims().end());
    column.begin.assign(column.size.size(), 0);
    column.stride.assign(column.size.size(), 1);
    column.begin.back() = i;
    column.size.back() = 1;
    TINYSPLIT_ASSIGN_OR_RETURN(Operand index, context.add(column, {indices}));
    TINYSPLIT_ASSIGN_OR_RETURN(index, counted(context, index, shape[static_cast<int>(i)]));
    TINYSPLIT_ASSIGN_OR_RETURN(
        index, context.add(BinaryOp{BinaryKind::kMultiply},
                           {index, number_of(strides[static_cast<std::size_t>(i)] / row)}));
    if (i > 0) {
      TINYSPLIT_ASSIGN_OR_RETURN(index, context.add(BinaryOp{BinaryKind::kAdd}, {flat, index}));
    }
    flat = index;
  }
  const Numbers dims(list.dims().begin(), list.dims().end() - 1);
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape places, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(flat, context.graph().reshape(flat, places));
  Numbers rows{shape.num_elements() / row};
  rows.insert(rows.end(), shape.dims().begin() + axes, shape.dims().end());
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape table, Shape::create(rows));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand lines, context.graph().reshape(data, table));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(GatherOp{0}, {lines, flat}));
  context.set_output(0, std::move(y));
  return ok_status();
}

Status translate_scatter_elements(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(3, 3));
  TINYSPLIT_RETURN_IF_ERROR(no_reduction(context));
  const Shape shape = context.shape(0), list = context.shape(1);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", 0));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given, shape.rank()));
  TINYSPLIT_RETURN_IF_ERROR(check_elements(shape, list, axis));
  if (!(context.shape(2) == list)) return invalid_argument("has updates that do not fit");
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers indices, known_indices(context, 1));
  TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(shape.num_elements()));
  const Numbers strides = strides_of(shape);
  const Numbers offsets = offsets_of(list, strides, axis);
  Numbers source(static_cast<std::size_t>(shape.num_elements()));
  std::iota(source.begin(), source.end(), 0);
  for (std::size_t e = 0; e < indices.size(); ++e) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t at, index_within(indices[e], shape[axis]));
    const std::int64_t place = offsets[e] + at * strides[static_cast<std::size_t>(axis)];
    source[static_cast<std::size_t>(place)] = std::ssize(source) + static_cast<std::int64_t>(e);
  }
  return set_replaced(context, source, 1);
}

Status translate_scatter_nd(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(3, 3));
  TINYSPLIT_RETURN_IF_ERROR(no_reduction(context));
  const Shape shape = context.shape(0), list = context.shape(1);
  const std::int64_t axes = list.rank() == 0 ? 0 : list[list.rank() - 1];
  if (axes < 1 || axes > shape.rank()) return invalid_argument("has indices that do not fit");
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers indices, known_indices(context, 1));
  const Numbers strides = strides_of(shape);
  const std::int64_t row = std::max<std::int64_t>(strides[static_cast<std::size_t>(axes) - 1], 1);
  const std::int64_t places = list.num_elements() / axes;
  if (context.shape(2).num_elements() != places * row) {
    return invalid_argument("has updates that do not fit");
  }
  TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(shape.num_elements() / row));
  Numbers source(static_cast<std::size_t>(shape.num_elements() / row));
  std::iota(source.begin(), source.end(), 0);
  for (std::int64_t e = 0; e < places; ++e) {
    std::int64_t place = 0;
    for (std::int64_t i = 0; i < axes; ++i) {
      TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t at,
                                 index_within(indices[static_cast<std::size_t>(e * axes + i)],
                                              shape[static_cast<int>(i)]));
      place += at * (strides[static_cast<std::size_t>(i)] / row);
    }
    source[static_cast<std::size_t>(place)] = std::ssize(source) + e;
  }
  return set_replaced(context, source, row);
}

// The largest (or smallest) one after the other: of equals the first, which then counts no more.
Status translate_top_k(NodeContext& context) {
  constexpr std::int64_t kMostPicked = 64;
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 2));
  context.attributes.ignore("sorted");  // sorted they are
  TINYSPLIT_ASSIGN_OR_RETURN(const bool largest, context.attributes.flag("largest", true));
  TINYSPLIT_ASSIGN_OR_RETURN(std::int64_t k, context.attributes.integer("k", 0));
  if (context.has_input(1)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Numbers given, context.integers(1, "its number"));
    if (given.size() == 1) k = given.front();
  }
  const Shape shape = context.shape(0);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given, context.attributes.integer("axis", -1));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given, shape.rank()));
  if (k < 1 || k > shape[axis]) {
    return invalid_argument("picks " + std::to_string(k) + " of " + std::to_string(shape[axis]));
  }
  if (k > kMostPicked) {
    return unimplemented("picks " + std::to_string(k) + "; at most " + std::to_string(kMostPicked) +
                         " are supported");
  }
  if (context.dtype(0) != DType::kFloat32) return unimplemented("picks among what is not float32");
  Numbers positions(static_cast<std::size_t>(shape[axis]));
  std::iota(positions.begin(), positions.end(), 0);
  Numbers along(static_cast<std::size_t>(shape.rank()), 1);
  along[static_cast<std::size_t>(axis)] = shape[axis];
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape line, Shape::create(along));
  const Operand places = list_of(positions, line);
  const float never =
      largest ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::infinity();
  TINYSPLIT_ASSIGN_OR_RETURN(Operand left, context.input(0));
  std::vector<Operand> values, indices;
  for (std::int64_t i = 0; i < k; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand at,
                               context.add(ArgReduceOp{axis, !largest, false, true}, {left}));
    TINYSPLIT_ASSIGN_OR_RETURN(
        const Operand value,
        context.add(ReduceOp{largest ? ReduceKind::kMax : ReduceKind::kMin, {axis}, true}, {left}));
    values.push_back(value);
    indices.push_back(at);
    if (i + 1 == k) break;
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand taken,
                               context.add(BinaryOp{BinaryKind::kEqual}, {places, at}));
    TINYSPLIT_ASSIGN_OR_RETURN(left, context.add(SelectOp{}, {taken, scalar_operand(never), left}));
  }
  for (const int output : {0, 1}) {
    const std::vector<Operand>& parts = output == 0 ? values : indices;
    if (!context.wants_output(output)) continue;
    Operand y = parts.front();
    if (parts.size() > 1) {
      TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(ConcatOp{axis}, parts));
    }
    context.set_output(output, std::move(y));
  }
  return ok_status();
}

}  // namespace tinysplit::onnx_format
