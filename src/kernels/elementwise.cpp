#include <algorithm>
#include <cmath>

#include "kernels/native_bodies.h"

namespace tinysplit::native {
namespace {

template <typename Function>
FloatBody map_body(std::size_t count, Function function) {
  return [count, function](std::span<const float* const> inputs, float* __restrict y) {
    const float* __restrict x = inputs[0];
    for (std::size_t i = 0; i < count; ++i) y[i] = function(x[i]);
  };
}

float selu(float x) {
  // Klambauer et al., Self-Normalizing Neural Networks, 2017.
  constexpr float kAlpha = 1.6732632423543772f;
  constexpr float kScale = 1.0507009873554805f;
  return x > 0.0f ? kScale * x : kScale * kAlpha * std::expm1(x);
}

FloatBody activation_body(const ActivationOp& op, std::size_t count) {
  const float alpha = op.alpha, beta = op.beta, gamma = op.gamma;
  switch (op.kind) {
    case ActivationKind::kClip:
      return map_body(count, [alpha, beta](float x) { return std::min(std::max(x, alpha), beta); });
    case ActivationKind::kSelu:
      return map_body(count, selu);
    case ActivationKind::kHardSigmoid:
      return map_body(count, [alpha, beta](float x) {
        return std::min(std::max(alpha * x + beta, 0.0f), 1.0f);
      });
    case ActivationKind::kHardSwish:
      return map_body(count, [](float x) {
        return x * std::min(std::max(x * (1.0f / 6.0f) + 0.5f, 0.0f), 1.0f);
      });
    case ActivationKind::kThresholdRelu:
      return map_body(count, [alpha, beta, gamma](float x) {
        return x >= gamma ? std::min(x, beta) : alpha * (x - gamma);
      });
    default:
      return {};
  }
}

FloatBody affine_body(std::size_t count, std::size_t channels) {
  if (channels == 1) {
    return [count](std::span<const float* const> inputs, float* __restrict y) {
      const float* __restrict x = inputs[0];
      const float scale = inputs[1][0], shift = inputs[2][0];
      for (std::size_t i = 0; i < count; ++i) y[i] = x[i] * scale + shift;
    };
  }
  return [count, channels](std::span<const float* const> inputs, float* __restrict y) {
    const float* __restrict scale = inputs[1];
    const float* __restrict shift = inputs[2];
    for (std::size_t row = 0; row < count; row += channels) {
      const float* __restrict x = inputs[0] + row;
      for (std::size_t c = 0; c < channels; ++c) y[row + c] = x[c] * scale[c] + shift[c];
    }
  };
}

}  // namespace

Body elementwise_body(const KernelSpec& spec) {
  if (!is_float(spec)) return {};
  const std::size_t count = static_cast<std::size_t>(spec.output->shape.num_elements());
  if (const auto* activation = std::get_if<ActivationOp>(spec.op)) {
    return body_of(activation_body(*activation, count));
  }
  if (std::holds_alternative<ChannelAffineOp>(*spec.op)) {
    const int last = spec.output->shape.rank() - 1;
    return body_of(affine_body(count, static_cast<std::size_t>(spec.output->shape[last])));
  }
  return {};
}

}  // namespace tinysplit::native
