#include <cmath>

#include "core/numeric.h"
#include "formats/onnx/activations.h"
#include "formats/onnx/common_operands.h"
#include "formats/onnx/ops.h"

namespace tinysplit::onnx_format {
namespace {

Status add_activation(NodeContext& context, const ActivationOp& op) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(op, x.operands));
  set_common_output(context, x, std::move(y));
  return ok_status();
}

// A tensor of one number of the type of `like`.
Result<Operand> scalar_like(NodeContext& context, float value, DType like) {
  return context.add(CastOp{like}, {scalar_operand(value)});
}

}  // namespace

Status translate_activation(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  Attributes& attributes = context.attributes;
  const ActivationDefaults* defaults = find_activation(context.kind());
  if (defaults == nullptr) return unimplemented("the activation is not supported");
  float alpha = defaults->alpha, beta = defaults->beta;
  if (defaults->alpha_name != nullptr) {
    TINYSPLIT_ASSIGN_OR_RETURN(alpha, attributes.real(defaults->alpha_name, alpha));
  }
  if (defaults->beta_name != nullptr) {
    TINYSPLIT_ASSIGN_OR_RETURN(beta, attributes.real(defaults->beta_name, beta));
  }
  ActivationOp op = make_activation(*defaults, alpha, beta);
  if (context.kind() == "Gelu") {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::string approximate,
                               attributes.word("approximate", "none"));
    const bool tanh = approximate.starts_with("tanh");
    if (!tanh && !approximate.starts_with("none")) return attributes.unsupported("approximate");
    if (tanh) op.kind = ActivationKind::kGeluTanh;
  }
  if (context.kind() == "Swish" && alpha != 1.0f) return attributes.unsupported("alpha");
  if (context.dtype(0) != DType::kFloat32 && !context.is_on_stored() && context.kind() == "Relu") {
    TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand zero, scalar_like(context, 0.0f, context.dtype(0)));
    TINYSPLIT_ASSIGN_OR_RETURN(Operand y,
                               context.add(BinaryOp{BinaryKind::kMaximum}, {x.operands[0], zero}));
    set_common_output(context, x, std::move(y));
    return ok_status();
  }
  return add_activation(context, op);
}

Status translate_clip(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 3));
  TINYSPLIT_ASSIGN_OR_RETURN(float low, context.attributes.real("min", -kInfinity));
  TINYSPLIT_ASSIGN_OR_RETURN(float high, context.attributes.real("max", kInfinity));
  const bool known = (!context.has_input(1) || context.is_constant(1)) &&
                     (!context.has_input(2) || context.is_constant(2));
  if ((context.dtype(0) == DType::kFloat32 || context.is_on_stored()) && known) {
    for (int i = 1; i <= 2; ++i) {
      if (!context.has_input(i)) continue;
      TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<float> bound, context.reals(i, "a bound"));
      if (bound.size() != 1) return invalid_argument("has a bound that is not one number");
      (i == 1 ? low : high) = bound.front();
    }
    return add_activation(context, {ActivationKind::kClip, low, high});
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  Operand y = x.operands[0];
  for (int i = 1; i <= 2; ++i) {
    if (!context.has_input(i)) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand bound, context.input(i));
    const BinaryKind kind = i == 1 ? BinaryKind::kMaximum : BinaryKind::kMinimum;
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{kind}, {y, bound}));
  }
  set_common_output(context, x, std::move(y));
  return ok_status();
}

Status translate_prelu(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  const Shape shape = context.shape(0);
  if (context.opset < 7 && context.is_constant(1) && context.shape(1).num_elements() != 1) {
    // One slope for each channel, whatever the rank.
    if (shape.rank() < 2) return invalid_argument("its input has no channels");
    Shape per_channel = shape;
    for (int i = 0; i < shape.rank(); ++i) per_channel[i] = 1;
    per_channel[1] = context.shape(1).num_elements();
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0, Layout::kChannelsLast));
    TINYSPLIT_ASSIGN_OR_RETURN(Operand slope, context.input(1));
    TINYSPLIT_ASSIGN_OR_RETURN(slope, context.graph().reshape(slope, per_channel));
    TINYSPLIT_ASSIGN_OR_RETURN(slope, context.graph().to_channels_last(slope));
    TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(PreluOp{}, {x, slope}));
    context.set_output(0, std::move(y), Layout::kChannelsLast, shape.rank());
    return ok_status();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, common_operands(context, 2));
  Operand y;
  if (x.operands[1].is_constant()) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(PreluOp{}, x.operands));
  } else {
    TINYSPLIT_ASSIGN_OR_RETURN(
        const Operand above,
        context.add(ActivationOp{ActivationKind::kClip, 0.0f, kInfinity}, {x.operands[0]}));
    TINYSPLIT_ASSIGN_OR_RETURN(
        const Operand below,
        context.add(ActivationOp{ActivationKind::kClip, -kInfinity, 0.0f}, {x.operands[0]}));
    TINYSPLIT_ASSIGN_OR_RETURN(
        const Operand scaled, context.add(BinaryOp{BinaryKind::kMultiply}, {below, x.operands[1]}));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{BinaryKind::kAdd}, {above, scaled}));
  }
  set_common_output(context, x, std::move(y));
  return ok_status();
}

// y = x + bias below -lambd, x - bias above lambd, 0 between.
Status translate_shrink(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const float bias, context.attributes.real("bias", 0.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const float lambd, context.attributes.real("lambd", 0.5f));
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  const Operand& value = x.operands[0];
  const auto linear = [&](float shift) {
    return context.add(ActivationOp{ActivationKind::kLinear, 1.0f, shift}, {value});
  };
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand raised, linear(bias));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand lowered, linear(-bias));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand below, context.add(BinaryOp{BinaryKind::kLess},
                                                              {value, scalar_operand(-lambd)}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand above, context.add(BinaryOp{BinaryKind::kGreater},
                                                              {value, scalar_operand(lambd)}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand upper,
                             context.add(SelectOp{}, {above, lowered, scalar_operand(0.0f)}));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(SelectOp{}, {below, raised, upper}));
  set_common_output(context, x, std::move(y));
  return ok_status();
}

Status translate_softmax(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  const bool logarithm = context.kind() == "LogSoftmax";
  const Shape shape = context.shape(0);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given,
                             context.attributes.integer("axis", context.opset < 13 ? 1 : -1));
  TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given, shape.rank()));
  if (context.opset >= 13 || axis == shape.rank() - 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
    const int there = x.layout == Layout::kFile ? axis : axis_in_channels_last(axis, x.rank);
    TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(SoftmaxOp{there, logarithm}, x.operands));
    set_common_output(context, x, std::move(y));
    return ok_status();
  }
  // Before operator set 13 the axes from `axis` on were one.
  Shape flat{1, 1};
  for (int i = 0; i < shape.rank(); ++i) flat[i < axis ? 0 : 1] *= shape[i];
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand matrix, context.graph().reshape(x, flat));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand normal, context.add(SoftmaxOp{1, logarithm}, {matrix}));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.graph().reshape(normal, shape));
  context.set_output(0, std::move(y));
  return ok_status();
}

}  // namespace tinysplit::onnx_format
