// Operations that look along axes: reductions, normalisations, sums.
#include <algorithm>
#include <optional>

#include "formats/tflite/operator_writers.h"
#include "formats/tflite/write_arithmetic.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;
using Numbers = std::vector<std::int64_t>;

OperatorOptions reducer_options(NodeWriter& writer, bool keep_dims) {
  return writer.options(schema::CreateReducerOptions(writer.tables(), keep_dims));
}

std::optional<Code> code_of(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::kMean:
      return Code::MEAN;
    case ReduceKind::kSum:
      return Code::SUM;
    case ReduceKind::kMax:
      return Code::REDUCE_MAX;
    case ReduceKind::kMin:
      return Code::REDUCE_MIN;
    case ReduceKind::kProduct:
      return Code::REDUCE_PROD;
    default:
      return std::nullopt;
  }
}

Shape kept_shape(const Shape& shape, const std::vector<int>& axes) {
  Shape kept = shape;
  for (const int axis : axes) kept[axis] = 1;
  return kept;
}

// A reduction whose axes stay with size 1.
TensorId reduce(NodeWriter& writer, Code code, TensorId x, const std::vector<int>& axes) {
  const Numbers numbers(axes.begin(), axes.end());
  return writer.add(code, {x, writer.integers(numbers)}, writer.type(x),
                    kept_shape(writer.shape(x), axes), reducer_options(writer, true));
}

// log(sum(exp(x))), from the largest of them on so that nothing overflows.
Status write_log_sum_exp(NodeWriter& writer, const ReduceOp& op) {
  const TensorId x = writer.real_input(0);
  const TensorId most = reduce(writer, Code::REDUCE_MAX, x, op.axes);
  const TensorId powers = writer.add(Code::EXP, {combine(writer, Code::SUB, x, most)});
  const TensorId sum = reduce(writer, Code::SUM, powers, op.axes);
  const TensorId logarithm = writer.add(Code::LOG, {sum});
  if (op.keep_dims) return finish_combined(writer, Code::ADD, logarithm, most);
  return writer.finish_reshape(combine(writer, Code::ADD, logarithm, most));
}

// Reductions that do something to the elements before, or to the sum behind.
Status write_composed(NodeWriter& writer, const ReduceOp& op) {
  if (op.kind == ReduceKind::kLogSumExp) return write_log_sum_exp(writer, op);
  TensorId x = writer.real_input(0);
  if (op.kind == ReduceKind::kL1) x = writer.add(Code::ABS, {x});
  if (op.kind == ReduceKind::kL2 || op.kind == ReduceKind::kSumSquare) {
    x = writer.add(Code::SQUARE, {x});
  }
  const Numbers axes(op.axes.begin(), op.axes.end());
  const NodeWriter::Tensors inputs{x, writer.integers(axes)};
  const OperatorOptions options = reducer_options(writer, op.keep_dims);
  if (op.kind == ReduceKind::kL1 || op.kind == ReduceKind::kSumSquare) {
    return writer.finish(Code::SUM, inputs, options);
  }
  const TensorId sum = writer.add(Code::SUM, inputs, DType::kFloat32, writer.out().shape, options);
  return writer.finish(op.kind == ReduceKind::kL2 ? Code::SQRT : Code::LOG, {sum});
}

bool is_l2_operator(const NodeWriter& writer, const NormalizeOp& op) {
  // L2_NORMALIZATION bounds the length by 1e-6.
  constexpr float kSquaredBound = 1e-12f;
  return op.kind == NormalizeKind::kL2 && op.axes.size() == 1 &&
         op.axes[0] == writer.in(0).shape.rank() - 1 && op.epsilon == kSquaredBound;
}

std::int32_t last_axis(const NodeWriter& writer) { return writer.in(0).shape.rank() - 1; }

}  // namespace

Status write_operation(NodeWriter& writer, const ReduceOp& op) {
  const std::optional<Code> code = code_of(op.kind);
  if (!code) return write_composed(writer, op);
  const Numbers axes(op.axes.begin(), op.axes.end());
  return writer.finish(*code, {writer.input(0), writer.integers(axes)},
                       reducer_options(writer, op.keep_dims));
}

Status write_operation(NodeWriter& writer, const ArgReduceOp& op) {
  if (op.last) return unimplemented("ARG_MAX and ARG_MIN take the first of equals, not the last");
  if (op.index_dtype != DType::kInt32 && op.index_dtype != DType::kInt64) {
    return unimplemented("indices are int32 or int64 in TensorFlow Lite");
  }
  const auto type =
      op.index_dtype == DType::kInt32 ? schema::TensorType::INT32 : schema::TensorType::INT64;
  const OperatorOptions options =
      op.smallest ? writer.options(schema::CreateArgMinOptions(writer.tables(), type))
                  : writer.options(schema::CreateArgMaxOptions(writer.tables(), type));
  const Code code = op.smallest ? Code::ARG_MIN : Code::ARG_MAX;
  const NodeWriter::Tensors inputs{writer.input(0), writer.integer(op.axis)};
  if (!op.keep_dims) return writer.finish(code, inputs, options);
  Numbers dims;
  const Shape& from = writer.in(0).shape;
  for (int i = 0; i < from.rank(); ++i) {
    if (i != op.axis) dims.push_back(from[i]);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape dropped, Shape::create(dims));
  return writer.finish_reshape(writer.add(code, inputs, op.index_dtype, dropped, options));
}

Status write_operation(NodeWriter& writer, const CumulativeSumOp& op) {
  const auto table = schema::CreateCumsumOptions(writer.tables(), op.exclusive, op.reverse);
  return writer.finish(Code::CUMSUM, {writer.input(0), writer.integer(op.axis)},
                       writer.options(table));
}

Status write_operation(NodeWriter& writer, const SoftmaxOp& op) {
  const Code code = op.logarithm ? Code::LOG_SOFTMAX : Code::SOFTMAX;
  const auto options = [&] {
    return op.logarithm ? OperatorOptions()
                        : writer.options(schema::CreateSoftmaxOptions(writer.tables(), 1.0f));
  };
  const TensorId x = writer.input(0);
  const int last = last_axis(writer);
  if (op.axis == last) return writer.finish(code, {x}, options());
  // The operators look along the last axis, so the two change places before and after.
  Numbers permutation;
  Shape exchanged = writer.shape(x);
  for (int i = 0; i <= last; ++i) permutation.push_back(i);
  std::swap(permutation[static_cast<std::size_t>(op.axis)],
            permutation[static_cast<std::size_t>(last)]);
  std::swap(exchanged[op.axis], exchanged[last]);
  const TensorId order = writer.integers(permutation);
  const TensorId turned = writer.add(Code::TRANSPOSE, {x, order}, writer.type(x), exchanged);
  const ElementType type(writer.out().dtype, writer.out().quantization);
  const TensorId made = writer.add(code, {turned}, type, exchanged, options());
  return writer.finish(Code::TRANSPOSE, {made, order});
}

Status write_operation(NodeWriter& writer, const NormalizeOp& op) {
  if (is_l2_operator(writer, op)) {
    const auto table = schema::CreateL2NormOptions(writer.tables());
    return writer.finish(Code::L2_NORMALIZATION, {writer.input(0)}, writer.options(table));
  }
  TensorId x = writer.real_input(0);
  if (op.kind == NormalizeKind::kMeanVariance) {
    x = combine(writer, Code::SUB, x, reduce(writer, Code::MEAN, x, op.axes));
  }
  const TensorId squares = writer.add(Code::SQUARE, {x});
  const bool sums = op.kind == NormalizeKind::kL2;
  TensorId size = reduce(writer, sums ? Code::SUM : Code::MEAN, squares, op.axes);
  size = combine(writer, sums ? Code::MAXIMUM : Code::ADD, size, op.epsilon);
  return finish_combined(writer, Code::MUL, x, writer.add(Code::RSQRT, {size}));
}

}  // namespace tinysplit::tflite
