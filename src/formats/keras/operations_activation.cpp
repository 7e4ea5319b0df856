// Operations on tensors that are activations, and normalisation.
#include <cmath>

#include "core/numeric.h"
#include "formats/keras/operations.h"

namespace tinysplit::keras {
namespace {

Result<ValueId> join(OperationContext& context, BinaryKind kind, ValueId a, ValueId b) {
  return context.add(BinaryOp{kind}, {a, b});
}

// value where x > bound, else `other`.
Result<ValueId> where_above(OperationContext& context, ValueId x, double bound, ValueId value,
                            double other) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId limit, context.number_constant(bound, DType::kFloat32));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId rest, context.number_constant(other, DType::kFloat32));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId above, join(context, BinaryKind::kGreater, x, limit));
  return context.add(SelectOp{}, {above, value, rest});
}

}  // namespace

Result<ValueId> translate_leaky_relu_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const double slope, context.number("alpha", 0.2));
  return context.activate(ActivationKind::kThresholdRelu, x, static_cast<float>(slope), kInfinity);
}

Result<ValueId> translate_elu_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  ActivationOp op = context.kind<ActivationOp>();
  TINYSPLIT_ASSIGN_OR_RETURN(const double alpha, context.number("alpha", op.alpha));
  op.alpha = static_cast<float>(alpha);
  return context.add(op, {x});
}

// Keras 3 approximates unless told otherwise, TensorFlow only when told.
Result<ValueId> translate_gelu_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool approximate,
                             context.flag("approximate", context.is_keras3()));
  return context.activate(approximate ? ActivationKind::kGeluTanh : ActivationKind::kGeluErf, x);
}

Result<ValueId> translate_silu_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const double beta, context.number("beta", 1.0));
  if (beta != 1.0) return context.unsupported("beta");
  return context.activate(ActivationKind::kSwish, x);
}

Result<ValueId> translate_glu(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis("axis", context.shape(x).rank(), -1));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axis));
  const std::int64_t half = context.shape(x)[axis] / 2;
  if (half * 2 != context.shape(x)[axis]) return context.wrong("axis", "one of even size");
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId a, context.slice_axis(x, axis, 0, half));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId b, context.slice_axis(x, axis, half, half));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId gate, context.activate(ActivationKind::kSigmoid, b));
  return join(context, BinaryKind::kMultiply, a, gate);
}

Result<ValueId> translate_log_sigmoid(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId opposite, context.scaled(x, -1.0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y,
                             context.activate(ActivationKind::kSoftplus, opposite));
  return context.scaled(y, -1.0);
}

Result<ValueId> translate_tanh_shrink(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.activate(ActivationKind::kTanh, x));
  return join(context, BinaryKind::kSubtract, x, y);
}

Result<ValueId> translate_hard_shrink(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const double threshold, context.number("threshold", 0.5));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId size, context.add(UnaryOp{UnaryKind::kAbs}, {x}));
  return where_above(context, size, threshold, x, 0.0);
}

Result<ValueId> translate_soft_shrink(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const double threshold, context.number("threshold", 0.5));
  const auto bound = static_cast<float>(threshold);
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId middle,
                             context.activate(ActivationKind::kClip, x, -bound, bound));
  return join(context, BinaryKind::kSubtract, x, middle);
}

// (x + sqrt(x^2 + b)) / 2
Result<ValueId> translate_squareplus(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const double b, context.number("b", 4.0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId square, context.add(UnaryOp{UnaryKind::kSquare}, {x}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId above, context.scaled(square, 1.0, b));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId root, context.add(UnaryOp{UnaryKind::kSqrt}, {above}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId sum, join(context, BinaryKind::kAdd, x, root));
  return context.scaled(sum, 0.5);
}

Result<ValueId> translate_threshold(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const double threshold, context.number("threshold"));
  TINYSPLIT_ASSIGN_OR_RETURN(const double other, context.number("default_value"));
  return where_above(context, x, threshold, x, other);
}

Result<ValueId> translate_softmax_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis("axis", context.shape(x).rank(), -1));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axis));
  return context.add(SoftmaxOp{axis, context.kind<bool>()}, {x});
}

// Keras bounds the root of the sum by `epsilon`.
Result<ValueId> translate_normalize_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_only("order", 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis("axis", context.shape(x).rank(), -1));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axis));
  TINYSPLIT_ASSIGN_OR_RETURN(const double epsilon, context.number("epsilon", 1e-7));
  return context.add(NormalizeOp{NormalizeKind::kL2, {axis}, static_cast<float>(epsilon * epsilon)},
                     {x});
}

// TensorFlow bounds the sum itself.
Result<ValueId> translate_l2_normalize(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<int> axes, context.axes("axis", context.shape(x)));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axes.empty() ? 0 : axes.front()));
  TINYSPLIT_ASSIGN_OR_RETURN(const double epsilon, context.number("epsilon", 1e-12));
  return context.add(NormalizeOp{NormalizeKind::kL2, axes, static_cast<float>(epsilon)}, {x});
}

Result<ValueId> translate_bias_add(OperationContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_only("data_format", "NHWC"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ValueId> operands, context.alike({"x", "bias"}));
  return context.add(BinaryOp{BinaryKind::kAdd}, operands);
}

// Equality with 0, 1, ... along a new axis.
Result<ValueId> translate_one_hot(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.cast(x, DType::kInt32));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t classes, context.integer("num_classes"));
  const int rank = context.shape(x).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis("axis", rank + 1, rank));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_within_sample(x, axis));
  const bool plain = !context.has("dtype") || text_of(context.raw("dtype")) == "float32";
  if (!plain) return context.unsupported("dtype");
  if (classes < 1 || classes > LayerOptions::kMaxOption) {
    return context.wrong("num_classes", "1 or more");
  }
  const Shape in = context.shape(x);
  std::vector<std::int64_t> dims(in.dims().begin(), in.dims().end());
  dims.insert(dims.begin() + axis, 1);
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.reshape(x, dims));
  TINYSPLIT_RETURN_IF_ERROR(context.layer().spend_constants(classes));
  std::vector<std::int64_t> counted(static_cast<std::size_t>(rank + 1), 1);
  counted[static_cast<std::size_t>(axis)] = classes;
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape counted_shape, Shape::create(counted));
  Tensor numbers(DType::kInt32, counted_shape);
  for (std::int32_t i = 0; i < classes; ++i) {
    numbers.as<std::int32_t>()[static_cast<std::size_t>(i)] = i;
  }
  const ValueId numbers_id = context.layer().constant(std::move(numbers));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId equal, join(context, BinaryKind::kEqual, x, numbers_id));
  return context.cast(equal, DType::kFloat32);
}

}  // namespace tinysplit::keras
