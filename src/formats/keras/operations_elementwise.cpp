// Operations on tensors that work element by element.
#include <cmath>
#include <numbers>

#include "core/numeric.h"
#include "formats/keras/json_constant.h"
#include "formats/keras/operations.h"

namespace tinysplit::keras {
namespace {

bool is_real(const OperationContext& context, ValueId x) {
  return context.dtype(x) == DType::kFloat32;
}

// Arithmetic is of numbers: Keras counts bools as 0 and 1.
Result<ValueId> as_number(OperationContext& context, ValueId x) {
  if (context.dtype(x) != DType::kBool) return x;
  return context.cast(x, DType::kInt32);
}

Result<ValueId> logarithm(OperationContext& context, double of_one) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(UnaryOp{UnaryKind::kLog}, {x}));
  return context.scaled(y, of_one);
}

}  // namespace

Result<ValueId> translate_binary(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<ValueId> operands, context.alike({"x1", "x2"}));
  for (ValueId& operand : operands) {
    TINYSPLIT_ASSIGN_OR_RETURN(operand, as_number(context, operand));
  }
  return context.add(BinaryOp{context.kind<BinaryKind>()}, std::move(operands));
}

Result<ValueId> translate_true_divide(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<ValueId> operands, context.alike({"x1", "x2"}));
  for (ValueId& operand : operands) {
    TINYSPLIT_ASSIGN_OR_RETURN(operand, context.cast(operand, DType::kFloat32));
  }
  return context.add(BinaryOp{BinaryKind::kDivide}, std::move(operands));
}

Result<ValueId> translate_divide_no_nan(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId quotient, translate_true_divide(context));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId divisor, context.real("x2"));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId zero, context.number_constant(0.0, DType::kFloat32));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId is_zero,
                             context.add(BinaryOp{BinaryKind::kEqual}, {divisor, zero}));
  return context.add(SelectOp{}, {is_zero, zero, quotient});
}

Result<ValueId> translate_not_equal(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<ValueId> operands, context.alike({"x1", "x2"}));
  for (ValueId& operand : operands) {
    TINYSPLIT_ASSIGN_OR_RETURN(operand, as_number(context, operand));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId equal,
                             context.add(BinaryOp{BinaryKind::kEqual}, std::move(operands)));
  return context.add(UnaryOp{UnaryKind::kNot}, {equal});
}

Result<ValueId> translate_logic(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId a, context.tensor("x1"));
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId b, context.tensor("x2"));
  TINYSPLIT_ASSIGN_OR_RETURN(a, context.cast(a, DType::kBool));
  TINYSPLIT_ASSIGN_OR_RETURN(b, context.cast(b, DType::kBool));
  return context.add(BinaryOp{context.kind<BinaryKind>()}, {a, b});
}

Result<ValueId> translate_logical_not(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.cast(x, DType::kBool));
  return context.add(UnaryOp{UnaryKind::kNot}, {x});
}

Result<ValueId> translate_unary(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(x, as_number(context, x));
  return context.add(UnaryOp{context.kind<UnaryKind>()}, {x});
}

Result<ValueId> translate_real_unary(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  return context.add(UnaryOp{context.kind<UnaryKind>()}, {x});
}

Result<ValueId> translate_activation_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  return context.add(context.kind<ActivationOp>(), {x});
}

Result<ValueId> translate_round(OperationContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_only("decimals", 0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  if (!is_real(context, x)) return x;
  return context.add(UnaryOp{UnaryKind::kRound}, {x});
}

Result<ValueId> translate_log1p(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId above, context.scaled(x, 1.0, 1.0));
  return context.add(UnaryOp{UnaryKind::kLog}, {above});
}

Result<ValueId> translate_expm1(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.activate(ActivationKind::kExp, x));
  return context.scaled(y, 1.0, -1.0);
}

Result<ValueId> translate_log2(OperationContext& context) {
  return logarithm(context, std::numbers::log2e);
}

Result<ValueId> translate_log10(OperationContext& context) {
  return logarithm(context, std::numbers::log10e);
}

// x - x is 0 but for infinities and NaN.
Result<ValueId> translate_is_finite(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId none,
                             context.add(BinaryOp{BinaryKind::kSubtract}, {x, x}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId wrong, context.add(UnaryOp{UnaryKind::kIsNan}, {none}));
  return context.add(UnaryOp{UnaryKind::kNot}, {wrong});
}

Result<ValueId> translate_where(OperationContext& context) {
  if (!context.has("x1") || !context.has("x2")) {
    return unimplemented("it lists the places where a condition holds, as many as there are");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId condition, context.tensor("condition"));
  TINYSPLIT_ASSIGN_OR_RETURN(condition, context.cast(condition, DType::kBool));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ValueId> sides, context.alike({"x1", "x2"}));
  return context.add(SelectOp{}, {condition, sides[0], sides[1]});
}

Result<ValueId> translate_clip(OperationContext& context) {
  const auto is_number = [&](const char* name) {
    return !context.has(name) || context.raw(name).is_number();
  };
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  if (is_real(context, x) && is_number("x_min") && is_number("x_max")) {
    TINYSPLIT_ASSIGN_OR_RETURN(const double least, context.number("x_min", -kInfinity));
    TINYSPLIT_ASSIGN_OR_RETURN(const double most, context.number("x_max", kInfinity));
    // Where the bounds cross, Keras and TensorFlow give the upper one.
    return context.activate(ActivationKind::kClip, x, static_cast<float>(std::min(least, most)),
                            static_cast<float>(most));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ValueId> all,
                             context.alike({"x", "x_min", "x_max"}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId above,
                             context.add(BinaryOp{BinaryKind::kMaximum}, {all[0], all[1]}));
  return context.add(BinaryOp{BinaryKind::kMinimum}, {above, all[2]});
}

Result<ValueId> translate_cast(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  const std::string name = text_of(context.raw("dtype"));
  const std::optional<DType> to = find_dtype(name);
  // Rounding to another width is not done, so that it is not said either.
  const bool narrows = name == "float16" || name == "bfloat16";
  if (!to || narrows) return context.unsupported("dtype");
  return context.cast(x, *to);
}

Result<ValueId> translate_same(OperationContext& context) { return context.tensor("x"); }

// What is checked is known here.
Result<ValueId> translate_ensure_shape(OperationContext& context) {
  (void)context.raw("shape");
  return context.tensor("x");
}

Result<ValueId> translate_add_n(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ValueId> parts, context.alike_list("xs"));
  ValueId sum = parts.front();
  for (std::size_t i = 1; i < parts.size(); ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(sum, context.add(BinaryOp{BinaryKind::kAdd}, {sum, parts[i]}));
  }
  return sum;
}

}  // namespace tinysplit::keras
