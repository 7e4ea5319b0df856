// Operators that work element by element, activations among them.

#include "core/numeric.h"
#include "formats/tflite/operators.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;

Result<ActivationOp> fused_activation_of(const OperatorContext& context) {
  switch (context.code) {
    case Code::RELU:
      return ActivationOp{ActivationKind::kClip, 0.0f, kInfinity};
    case Code::RELU6:
      return ActivationOp{ActivationKind::kClip, 0.0f, 6.0f};
    case Code::RELU_N1_TO_1:
      return ActivationOp{ActivationKind::kClip, -1.0f, 1.0f};
    case Code::RELU_0_TO_1:
      return ActivationOp{ActivationKind::kClip, 0.0f, 1.0f};
    case Code::LOGISTIC:
      return ActivationOp{ActivationKind::kSigmoid};
    case Code::TANH:
      return ActivationOp{ActivationKind::kTanh};
    case Code::ELU:
      return ActivationOp{ActivationKind::kElu, 1.0f};
    case Code::HARD_SWISH:
      return ActivationOp{ActivationKind::kHardSwish};
    case Code::EXP:
      return ActivationOp{ActivationKind::kExp};
    case Code::GELU: {
      const auto* options = context.options<schema::GeluOptions>();
      const bool approximate = options != nullptr && options->approximate();
      return ActivationOp{approximate ? ActivationKind::kGeluTanh : ActivationKind::kGeluErf};
    }
    default:
      return internal_error("it is no activation");
  }
}

Result<UnaryKind> unary_of(Code code) {
  switch (code) {
    case Code::ABS:
      return UnaryKind::kAbs;
    case Code::NEG:
      return UnaryKind::kNegate;
    case Code::SIGN:
      return UnaryKind::kSign;
    case Code::SQUARE:
      return UnaryKind::kSquare;
    case Code::SQRT:
      return UnaryKind::kSqrt;
    case Code::RSQRT:
      return UnaryKind::kReciprocalSqrt;
    case Code::LOG:
      return UnaryKind::kLog;
    case Code::SIN:
      return UnaryKind::kSin;
    case Code::COS:
      return UnaryKind::kCos;
    case Code::FLOOR:
      return UnaryKind::kFloor;
    case Code::CEIL:
      return UnaryKind::kCeil;
    case Code::ROUND:
      return UnaryKind::kRound;
    case Code::LOGICAL_NOT:
      return UnaryKind::kNot;
    default:
      return internal_error("it has no such operation");
  }
}

Result<BinaryKind> binary_of(Code code) {
  switch (code) {
    case Code::ADD:
      return BinaryKind::kAdd;
    case Code::SUB:
      return BinaryKind::kSubtract;
    case Code::MUL:
      return BinaryKind::kMultiply;
    case Code::DIV:
      return BinaryKind::kDivide;
    case Code::MAXIMUM:
      return BinaryKind::kMaximum;
    case Code::MINIMUM:
      return BinaryKind::kMinimum;
    case Code::POW:
      return BinaryKind::kPower;
    case Code::SQUARED_DIFFERENCE:
      return BinaryKind::kSquaredDifference;
    case Code::FLOOR_DIV:
      return BinaryKind::kFloorDivide;
    case Code::FLOOR_MOD:
      return BinaryKind::kFloorModulo;
    case Code::EQUAL:
    case Code::NOT_EQUAL:
      return BinaryKind::kEqual;
    case Code::LESS:
      return BinaryKind::kLess;
    case Code::LESS_EQUAL:
      return BinaryKind::kLessEqual;
    case Code::GREATER:
      return BinaryKind::kGreater;
    case Code::GREATER_EQUAL:
      return BinaryKind::kGreaterEqual;
    case Code::LOGICAL_AND:
      return BinaryKind::kAnd;
    case Code::LOGICAL_OR:
      return BinaryKind::kOr;
    default:
      return internal_error("it has no such operation");
  }
}

template <typename Options>
schema::Activation fused_in(const OperatorContext& context) {
  const Options* options = context.options<Options>();
  return options == nullptr ? schema::Activation::NONE : options->fused_activation();
}

schema::Activation fused_activation(const OperatorContext& context) {
  switch (context.code) {
    case Code::ADD:
      return fused_in<schema::AddOptions>(context);
    case Code::SUB:
      return fused_in<schema::SubOptions>(context);
    case Code::MUL:
      return fused_in<schema::MulOptions>(context);
    case Code::DIV:
      return fused_in<schema::DivOptions>(context);
    default:
      return schema::Activation::NONE;
  }
}

}  // namespace

Status translate_activation(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ActivationOp op, fused_activation_of(context));
  return context.finish(op, {x});
}

Status translate_leaky_relu(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  const auto* options = context.options<schema::LeakyReluOptions>();
  const float alpha = options == nullptr ? 0.0f : options->alpha();
  return context.finish(ActivationOp{ActivationKind::kThresholdRelu, alpha, kInfinity, 0.0f}, {x});
}

Status translate_prelu(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId slope, context.kernel(1, WeightLayout::kAsIs));
  return context.finish(PreluOp{}, {x, slope});
}

Status translate_unary(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const UnaryKind kind, unary_of(context.code));
  return context.finish(UnaryOp{kind}, {x});
}

Status translate_binary(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId a, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId b, context.input(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const BinaryKind kind, binary_of(context.code));
  return context.finish(BinaryOp{kind}, {a, b}, fused_activation(context));
}

Status translate_not_equal(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId a, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId b, context.input(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId equal,
                             context.add(BinaryOp{BinaryKind::kEqual}, {a, b}));
  return context.finish(UnaryOp{UnaryKind::kNot}, {equal});
}

// The older SELECT takes, beside a condition of the operands' shape, one for each row of them.
Status translate_select(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId condition, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId a, context.input(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId b, context.input(2));
  const Shape rows = context.shape(condition);
  const int rank = context.shape(a).rank();
  if (context.code == Code::SELECT && rows.rank() == 1 && rank > 1) {
    std::vector<std::int64_t> dims(static_cast<std::size_t>(rank), 1);
    dims[0] = rows[0];
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape column, Shape::create(dims));
    TINYSPLIT_ASSIGN_OR_RETURN(condition, context.reshape(condition, column));
  }
  return context.finish(SelectOp{}, {condition, a, b});
}

Status translate_cast(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, context.output_type());
  return context.finish(CastOp{type.dtype}, {x});
}

Status translate_quantize(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, context.output_type());
  if (!type.quantization) return invalid_argument("its output has no scale");
  return context.finish(QuantizeOp{}, {x});
}

Status translate_dequantize(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, context.output_type());
  if (type.dtype != DType::kFloat32) return invalid_argument("its output is not float32");
  if (context.is_stored(0)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId floats, context.kernel(0, WeightLayout::kAsIs));
    return context.define(0, floats);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  return context.finish(DequantizeOp{}, {x});
}

}  // namespace tinysplit::tflite
