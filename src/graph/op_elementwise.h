#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace tinysplit {

// Operations that work element by element.

enum class ActivationKind : std::uint8_t {
  kClip,     // min(max(x, alpha), beta); relu is clip(0, inf), relu6 is clip(0, 6)
  kSigmoid,  // 1 / (1 + exp(-x))
  kTanh,
  kElu,  // x > 0 ? x : alpha * (exp(x) - 1)
  kSelu,
  kGeluErf,      // x/2 * (1 + erf(x / sqrt(2)))
  kGeluTanh,     // its tanh approximation
  kSwish,        // x * sigmoid(x)
  kHardSigmoid,  // clip(alpha * x + beta, 0, 1)
  kHardSwish,    // x * clip(x / 6 + 1/2, 0, 1)
  kSoftplus,     // log(1 + exp(x))
  kExp,
  kThresholdRelu,  // x >= gamma ? min(x, beta) : alpha * (x - gamma); Keras' ReLU with all options
  kCelu,           // max(0, x) + min(0, alpha * (exp(x / alpha) - 1))
  kSoftsign,       // x / (1 + |x|)
  kMish,           // x * tanh(log(1 + exp(x)))
  kScaledTanh,     // alpha * tanh(beta * x)
  kScaledSelu,     // x > 0 ? beta * x : beta * alpha * (exp(x) - 1)
  kLinear,         // alpha * x + beta
};

// Input x, output of the same shape. Quantised: of the same type, or as the output says.
struct ActivationOp {
  ActivationKind kind = ActivationKind::kClip;
  float alpha = 0.0f;
  float beta = 0.0f;
  float gamma = 0.0f;
};

// Inputs: x, const slope that broadcasts to x. y = x > 0 ? x : slope * x.
struct PreluOp {};

enum class UnaryKind : std::uint8_t {
  kAbs,
  kNegate,
  kSign,
  kSquare,
  kSqrt,
  kReciprocalSqrt,
  kReciprocal,
  kLog,
  kErf,
  kFloor,
  kCeil,
  kRound,  // half to even
  kSin,
  kCos,
  kTan,
  kAsin,
  kAcos,
  kAtan,
  kSinh,
  kCosh,
  kAsinh,
  kAcosh,
  kAtanh,
  kNot,    // bool
  kIsNan,  // float to bool
  kIsInf,  // float to bool
};

// Input x; output of the same shape and dtype but where noted.
struct UnaryOp {
  UnaryKind kind = UnaryKind::kAbs;
};

enum class BinaryKind : std::uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,  // integers: towards zero
  kMaximum,
  kMinimum,
  kPower,
  kSquaredDifference,
  kFloorDivide,
  kFloorModulo,  // sign of the divisor
  kRemainder,    // sign of the dividend
  // To bool:
  kEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  // Of bools:
  kAnd,
  kOr,
  kXor,
};

// Inputs: a, b of one dtype; NumPy broadcasting.
struct BinaryOp {
  BinaryKind kind = BinaryKind::kAdd;
};

// Inputs: condition (bool), a, b of one dtype; NumPy broadcasting of all three.
struct SelectOp {};

// Input x. To integers: truncated towards zero. To bool: x != 0.
struct CastOp {
  DType to = DType::kFloat32;
};

// Input x, float or quantised; the output's type is given with the node.
struct QuantizeOp {
  bool half_to_even = false;  // of floats; else halves go away from zero, as in TensorFlow Lite
};

// Input x, quantised; output float32.
struct DequantizeOp {};

}  // namespace tinysplit
