// Operations on tensors that reduce axes.
#include <algorithm>

#include "core/numeric.h"
#include "formats/keras/json_constant.h"
#include "formats/keras/operations.h"

namespace tinysplit::keras {
namespace {

struct Reduction {
  ValueId x = -1;
  std::vector<int> axes;
  bool keep_dims = false;
};

Result<Reduction> parse_reduction(OperationContext& context) {
  Reduction reduction;
  TINYSPLIT_ASSIGN_OR_RETURN(reduction.x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(reduction.axes, context.axes("axis", context.shape(reduction.x)));
  if (!reduction.axes.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(reduction.x, reduction.axes.front()));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(reduction.keep_dims, context.flag("keepdims", false));
  return reduction;
}

Result<ValueId> reduce(OperationContext& context, ReduceKind kind, const Reduction& reduction) {
  if (reduction.axes.empty()) return reduction.x;
  return context.add(ReduceOp{kind, reduction.axes, reduction.keep_dims}, {reduction.x});
}

bool adds_up(ReduceKind kind) { return kind == ReduceKind::kSum || kind == ReduceKind::kProduct; }

}  // namespace

Result<ValueId> translate_reduce(OperationContext& context) {
  const auto kind = context.kind<ReduceKind>();
  TINYSPLIT_ASSIGN_OR_RETURN(Reduction reduction, parse_reduction(context));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_only("initial", nullptr));
  const DType dtype = context.dtype(reduction.x);
  const bool picks = kind == ReduceKind::kMax || kind == ReduceKind::kMin;
  if (dtype != DType::kFloat32 && !picks) {
    if (!context.is_keras3()) {
      return unimplemented("it reduces " + std::string(dtype_name(dtype)) +
                           " in TensorFlow's arithmetic of that type");
    }
    const bool wide = dtype == DType::kInt32 || dtype == DType::kInt64;
    const DType to = !adds_up(kind) ? DType::kFloat32 : wide ? dtype : DType::kInt32;
    TINYSPLIT_ASSIGN_OR_RETURN(reduction.x, context.cast(reduction.x, to));
  }
  return reduce(context, kind, reduction);
}

// The mean of the squared distances from the mean.
Result<ValueId> translate_variance(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(Reduction reduction, parse_reduction(context));
  TINYSPLIT_ASSIGN_OR_RETURN(reduction.x, context.cast(reduction.x, DType::kFloat32));
  Reduction whole = reduction;
  whole.keep_dims = true;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId mean, reduce(context, ReduceKind::kMean, whole));
  TINYSPLIT_ASSIGN_OR_RETURN(
      reduction.x, context.add(BinaryOp{BinaryKind::kSquaredDifference}, {reduction.x, mean}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId variance, reduce(context, ReduceKind::kMean, reduction));
  if (!context.kind<bool>()) return variance;
  return context.add(UnaryOp{UnaryKind::kSqrt}, {variance});
}

Result<ValueId> translate_moments(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(Reduction reduction, parse_reduction(context));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId mean, reduce(context, ReduceKind::kMean, reduction));
  Reduction whole = reduction;
  whole.keep_dims = true;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId centre, reduce(context, ReduceKind::kMean, whole));
  TINYSPLIT_ASSIGN_OR_RETURN(
      reduction.x, context.add(BinaryOp{BinaryKind::kSquaredDifference}, {reduction.x, centre}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId variance, reduce(context, ReduceKind::kMean, reduction));
  context.layer().more_outputs.push_back(variance);
  return mean;
}

Result<ValueId> translate_any_all(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(Reduction reduction, parse_reduction(context));
  TINYSPLIT_ASSIGN_OR_RETURN(reduction.x, context.cast(reduction.x, DType::kBool));
  TINYSPLIT_ASSIGN_OR_RETURN(reduction.x, context.cast(reduction.x, DType::kInt32));
  const ReduceKind kind = context.kind<bool>() ? ReduceKind::kMin : ReduceKind::kMax;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, reduce(context, kind, reduction));
  return context.cast(y, DType::kBool);
}

Result<ValueId> translate_count_nonzero(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(Reduction reduction, parse_reduction(context));
  TINYSPLIT_ASSIGN_OR_RETURN(reduction.x, context.cast(reduction.x, DType::kBool));
  TINYSPLIT_ASSIGN_OR_RETURN(reduction.x, context.cast(reduction.x, DType::kInt32));
  return reduce(context, ReduceKind::kSum, reduction);
}

Result<ValueId> translate_arg_reduce(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  if (!context.has("axis")) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis("axis", context.shape(x).rank()));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axis));
  ArgReduceOp op;
  op.axis = axis;
  op.smallest = context.kind<bool>();
  TINYSPLIT_ASSIGN_OR_RETURN(op.keep_dims, context.flag("keepdims", false));
  op.index_dtype = context.is_keras3() ? DType::kInt32 : DType::kInt64;
  if (context.has("output_type")) {
    const auto type = find_dtype(text_of(context.raw("output_type")));
    if (type != DType::kInt32 && type != DType::kInt64) return context.unsupported("output_type");
    op.index_dtype = *type;
  }
  return context.add(op, {x});
}

Result<ValueId> translate_norm(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(Reduction reduction, parse_reduction(context));
  TINYSPLIT_ASSIGN_OR_RETURN(reduction.x, context.cast(reduction.x, DType::kFloat32));
  const Json& order = context.raw("ord");
  const bool root_of_squares =
      order.is_null() || order == "euclidean" || order == "fro" || order == 2;
  // Of a matrix, 1 and 2 mean other norms.
  if (order.is_number() && reduction.axes.size() > 1) return context.unsupported("ord");
  if (root_of_squares) return reduce(context, ReduceKind::kL2, reduction);
  if (order == 1) return reduce(context, ReduceKind::kL1, reduction);
  return context.unsupported("ord");
}

Result<ValueId> translate_cumsum(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  if (!context.has("axis")) TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, 0));
  CumulativeSumOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.axis, context.axis("axis", context.shape(x).rank()));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, op.axis));
  TINYSPLIT_ASSIGN_OR_RETURN(op.exclusive, context.flag("exclusive", false));
  TINYSPLIT_ASSIGN_OR_RETURN(op.reverse, context.flag("reverse", false));
  return context.add(op, {x});
}

}  // namespace tinysplit::keras
