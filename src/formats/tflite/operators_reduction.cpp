// Operators that look along axes: reductions, normalisations, sums.
#include <algorithm>

#include "formats/tflite/operators.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;

Result<ReduceKind> reduction_of(Code code) {
  switch (code) {
    case Code::MEAN:
      return ReduceKind::kMean;
    case Code::SUM:
      return ReduceKind::kSum;
    case Code::REDUCE_MAX:
      return ReduceKind::kMax;
    case Code::REDUCE_MIN:
      return ReduceKind::kMin;
    case Code::REDUCE_PROD:
      return ReduceKind::kProduct;
    default:
      return internal_error("it is no reduction");
  }
}

// The mean or the largest of every channel of an image.
bool is_global_pool(const OperatorContext& context, ValueId x, const ReduceOp& op) {
  const Value& value = context.view(x);
  const bool on_reals = value.dtype == DType::kFloat32 || value.quantization.has_value();
  return on_reals && value.shape.rank() == 4 && op.axes == std::vector<int>{1, 2} &&
         !op.keep_dims && (op.kind == ReduceKind::kMean || op.kind == ReduceKind::kMax);
}

}  // namespace

Status translate_reduction(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto numbers, context.integers(1));
  ReduceOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.kind, reduction_of(context.code));
  for (const std::int64_t number : numbers) {
    TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(number, context.shape(x).rank()));
    op.axes.push_back(axis);
  }
  std::ranges::sort(op.axes);
  op.axes.erase(std::unique(op.axes.begin(), op.axes.end()), op.axes.end());
  const auto* options = context.options<schema::ReducerOptions>();
  op.keep_dims = options != nullptr && options->keep_dims();
  if (is_global_pool(context, x, op)) {
    const bool mean = op.kind == ReduceKind::kMean;
    return context.finish(GlobalPoolOp{mean ? PoolKind::kAverage : PoolKind::kMax}, {x});
  }
  return context.finish(op, {x});
}

Status translate_arg_reduction(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t number, context.integer(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, context.output_type());
  if (type.dtype != DType::kInt32 && type.dtype != DType::kInt64) {
    return invalid_argument("its output is " + std::string(dtype_name(type.dtype)) +
                            ", needs int32 or int64");
  }
  ArgReduceOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.axis, context.axis(number, context.shape(x).rank()));
  op.smallest = context.code == Code::ARG_MIN;
  op.index_dtype = type.dtype;
  return context.finish(op, {x});
}

Status translate_cumulative_sum(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t number, context.integer(1));
  CumulativeSumOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.axis, context.axis(number, context.shape(x).rank()));
  const auto* options = context.options<schema::CumsumOptions>();
  if (options != nullptr) {
    op.exclusive = options->exclusive();
    op.reverse = options->reverse();
  }
  return context.finish(op, {x});
}

// exp(beta * x) / sum, over the last axis. The logarithm has no beta.
Status translate_softmax(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.input(0));
  SoftmaxOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.axis, context.axis(-1, context.shape(x).rank()));
  op.logarithm = context.code == Code::LOG_SOFTMAX;
  const auto* options = context.options<schema::SoftmaxOptions>();
  const float beta = options == nullptr ? 1.0f : options->beta();
  if (!op.logarithm && beta != 1.0f) {
    if (!context.is_float(x)) {
      return unimplemented("beta = " + std::to_string(beta) + " is not supported, only 1");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(ActivationOp{ActivationKind::kLinear, beta}, {x}));
  }
  return context.finish(op, {x});
}

// TensorFlow Lite bounds the length by 1e-6, where NormalizeOp bounds its square.
Status translate_l2_normalization(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  const auto* options = context.options<schema::L2NormOptions>();
  NormalizeOp op;
  op.kind = NormalizeKind::kL2;
  TINYSPLIT_ASSIGN_OR_RETURN(const int last, context.axis(-1, context.shape(x).rank()));
  op.axes = {last};
  op.epsilon = 1e-12f;
  return context.finish(
      op, {x}, options == nullptr ? schema::Activation::NONE : options->fused_activation());
}

}  // namespace tinysplit::tflite
