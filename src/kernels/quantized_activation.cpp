#include <cmath>

#include "kernels/activations.h"
#include "kernels/quantized_maps.h"
#include "kernels/quantized_values.h"
#include "kernels/quantized_wide.h"
#include "kernels/walk.h"

namespace tinysplit::quantized {
namespace {

// x rescaled to the output's quantisation, then clipped.
Map clip_map(const ActivationOp& op, const KernelSpec& spec) {
  const Affine x = affine_of(*spec.inputs[0]), y = affine_of(*spec.output);
  const StoredRange range = clip_range(op.alpha, op.beta, *spec.output);
  if (x == y) return [=](std::int32_t at) { return range.clamp(at); };
  const Multiplier factor = make_multiplier(static_cast<double>(x.scale / y.scale));
  return [=](std::int32_t at) {
    return range.clamp(wrapping_add(y.zero_point, multiply(at - x.zero_point, factor)));
  };
}

Map leaky_relu_map(float slope, const KernelSpec& spec) {
  const Affine x = affine_of(*spec.inputs[0]), y = affine_of(*spec.output);
  const StoredRange range = output_range(spec);
  const Multiplier positive = make_multiplier(static_cast<double>(x.scale / y.scale));
  const bool falls = slope < 0.0f;
  const Multiplier negative =
      make_multiplier(static_cast<double>(x.scale * std::abs(slope) / y.scale));
  return [=](std::int32_t at) {
    const std::int32_t centred = at - x.zero_point;
    if (centred >= 0) return range.clamp(wrapping_add(y.zero_point, multiply(centred, positive)));
    const std::int32_t scaled = multiply(falls ? -centred : centred, negative);
    return range.clamp(wrapping_add(y.zero_point, scaled));
  };
}

std::int16_t clamp16(std::int32_t x) {
  return static_cast<std::int16_t>(std::clamp(x, -32768, 32767));
}

// (a * b + 2^14) / 2^15 rounded down.
std::int16_t doubling_high_multiply16(std::int16_t a, std::int16_t b) {
  return clamp16((a * b + (1 << 14)) >> 15);
}

struct Multiplier16 {
  std::int16_t significand;
  int shift;
};

Multiplier16 make_multiplier16(float real) {
  const Multiplier full = make_multiplier(static_cast<double>(real));
  const std::int64_t rounded = (std::int64_t{full.significand} + (1 << 15)) >> 16;
  return {clamp16(static_cast<std::int32_t>(rounded)), full.shift};
}

// x * clip(x / 6 + 1/2, 0, 1) in 16-bit fixed point, 7 bits finer than x.
Map hard_swish_map(const KernelSpec& spec) {
  const Affine x = affine_of(*spec.inputs[0]), y = affine_of(*spec.output);
  const StoredRange range = output_range(spec);
  const float fine = (1.0f / 128.0f) * x.scale;
  const Multiplier16 output = make_multiplier16(fine / y.scale);
  const Multiplier16 gate = make_multiplier16(fine / (3.0f / 32768.0f));
  return [=](std::int32_t at) {
    const std::int16_t value = static_cast<std::int16_t>((at - x.zero_point) * 128);
    const std::int16_t scaled = doubling_high_multiply16(value, output.significand);
    // From -3...3 as -1...1, saturating on the way as often as the shift asks.
    std::int16_t open = value;
    if (gate.shift > 0) open = clamp16(saturating_shift_left(open, gate.shift - 1));
    open = doubling_high_multiply16(open, gate.significand);
    if (gate.shift > 0) open = clamp16(open * 2);
    if (gate.shift < 0) open = clamp16(rounding_shift_right(open, -gate.shift));
    open = static_cast<std::int16_t>((open + (1 << 15)) >> 1);
    const std::int16_t product = clamp16(open * scaled / (1 << 15));
    const std::int32_t shifted = output.shift > 0 ? clamp16(product * (1 << output.shift))
                                                  : rounding_shift_right(product, -output.shift);
    return range.clamp(clamp16(shifted + y.zero_point));
  };
}

float real_activation(const ActivationOp& op, float x) {
  switch (op.kind) {
    case ActivationKind::kSigmoid:
      return 1.0f / (1.0f + std::exp(-x));
    case ActivationKind::kTanh:
      return std::tanh(x);
    case ActivationKind::kElu:
      return x < 0.0f ? op.alpha * std::expm1(x) : x;
    case ActivationKind::kGeluErf:
      return 0.5f * x * std::erfc(x * -0.70710678118654752440f);
    case ActivationKind::kGeluTanh:
      return 0.5f * x *
             (1.0f + std::tanh(0.797884560802865f * (x + 0.044715f * std::pow(x, 3.0f))));
    case ActivationKind::kExp:
      return std::exp(x);
    default: {
      float y = 0.0f;
      native::activate(op, &x, &y, 1);
      return y;
    }
  }
}

Map real_map(const ActivationOp& op, const KernelSpec& spec) {
  return table_map(spec, [op](float x) { return real_activation(op, x); });
}

Map map_of(const ActivationOp& op, const KernelSpec& spec) {
  switch (op.kind) {
    case ActivationKind::kClip:
      return clip_map(op, spec);
    case ActivationKind::kHardSwish:
      return hard_swish_map(spec);
    case ActivationKind::kThresholdRelu:
      if (op.gamma == 0.0f && std::isinf(op.beta)) return leaky_relu_map(op.alpha, spec);
      return real_map(op, spec);
    default:
      return real_map(op, spec);
  }
}

}  // namespace

Body activation_body(const KernelSpec& spec) {
  const auto* op = std::get_if<ActivationOp>(spec.op);
  if (op == nullptr) return {};
  const Value& x = *spec.inputs[0];
  if (is_byte(x) && is_byte(*spec.output)) return mapped_body(spec, map_of(*op, spec));
  const bool integer = op->kind == ActivationKind::kClip ||
                       (op->kind == ActivationKind::kThresholdRelu && op->gamma == 0.0f);
  if (!is_wide(x) || !is_wide(*spec.output)) return {};
  const Map map = integer                                ? map_of(*op, spec)
                  : op->kind == ActivationKind::kSigmoid ? wide_sigmoid_map(spec)
                  : op->kind == ActivationKind::kTanh    ? wide_tanh_map(spec)
                                                         : Map();
  return map ? mapped_body(spec, map) : Body();
}

Body prelu_body(const KernelSpec& spec) {
  if (!std::holds_alternative<PreluOp>(*spec.op)) return {};
  const Value &in = *spec.inputs[0], &slope = *spec.inputs[1];
  if (!is_byte(in) || !is_byte(slope) || !is_byte(*spec.output)) return {};
  const Affine x = affine_of(in), a = affine_of(slope), y = affine_of(*spec.output);
  const Multiplier positive = make_multiplier(static_cast<double>(x.scale / y.scale));
  const Multiplier negative = make_multiplier(static_cast<double>(x.scale * a.scale / y.scale));
  const StoredRange range = output_range(spec);
  const auto walk =
      native::broadcast_walk<2>(std::array<Shape, 2>{in.shape, slope.shape}, spec.output->shape);
  Body body;
  body.run = [=, types = std::array{in.dtype, slope.dtype, spec.output->dtype}](
                 std::span<const std::byte* const> inputs, std::byte* output, std::byte*) {
    std::size_t to = 0;
    walk.for_each_row([&](const auto& at) {
      for (std::size_t i = 0; i < walk.width(); ++i, ++to) {
        const std::ptrdiff_t k = static_cast<std::ptrdiff_t>(i);
        const std::size_t at_x = static_cast<std::size_t>(at[0] + k * walk.step(0));
        const std::size_t at_slope = static_cast<std::size_t>(at[1] + k * walk.step(1));
        const std::int32_t value = load(types[0], inputs[0], at_x) - x.zero_point;
        const std::int32_t factor = load(types[1], inputs[1], at_slope) - a.zero_point;
        const std::int32_t scaled =
            value >= 0 ? multiply(value, positive) : multiply(value * factor, negative);
        store(types[2], output, to, range.clamp(wrapping_add(scaled, y.zero_point)));
      }
    });
  };
  return body;
}

}  // namespace tinysplit::quantized
