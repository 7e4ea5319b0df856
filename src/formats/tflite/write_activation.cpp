// Activations: operators of their own, or made of several.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "formats/tflite/operator_writers.h"
#include "formats/tflite/write_arithmetic.h"
#include "formats/tflite/write_window.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;

std::optional<Code> clip_code(float low, float high) {
  switch (activation_of(low, high)) {
    case schema::Activation::RELU:
      return Code::RELU;
    case schema::Activation::RELU6:
      return Code::RELU6;
    case schema::Activation::RELU_N1_TO_1:
      return Code::RELU_N1_TO_1;
    default:
      break;
  }
  if (low == 0.0f && high == 1.0f) return Code::RELU_0_TO_1;
  return std::nullopt;
}

// The bound as the type stores it, rounded and kept inside of the type as fused ones are.
TensorId bound_of(NodeWriter& writer, const ElementType& type, float bound) {
  if (!type.quantization) return writer.number(bound);
  const float lowest = type.dtype == DType::kUint8  ? 0.0f
                       : type.dtype == DType::kInt8 ? -128.0f
                                                    : -32768.0f;
  const float highest = type.dtype == DType::kUint8  ? 255.0f
                        : type.dtype == DType::kInt8 ? 127.0f
                                                     : 32767.0f;
  const float steps = std::round(bound / type.quantization->scale[0]) +
                      static_cast<float>(type.quantization->zero_point[0]);
  return stored_number(writer, type, std::clamp(steps, lowest, highest));
}

Status write_clip(NodeWriter& writer, float low, float high) {
  if (const std::optional<Code> code = clip_code(low, high)) {
    return writer.finish(*code, {writer.input(0)});
  }
  TensorId x = writer.input(0);
  const ElementType type = writer.type(x);
  const bool has_low = low > -std::numeric_limits<float>::max();
  const bool has_high = high < std::numeric_limits<float>::max();
  // These two do not rescale.
  const bool rescales = !have_same_type(writer.in(0), writer.out());
  if (has_low) {
    const NodeWriter::Tensors both{x, bound_of(writer, type, low)};
    if (!has_high && !rescales) return writer.finish(Code::MAXIMUM, both);
    x = writer.add(Code::MAXIMUM, both);
  }
  const NodeWriter::Tensors both{x, bound_of(writer, type, high)};
  if (!rescales) return writer.finish(Code::MINIMUM, both);
  return writer.finish(Code::QUANTIZE, {has_high ? writer.add(Code::MINIMUM, both) : x});
}

OperatorOptions leaky_options(NodeWriter& writer, float alpha) {
  return writer.options(schema::CreateLeakyReluOptions(writer.tables(), alpha));
}

// x >= gamma ? min(x, beta) : alpha * (x - gamma)
Status write_threshold(NodeWriter& writer, const ActivationOp& op) {
  const bool bounded = op.beta < std::numeric_limits<float>::max();
  if (op.gamma == 0.0f && !bounded) {
    return writer.finish(Code::LEAKY_RELU, {writer.input(0)}, leaky_options(writer, op.alpha));
  }
  const TensorId x = writer.real_input(0);
  const TensorId kept = bounded ? combine(writer, Code::MINIMUM, x, op.beta) : x;
  const TensorId below =
      combine(writer, Code::MUL, combine(writer, Code::SUB, x, op.gamma), op.alpha);
  const TensorId keeps =
      writer.add(Code::GREATER_EQUAL, {x, writer.number(op.gamma)}, DType::kBool, writer.shape(x));
  return writer.finish(Code::SELECT_V2, {keeps, kept, below});
}

// ELU of slope 1 leaves what is above 0 alone, so a LEAKY_RELU behind it scales the rest.
TensorId scaled_elu(NodeWriter& writer, TensorId x, float alpha) {
  const TensorId elu = writer.add(Code::ELU, {x});
  return writer.add(Code::LEAKY_RELU, {elu}, leaky_options(writer, alpha));
}

Status write_elu(NodeWriter& writer, float alpha) {
  if (alpha == 1.0f) return writer.finish(Code::ELU, {writer.input(0)});
  const TensorId elu = writer.add(Code::ELU, {writer.real_input(0)});
  return writer.finish(Code::LEAKY_RELU, {elu}, leaky_options(writer, alpha));
}

Status write_selu(NodeWriter& writer, float alpha, float scale) {
  const TensorId elu = scaled_elu(writer, writer.real_input(0), alpha);
  return finish_combined(writer, Code::MUL, elu, writer.number(scale));
}

// log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), in which nothing overflows.
struct SoftplusParts {
  TensorId above;
  TensorId rest;
};

SoftplusParts softplus_of(NodeWriter& writer, TensorId x) {
  const TensorId down = writer.add(Code::NEG, {writer.add(Code::ABS, {x})});
  const TensorId sum = combine(writer, Code::ADD, writer.add(Code::EXP, {down}), 1.0f);
  const TensorId rest = writer.add(Code::LOG, {sum});
  return {writer.add(Code::RELU, {x}), rest};
}

Status write_mish(NodeWriter& writer) {
  const TensorId x = writer.real_input(0);
  const SoftplusParts parts = softplus_of(writer, x);
  const TensorId bent =
      writer.add(Code::TANH, {combine(writer, Code::ADD, parts.above, parts.rest)});
  return finish_combined(writer, Code::MUL, x, bent);
}

Status write_linear(NodeWriter& writer, float alpha, float beta) {
  const TensorId x = writer.real_input(0);
  if (beta == 0.0f) return finish_combined(writer, Code::MUL, x, writer.number(alpha));
  const TensorId scaled = alpha == 1.0f ? x : combine(writer, Code::MUL, x, alpha);
  return finish_combined(writer, Code::ADD, scaled, writer.number(beta));
}

Status write_hard_sigmoid(NodeWriter& writer, float alpha, float beta) {
  const TensorId x = writer.real_input(0);
  const TensorId line =
      combine(writer, Code::ADD, combine(writer, Code::MUL, x, alpha), writer.number(beta));
  const TensorId above = writer.add(Code::RELU, {line});
  return writer.finish(Code::MINIMUM, {above, writer.number(1.0f)});
}

Status write_celu(NodeWriter& writer, float alpha) {
  if (alpha == 1.0f) return write_elu(writer, 1.0f);
  if (alpha <= 0.0f) return unimplemented("CELU with an alpha that is not above 0 is not written");
  const TensorId x = writer.real_input(0);
  const TensorId curve = writer.add(Code::ELU, {combine(writer, Code::DIV, x, alpha)});
  return finish_combined(writer, Code::MUL, curve, writer.number(alpha));
}

}  // namespace

Status write_operation(NodeWriter& writer, const ActivationOp& op) {
  constexpr float kSeluAlpha = 1.6732632423543772f;
  constexpr float kSeluScale = 1.0507009873554805f;
  switch (op.kind) {
    case ActivationKind::kClip:
      return write_clip(writer, op.alpha, op.beta);
    case ActivationKind::kSigmoid:
      return writer.finish(Code::LOGISTIC, {writer.input(0)});
    case ActivationKind::kTanh:
      return writer.finish(Code::TANH, {writer.input(0)});
    case ActivationKind::kElu:
      return write_elu(writer, op.alpha);
    case ActivationKind::kSelu:
      return write_selu(writer, kSeluAlpha, kSeluScale);
    case ActivationKind::kGeluErf:
    case ActivationKind::kGeluTanh: {
      const bool approximate = op.kind == ActivationKind::kGeluTanh;
      const auto table = schema::CreateGeluOptions(writer.tables(), approximate);
      return writer.finish(Code::GELU, {writer.input(0)}, writer.options(table));
    }
    case ActivationKind::kSwish: {
      const TensorId x = writer.real_input(0);
      return finish_combined(writer, Code::MUL, x, writer.add(Code::LOGISTIC, {x}));
    }
    case ActivationKind::kHardSigmoid:
      return write_hard_sigmoid(writer, op.alpha, op.beta);
    case ActivationKind::kHardSwish:
      return writer.finish(Code::HARD_SWISH, {writer.input(0)});
    case ActivationKind::kSoftplus: {
      const SoftplusParts parts = softplus_of(writer, writer.real_input(0));
      return finish_combined(writer, Code::ADD, parts.above, parts.rest);
    }
    case ActivationKind::kExp:
      return writer.finish(Code::EXP, {writer.input(0)});
    case ActivationKind::kThresholdRelu:
      return write_threshold(writer, op);
    case ActivationKind::kCelu:
      return write_celu(writer, op.alpha);
    case ActivationKind::kSoftsign: {
      const TensorId x = writer.real_input(0);
      const TensorId size = combine(writer, Code::ADD, writer.add(Code::ABS, {x}), 1.0f);
      return finish_combined(writer, Code::DIV, x, size);
    }
    case ActivationKind::kMish:
      return write_mish(writer);
    case ActivationKind::kScaledTanh: {
      const TensorId bent =
          writer.add(Code::TANH, {combine(writer, Code::MUL, writer.real_input(0), op.beta)});
      return finish_combined(writer, Code::MUL, bent, writer.number(op.alpha));
    }
    case ActivationKind::kScaledSelu:
      return write_selu(writer, op.alpha, op.beta);
    case ActivationKind::kLinear:
      return write_linear(writer, op.alpha, op.beta);
  }
  return internal_error("an activation without a name");
}

Status write_operation(NodeWriter& writer, const PreluOp&) {
  return writer.finish(Code::PRELU, {writer.input(0), writer.input(1)});
}

}  // namespace tinysplit::tflite
