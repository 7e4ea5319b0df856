// Discrete Fourier transforms, and complex numbers: pairs of reals along a last axis of their own.
#include <cmath>
#include <numbers>

#include "formats/tflite/operators.h"

namespace tinysplit::tflite {
namespace {

using Numbers = std::vector<std::int64_t>;

constexpr std::int64_t kMostPoints = 1 << 14;  // of a transform: its matrix has their square

Numbers sizes_of(const Shape& shape) { return {shape.dims().begin(), shape.dims().end()}; }

Result<ValueId> with_sizes(OperatorContext& context, ValueId x, const Numbers& dims) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  return context.reshape(x, to);
}

// cos and -sin of 2 pi a b / points.
struct Turn {
  float real, imaginary;
};
Turn turn(std::int64_t a, std::int64_t b, std::int64_t points) {
  const double angle =
      2.0 * std::numbers::pi * static_cast<double>(a * b % points) / static_cast<double>(points);
  return {static_cast<float>(std::cos(angle)), static_cast<float>(-std::sin(angle))};
}

// Of rows of real numbers: [points, 2 * (points / 2 + 1)].
Result<ValueId> real_transform(OperatorContext& context, std::int64_t points) {
  const std::int64_t bins = points / 2 + 1;
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor matrix,
                             context.new_tensor(DType::kFloat32, Shape{points, 2 * bins}));
  float* next = matrix.as<float>().data();
  for (std::int64_t i = 0; i < points; ++i) {
    for (std::int64_t bin = 0; bin < bins; ++bin) {
      const Turn at = turn(i, bin, points);
      *next++ = at.real;
      *next++ = at.imaginary;
    }
  }
  return context.constant(std::move(matrix));
}

// Of complex numbers: [2 * points, 2 * points], (a + bi)(c + di) in each block.
Result<ValueId> complex_transform(OperatorContext& context, std::int64_t points) {
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor matrix,
                             context.new_tensor(DType::kFloat32, Shape{2 * points, 2 * points}));
  float* next = matrix.as<float>().data();
  for (std::int64_t row = 0; row < 2 * points; ++row) {
    for (std::int64_t bin = 0; bin < points; ++bin) {
      const Turn at = turn(row / 2, bin, points);
      *next++ = row % 2 == 0 ? at.real : -at.imaginary;
      *next++ = row % 2 == 0 ? at.imaginary : at.real;
    }
  }
  return context.constant(std::move(matrix));
}

// The first `size` cells of an axis, zeros behind them where there are fewer.
Result<ValueId> fitted(OperatorContext& context, ValueId x, int axis, std::int64_t size) {
  const Shape shape = context.shape(x);
  const std::size_t at = static_cast<std::size_t>(axis);
  if (shape[axis] < size) {
    PadOp pad;
    pad.before.assign(static_cast<std::size_t>(shape.rank()), 0);
    pad.after = pad.before;
    pad.after[at] = size - shape[axis];
    return context.add(std::move(pad), {x});
  }
  if (shape[axis] == size) return x;
  SliceOp slice{Numbers(static_cast<std::size_t>(shape.rank()), 0),
                Numbers(static_cast<std::size_t>(shape.rank()), 1), sizes_of(shape)};
  slice.size[at] = size;
  return context.add(std::move(slice), {x});
}

// Real (0) or imaginary (1) parts.
Result<ValueId> part_of(OperatorContext& context, ValueId x, std::int64_t part) {
  Numbers dims = sizes_of(context.shape(x));
  if (!context.is_float(x) || dims.size() < 2 || dims.back() != 2) {
    return invalid_argument("its input is not complex");
  }
  SliceOp slice{Numbers(dims.size(), 0), Numbers(dims.size(), 1), dims};
  slice.begin.back() = part;
  slice.size.back() = 1;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(std::move(slice), {x}));
  dims.pop_back();
  return with_sizes(context, y, dims);
}

}  // namespace

// Over the last two axes, of which the first usually has one cell.
Status translate_rfft2d(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Numbers points, context.integers(1));
  const int rank = context.shape(x).rank();
  if (points.size() != 2 || rank < 2 || rank + 2 > static_cast<int>(limits::kMaxRank)) {
    return invalid_argument("its lengths do not fit " + context.shape(x).to_string());
  }
  for (const std::int64_t length : points) {
    if (length < 1 || length > kMostPoints) {
      return unimplemented("its length " + std::to_string(length) + " is not from 1 to " +
                           std::to_string(kMostPoints));
    }
  }
  TINYSPLIT_ASSIGN_OR_RETURN(x, fitted(context, x, rank - 2, points[0]));
  TINYSPLIT_ASSIGN_OR_RETURN(x, fitted(context, x, rank - 1, points[1]));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId rows, real_transform(context, points[1]));
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(MatmulOp{}, {x, rows}));
  Numbers dims = sizes_of(context.shape(x));  // [..., H, 2 * bins]
  const std::int64_t bins = points[1] / 2 + 1;
  dims.back() = bins;
  dims.push_back(2);
  TINYSPLIT_ASSIGN_OR_RETURN(x, with_sizes(context, x, dims));
  if (points[0] == 1) return context.define(0, x);
  // [..., H, bins, 2] to [..., bins, H * 2], and back behind the transform.
  TransposeOp there;
  for (int axis = 0; axis <= rank; ++axis) there.permutation.push_back(axis);
  std::swap(there.permutation[static_cast<std::size_t>(rank - 2)],
            there.permutation[static_cast<std::size_t>(rank - 1)]);
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(there, {x}));
  Numbers flat = sizes_of(context.shape(x));
  const Numbers apart = flat;
  flat.pop_back();
  flat.back() = 2 * points[0];
  TINYSPLIT_ASSIGN_OR_RETURN(x, with_sizes(context, x, flat));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId columns, complex_transform(context, points[0]));
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(MatmulOp{}, {x, columns}));
  TINYSPLIT_ASSIGN_OR_RETURN(x, with_sizes(context, x, apart));
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(there, {x}));
  return context.define(0, x);
}

Status translate_complex_part(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  const bool imaginary = context.code == schema::BuiltinOperator::IMAG;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId part, part_of(context, x, imaginary ? 1 : 0));
  return context.define(0, part);
}

Status translate_complex_abs(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  ValueId squares[2] = {};
  for (int i = 0; i < 2; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId part, part_of(context, x, i));
    TINYSPLIT_ASSIGN_OR_RETURN(squares[i], context.add(UnaryOp{UnaryKind::kSquare}, {part}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId sum,
                             context.add(BinaryOp{BinaryKind::kAdd}, {squares[0], squares[1]}));
  return context.finish(UnaryOp{UnaryKind::kSqrt}, {sum});
}

}  // namespace tinysplit::tflite
