// Operations that work element by element, but for activations.
#include "formats/tflite/write_arithmetic.h"

#include <algorithm>
#include <optional>

#include "core/numeric.h"
#include "formats/tflite/operator_writers.h"
#include "graph/shape_inference.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;

std::optional<Code> code_of(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::kAbs:
      return Code::ABS;
    case UnaryKind::kNegate:
      return Code::NEG;
    case UnaryKind::kSign:
      return Code::SIGN;
    case UnaryKind::kSquare:
      return Code::SQUARE;
    case UnaryKind::kSqrt:
      return Code::SQRT;
    case UnaryKind::kReciprocalSqrt:
      return Code::RSQRT;
    case UnaryKind::kLog:
      return Code::LOG;
    case UnaryKind::kFloor:
      return Code::FLOOR;
    case UnaryKind::kCeil:
      return Code::CEIL;
    case UnaryKind::kRound:
      return Code::ROUND;
    case UnaryKind::kSin:
      return Code::SIN;
    case UnaryKind::kCos:
      return Code::COS;
    case UnaryKind::kNot:
      return Code::LOGICAL_NOT;
    default:
      return std::nullopt;
  }
}

std::optional<Code> code_of(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kAdd:
      return Code::ADD;
    case BinaryKind::kSubtract:
      return Code::SUB;
    case BinaryKind::kMultiply:
      return Code::MUL;
    case BinaryKind::kDivide:
      return Code::DIV;
    case BinaryKind::kMaximum:
      return Code::MAXIMUM;
    case BinaryKind::kMinimum:
      return Code::MINIMUM;
    case BinaryKind::kPower:
      return Code::POW;
    case BinaryKind::kSquaredDifference:
      return Code::SQUARED_DIFFERENCE;
    case BinaryKind::kFloorDivide:
      return Code::FLOOR_DIV;
    case BinaryKind::kFloorModulo:
      return Code::FLOOR_MOD;
    case BinaryKind::kEqual:
      return Code::EQUAL;
    case BinaryKind::kLess:
      return Code::LESS;
    case BinaryKind::kLessEqual:
      return Code::LESS_EQUAL;
    case BinaryKind::kGreater:
      return Code::GREATER;
    case BinaryKind::kGreaterEqual:
      return Code::GREATER_EQUAL;
    case BinaryKind::kAnd:
      return Code::LOGICAL_AND;
    case BinaryKind::kOr:
      return Code::LOGICAL_OR;
    case BinaryKind::kXor:
      return Code::NOT_EQUAL;
    case BinaryKind::kRemainder:
      return std::nullopt;
  }
  return std::nullopt;
}

bool is_all(const Tensor& tensor, float number) {
  return std::ranges::all_of(tensor.as<float>(), [&](float x) { return x == number; });
}

// Halves of sums and differences of powers of e.
Status write_hyperbolic(NodeWriter& writer, Code code) {
  const TensorId x = writer.real_input(0);
  const TensorId up = writer.add(Code::EXP, {x});
  const TensorId down = writer.add(Code::EXP, {writer.add(Code::NEG, {x})});
  return finish_combined(writer, Code::MUL, combine(writer, code, up, down), writer.number(0.5f));
}

}  // namespace

OperatorOptions arithmetic_options(NodeWriter& writer, Code code, schema::Activation activation) {
  // Scales of int16 need not be powers of two.
  constexpr bool kPowersOfTwo = false;
  switch (code) {
    case Code::ADD:
      return writer.options(schema::CreateAddOptions(writer.tables(), activation, kPowersOfTwo));
    case Code::SUB:
      return writer.options(schema::CreateSubOptions(writer.tables(), activation, kPowersOfTwo));
    case Code::MUL:
      return writer.options(schema::CreateMulOptions(writer.tables(), activation));
    case Code::DIV:
      return writer.options(schema::CreateDivOptions(writer.tables(), activation));
    default:
      return {};
  }
}

TensorId combine(NodeWriter& writer, Code code, TensorId a, TensorId b) {
  const Result<Shape> shape = broadcast_shapes(writer.shape(a), writer.shape(b));
  return writer.add(code, {a, b}, writer.type(a), shape.ok() ? *shape : writer.shape(a),
                    arithmetic_options(writer, code));
}

TensorId combine(NodeWriter& writer, Code code, TensorId a, float b) {
  return combine(writer, code, a, writer.number(b));
}

Status finish_combined(NodeWriter& writer, Code code, TensorId a, TensorId b,
                       schema::Activation activation) {
  return writer.finish(code, {a, b}, arithmetic_options(writer, code, activation));
}

Status write_operation(NodeWriter& writer, const UnaryOp& op) {
  if (op.kind == UnaryKind::kSquare && writer.in(0).dtype != DType::kFloat32) {
    return finish_combined(writer, Code::MUL, writer.input(0), writer.input(0));
  }
  if (const std::optional<Code> code = code_of(op.kind)) {
    return writer.finish(*code, {writer.input(0)});
  }
  switch (op.kind) {
    case UnaryKind::kReciprocal:
      return finish_combined(writer, Code::DIV, writer.number(1.0f), writer.real_input(0));
    case UnaryKind::kTan: {
      const TensorId x = writer.real_input(0);
      return finish_combined(writer, Code::DIV, writer.add(Code::SIN, {x}),
                             writer.add(Code::COS, {x}));
    }
    case UnaryKind::kSinh:
      return write_hyperbolic(writer, Code::SUB);
    case UnaryKind::kCosh:
      return write_hyperbolic(writer, Code::ADD);
    case UnaryKind::kIsNan:
      return writer.finish(Code::NOT_EQUAL, {writer.input(0), writer.input(0)});
    case UnaryKind::kIsInf: {
      const TensorId size = writer.add(Code::ABS, {writer.input(0)});
      return writer.finish(Code::EQUAL, {size, writer.number(kInfinity)});
    }
    default:
      return unimplemented("TensorFlow Lite has no operator for this function");
  }
}

Status write_operation(NodeWriter& writer, const BinaryOp& op) {
  const std::optional<Code> code = code_of(op.kind);
  if (!code) return unimplemented("TensorFlow Lite has no remainder with the sign of the dividend");
  return finish_combined(writer, *code, writer.input(0), writer.input(1), writer.step.activation);
}

Status write_operation(NodeWriter& writer, const SelectOp&) {
  return writer.finish(Code::SELECT_V2, {writer.input(0), writer.input(1), writer.input(2)});
}

Status write_operation(NodeWriter& writer, const CastOp&) {
  return writer.finish(Code::CAST, {writer.input(0)});
}

Status write_operation(NodeWriter& writer, const QuantizeOp&) {
  return writer.finish(Code::QUANTIZE, {writer.input(0)});
}

Status write_operation(NodeWriter& writer, const DequantizeOp&) {
  return writer.finish(Code::DEQUANTIZE, {writer.input(0)});
}

// One that no kernel takes in: of a graph's input, or behind an activation.
Status write_operation(NodeWriter& writer, const ChannelAffineOp&) {
  const TensorId x = writer.real_input(0);
  const bool scales = !is_all(*writer.in(1).data, 1.0f);
  if (scales && is_all(*writer.in(2).data, 0.0f)) {
    return finish_combined(writer, Code::MUL, x, writer.input(1));
  }
  const TensorId scaled = scales ? combine(writer, Code::MUL, x, writer.input(1)) : x;
  return finish_combined(writer, Code::ADD, scaled, writer.input(2));
}

}  // namespace tinysplit::tflite
