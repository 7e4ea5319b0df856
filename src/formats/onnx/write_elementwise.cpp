#include <array>

#include "formats/onnx/node_writer.h"
#include "formats/onnx/tensor_data.h"

namespace tinysplit::onnx_format {
namespace {

// The operator of that name; null for what ONNX spells otherwise.
const char* operator_of(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::kAbs:
      return "Abs";
    case UnaryKind::kNegate:
      return "Neg";
    case UnaryKind::kSign:
      return "Sign";
    case UnaryKind::kSqrt:
      return "Sqrt";
    case UnaryKind::kReciprocal:
      return "Reciprocal";
    case UnaryKind::kLog:
      return "Log";
    case UnaryKind::kErf:
      return "Erf";
    case UnaryKind::kFloor:
      return "Floor";
    case UnaryKind::kCeil:
      return "Ceil";
    case UnaryKind::kRound:
      return "Round";
    case UnaryKind::kSin:
      return "Sin";
    case UnaryKind::kCos:
      return "Cos";
    case UnaryKind::kTan:
      return "Tan";
    case UnaryKind::kAsin:
      return "Asin";
    case UnaryKind::kAcos:
      return "Acos";
    case UnaryKind::kAtan:
      return "Atan";
    case UnaryKind::kSinh:
      return "Sinh";
    case UnaryKind::kCosh:
      return "Cosh";
    case UnaryKind::kAsinh:
      return "Asinh";
    case UnaryKind::kAcosh:
      return "Acosh";
    case UnaryKind::kAtanh:
      return "Atanh";
    case UnaryKind::kNot:
      return "Not";
    case UnaryKind::kIsNan:
      return "IsNaN";
    case UnaryKind::kIsInf:
      return "IsInf";
    case UnaryKind::kSquare:
    case UnaryKind::kReciprocalSqrt:
      return nullptr;
  }
  return nullptr;
}

const char* operator_of(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kAdd:
      return "Add";
    case BinaryKind::kSubtract:
      return "Sub";
    case BinaryKind::kMultiply:
      return "Mul";
    case BinaryKind::kDivide:
      return "Div";
    case BinaryKind::kMaximum:
      return "Max";
    case BinaryKind::kMinimum:
      return "Min";
    case BinaryKind::kPower:
      return "Pow";
    case BinaryKind::kEqual:
      return "Equal";
    case BinaryKind::kLess:
      return "Less";
    case BinaryKind::kLessEqual:
      return "LessOrEqual";
    case BinaryKind::kGreater:
      return "Greater";
    case BinaryKind::kGreaterEqual:
      return "GreaterOrEqual";
    case BinaryKind::kAnd:
      return "And";
    case BinaryKind::kOr:
      return "Or";
    case BinaryKind::kXor:
      return "Xor";
    case BinaryKind::kSquaredDifference:
    case BinaryKind::kFloorDivide:
    case BinaryKind::kFloorModulo:
    case BinaryKind::kRemainder:
      return nullptr;
  }
  return nullptr;
}

Result<std::string> spelled_out(NodeWriter& node, BinaryKind kind, const std::string& a,
                                const std::string& b) {
  const bool floats = node.output().dtype == DType::kFloat32 || node.output().quantization;
  switch (kind) {
    case BinaryKind::kSquaredDifference: {
      const std::string difference = node.binary("Sub", a, b);
      return node.binary("Mul", difference, difference);
    }
    case BinaryKind::kFloorDivide:
      if (!floats) return unimplemented("divides integers downwards, which ONNX does not");
      return node.file.add("Floor", {node.binary("Div", a, b)});
    case BinaryKind::kFloorModulo: {
      if (!floats) return node.file.add("Mod", {a, b}, {attribute("fmod", 0)});
      // The remainder has the sign of the dividend; one more divisor gives it that of the divisor.
      const std::string remainder = node.file.add("Mod", {a, b}, {attribute("fmod", 1)});
      return node.file.add("Mod", {node.binary("Add", remainder, b), b}, {attribute("fmod", 1)});
    }
    case BinaryKind::kRemainder:
      return node.file.add("Mod", {a, b}, {attribute("fmod", 1)});
    default:
      return internal_error("is an operation without an operator");
  }
}

}  // namespace

Status write(NodeWriter& node, const UnaryOp& op) {
  const Order order = node.common_order();
  const std::string x = node.real(0, order);
  std::string y;
  if (op.kind == UnaryKind::kSquare) {
    y = node.binary("Mul", x, x);
  } else if (op.kind == UnaryKind::kReciprocalSqrt) {
    y = node.file.add("Reciprocal", {node.file.add("Sqrt", {x})});
  } else {
    y = node.file.add(operator_of(op.kind), {x});
  }
  node.set(y, order);
  return ok_status();
}

Status write(NodeWriter& node, const BinaryOp& op) {
  const Order order = node.common_order();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string a, node.operand(0, order));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string b, node.operand(1, order));
  const char* kind = operator_of(op.kind);
  if (kind != nullptr) {
    node.set(node.binary(kind, a, b), order);
    return ok_status();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string y, spelled_out(node, op.kind, a, b));
  node.set(y, order);
  return ok_status();
}

Status write(NodeWriter& node, const SelectOp&) {
  const Order order = node.common_order();
  std::vector<std::string> inputs;
  for (int i = 0; i < 3; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(inputs.emplace_back(), node.operand(i, order));
  }
  node.set(node.file.add("Where", inputs), order);
  return ok_status();
}

// Of a quantised value its stored numbers.
Status write(NodeWriter& node, const CastOp& op) {
  const Order order = node.common_order();
  node.set_stored(
      node.file.add("Cast", {node.stored(0, order)}, {attribute("to", element_type_of(op.to))}),
      order);
  return ok_status();
}

// The output is quantised where it is read.
Status write(NodeWriter& node, const QuantizeOp&) {
  if (node.output().quantization->axis >= 0) {
    return unimplemented("quantises with a scale for each channel");
  }
  const Order order = node.common_order();
  node.set(node.real(0, order), order);
  return ok_status();
}

Status write(NodeWriter& node, const DequantizeOp&) {
  const Order order = node.common_order();
  node.set(node.file.dequantized(node.id(0), order), order);
  return ok_status();
}

}  // namespace tinysplit::onnx_format
