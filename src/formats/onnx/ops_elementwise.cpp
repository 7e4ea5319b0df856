#include <algorithm>
#include <array>
#include <utility>

#include "formats/onnx/common_operands.h"
#include "formats/onnx/ops.h"
#include "formats/onnx/tensor_data.h"

namespace tinysplit::onnx_format {
namespace {

template <typename Kind, std::size_t Count>
Result<Kind> find_kind(const std::array<std::pair<std::string_view, Kind>, Count>& table,
                       std::string_view name) {
  for (const auto& [known, kind] : table) {
    if (known == name) return kind;
  }
  return unimplemented("the operator is not supported");
}

constexpr std::array<std::pair<std::string_view, UnaryKind>, 23> kUnary{{
    {"Abs", UnaryKind::kAbs},     {"Neg", UnaryKind::kNegate},
    {"Sign", UnaryKind::kSign},   {"Sqrt", UnaryKind::kSqrt},
    {"Log", UnaryKind::kLog},     {"Reciprocal", UnaryKind::kReciprocal},
    {"Erf", UnaryKind::kErf},     {"Floor", UnaryKind::kFloor},
    {"Ceil", UnaryKind::kCeil},   {"Round", UnaryKind::kRound},
    {"Sin", UnaryKind::kSin},     {"Cos", UnaryKind::kCos},
    {"Tan", UnaryKind::kTan},     {"Asin", UnaryKind::kAsin},
    {"Acos", UnaryKind::kAcos},   {"Atan", UnaryKind::kAtan},
    {"Sinh", UnaryKind::kSinh},   {"Cosh", UnaryKind::kCosh},
    {"Asinh", UnaryKind::kAsinh}, {"Acosh", UnaryKind::kAcosh},
    {"Atanh", UnaryKind::kAtanh}, {"Not", UnaryKind::kNot},
    {"IsNaN", UnaryKind::kIsNan},
}};

constexpr std::array<std::pair<std::string_view, BinaryKind>, 12> kBinary{{
    {"Add", BinaryKind::kAdd},
    {"Sub", BinaryKind::kSubtract},
    {"Mul", BinaryKind::kMultiply},
    {"Div", BinaryKind::kDivide},
    {"And", BinaryKind::kAnd},
    {"Or", BinaryKind::kOr},
    {"Xor", BinaryKind::kXor},
    {"Equal", BinaryKind::kEqual},
    {"Less", BinaryKind::kLess},
    {"LessOrEqual", BinaryKind::kLessEqual},
    {"Greater", BinaryKind::kGreater},
    {"GreaterOrEqual", BinaryKind::kGreaterEqual},
}};

Status add_unary(NodeContext& context, const Op& op) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(op, x.operands));
  set_common_output(context, x, std::move(y));
  return ok_status();
}

// Before operator set 7 the second operand was broadcast only where `broadcast` said so, its axes
// starting at `axis` of the first.
Result<CommonOperands> old_operands(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  CommonOperands common;
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand a, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand b, context.input(1));
  const Shape from = context.shape(b);
  common.rank = context.shape(a).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t given,
                             context.attributes.integer("axis", common.rank - from.rank()));
  const std::int64_t first = given < 0 ? given + common.rank : given;
  if (first < 0 || first + from.rank() > common.rank) {
    return invalid_argument("broadcasts " + from.to_string() + " at axis " + std::to_string(given));
  }
  std::vector<std::int64_t> dims(static_cast<std::size_t>(common.rank), 1);
  std::ranges::copy(from.dims(), dims.begin() + first);
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape aligned, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(b, context.graph().reshape(b, aligned));
  common.operands = {a, b};
  return common;
}

Result<CommonOperands> binary_operands(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const bool broadcast, context.attributes.flag("broadcast", false));
  if (context.opset < 7 && broadcast) return old_operands(context);
  return common_operands(context, 2);
}

Result<Operand> cast(NodeContext& context, const Operand& x, DType to) {
  if (context.dtype(x) == to) return x;
  return context.add(CastOp{to}, {x});
}

}  // namespace

Status translate_unary(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const UnaryKind kind, find_kind(kUnary, context.kind()));
  return add_unary(context, UnaryOp{kind});
}

Status translate_is_inf(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const bool negative, context.attributes.flag("detect_negative", true));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool positive, context.attributes.flag("detect_positive", true));
  if (!negative) return context.attributes.unsupported("detect_negative");
  if (!positive) return context.attributes.unsupported("detect_positive");
  return add_unary(context, UnaryOp{UnaryKind::kIsInf});
}

Status translate_binary(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const BinaryKind kind, find_kind(kBinary, context.kind()));
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands both, binary_operands(context));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(BinaryOp{kind}, both.operands));
  set_common_output(context, both, std::move(y));
  return ok_status();
}

// The result has the type of the base, whatever the exponent's.
Status translate_power(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands both, binary_operands(context));
  Operand base = both.operands[0], exponent = both.operands[1];
  const DType type = context.dtype(base);
  const bool whole = type == context.dtype(exponent) && type != DType::kFloat32;
  Operand y;
  const bool known = exponent.is_constant() && context.dtype(exponent) == DType::kFloat32 &&
                     context.shape(exponent).rank() <= context.shape(base).rank() &&
                     context.shape(exponent).num_elements() == 1 && type == DType::kFloat32;
  const float power = known ? exponent.constant->as<float>()[0] : 0.0f;
  if (power == 2.0f || power == 0.5f) {
    const UnaryKind kind = power == 2.0f ? UnaryKind::kSquare : UnaryKind::kSqrt;
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(UnaryOp{kind}, {base}));
  } else {
    if (!whole) {
      TINYSPLIT_ASSIGN_OR_RETURN(base, cast(context, base, DType::kFloat32));
      TINYSPLIT_ASSIGN_OR_RETURN(exponent, cast(context, exponent, DType::kFloat32));
    }
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(BinaryOp{BinaryKind::kPower}, {base, exponent}));
    TINYSPLIT_ASSIGN_OR_RETURN(y, cast(context, y, type));
  }
  set_common_output(context, both, std::move(y));
  return ok_status();
}

Status translate_modulo(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const bool remainder, context.attributes.flag("fmod", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands both, common_operands(context, 2));
  if (!remainder && context.dtype(0) == DType::kFloat32) {
    return invalid_argument("takes the modulo of floats without fmod");
  }
  const BinaryKind kind = remainder ? BinaryKind::kRemainder : BinaryKind::kFloorModulo;
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(BinaryOp{kind}, both.operands));
  set_common_output(context, both, std::move(y));
  return ok_status();
}

Status translate_variadic(NodeContext& context) {
  const std::string& name = context.kind();
  const int count = context.num_inputs();
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, count));
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands all, common_operands(context, count));
  const BinaryKind kind = name == "Max"   ? BinaryKind::kMaximum
                          : name == "Min" ? BinaryKind::kMinimum
                                          : BinaryKind::kAdd;
  Operand y = all.operands[0];
  for (int i = 1; i < count; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(
        y, context.add(BinaryOp{kind}, {y, all.operands[static_cast<std::size_t>(i)]}));
  }
  if (name == "Mean" && count > 1) {
    const float scale = 1.0f / static_cast<float>(count);
    TINYSPLIT_ASSIGN_OR_RETURN(
        y, context.add(ActivationOp{ActivationKind::kLinear, scale, 0.0f}, {y}));
  }
  set_common_output(context, all, std::move(y));
  return ok_status();
}

Status translate_where(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands all, common_operands(context, 3));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(SelectOp{}, all.operands));
  set_common_output(context, all, std::move(y));
  return ok_status();
}

namespace {

// double is computed as float32: which holds every float32, and integers up to 2^24.
Status cast_to_double(NodeContext& context) {
  const DType from = context.dtype(0);
  if (from == DType::kInt32 || from == DType::kInt64) {
    if (!context.is_constant(0)) {
      return unimplemented("makes double of " + std::string(dtype_name(from)) +
                           ", which float32, as which it is computed, does not hold");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0));
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand real, context.add(CastOp{DType::kFloat32}, {x}));
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand back, context.add(CastOp{from}, {real}));
    if (!std::ranges::equal(x.constant->bytes(), back.constant->bytes())) {
      return unimplemented("makes double of integers above 2^24, which are computed as float32");
    }
  }
  if (from == DType::kFloat32) {
    context.forward(0, 0);
    return ok_status();
  }
  return add_unary(context, CastOp{DType::kFloat32});
}

}  // namespace

Status translate_cast(NodeContext& context) {
  context.attributes.ignore("round_mode");  // of 8 bit floats
  context.attributes.ignore("saturate");
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t to, context.attributes.integer("to", 0));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  const int type = to < 0 || to > 1000 ? 0 : static_cast<int>(to);
  if (type == ::onnx::TensorProto::DOUBLE) return cast_to_double(context);
  TINYSPLIT_ASSIGN_OR_RETURN(const DType dtype, dtype_of(type));
  if (dtype == context.dtype(0)) {
    context.forward(0, 0);
    return ok_status();
  }
  return add_unary(context, CastOp{dtype});
}

Status translate_cast_like(NodeContext& context) {
  context.attributes.ignore("saturate");
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 2));
  const DType dtype = context.tensor(1)->is_half ? DType::kFloat16 : context.dtype(1);
  TINYSPLIT_ASSIGN_OR_RETURN(const CommonOperands x, any_layout(context));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, cast(context, x.operands[0], dtype));
  set_common_output(context, x, std::move(y));
  return ok_status();
}

Status translate_identity(NodeContext& context) {
  for (const char* name : {"ratio", "seed", "is_test"}) context.attributes.ignore(name);
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 3));
  if (context.has_input(2)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto training, context.constant(2, "training_mode"));
    if (training->num_bytes() != 1 || training->data()[0] != std::byte{0}) {
      return unimplemented("is in training mode");
    }
  }
  context.forward(0, 0);
  if (context.wants_output(1)) {
    Tensor mask(DType::kBool, context.shape(0));
    TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(mask.shape().num_elements()));
    std::ranges::fill(mask.as<std::uint8_t>(), std::uint8_t{1});
    context.set_output(1, operand_of(std::move(mask)));
  }
  return ok_status();
}

}  // namespace tinysplit::onnx_format
