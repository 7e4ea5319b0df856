#include "kernels/activations.h"

#include <algorithm>
#include <cmath>

#include "kernels/clip.h"
#include "kernels/dtype_dispatch.h"
#include "kernels/exponentials.h"
#include "kernels/float_to_integer.h"
#include "kernels/strides.h"

namespace tinysplit::native {
namespace {

template <typename Function>
void map(const float* x, float* y, std::size_t count, Function function) {
  for (std::size_t i = 0; i < count; ++i) y[i] = function(x[i]);
}

float gelu_erf(float x) { return 0.5f * x * (1.0f + std::erf(x * 0.707106781f)); }

float softplus(float x) { return std::max(x, 0.0f) + std::log1p(std::exp(-std::fabs(x))); }

// Klambauer et al., Self-Normalizing Neural Networks, 2017.
constexpr float kSeluAlpha = 1.6732632423543772f;
constexpr float kSeluScale = 1.0507009873554805f;

// Kinds that need no exponential.
void activate_simply(const ActivationOp& op, const float* x, float* y, std::size_t count) {
  const float alpha = op.alpha, beta = op.beta, gamma = op.gamma;
  switch (op.kind) {
    case ActivationKind::kClip:
      return map(x, y, count, [=](float v) { return clip(v, alpha, beta); });
    case ActivationKind::kHardSigmoid:
      return map(x, y, count, [=](float v) { return clip(alpha * v + beta, 0.0f, 1.0f); });
    case ActivationKind::kHardSwish:
      return map(x, y, count,
                 [](float v) { return v * clip(v * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f); });
    case ActivationKind::kThresholdRelu:
      // A threshold alone chooses: what is below it, or no number, becomes zero, as in Keras and
      // ONNX Runtime. A slope of 0 without a threshold is a product there too.
      if (alpha == 0.0f && gamma != 0.0f) {
        return map(x, y, count, [=](float v) { return v >= gamma ? std::min(v, beta) : 0.0f; });
      }
      return map(x, y, count,
                 [=](float v) { return v >= gamma ? std::min(v, beta) : alpha * (v - gamma); });
    case ActivationKind::kSoftsign:
      return map(x, y, count, [](float v) { return v / (1.0f + std::fabs(v)); });
    case ActivationKind::kLinear:
      return map(x, y, count, [=](float v) { return alpha * v + beta; });
    default:
      return;
  }
}

}  // namespace

void activate(const ActivationOp& op, const float* x, float* y, std::size_t count) {
  const Exponentials& loops = exponentials();
  switch (op.kind) {
    case ActivationKind::kSigmoid:
      return loops.sigmoid(x, y, count);
    case ActivationKind::kTanh:
      return loops.scaled_tanh(1.0f, 1.0f, x, y, count);
    case ActivationKind::kScaledTanh:
      return loops.scaled_tanh(op.alpha, op.beta, x, y, count);
    case ActivationKind::kElu:
      return loops.elu(1.0f, op.alpha, 1.0f, x, y, count);
    case ActivationKind::kSelu:
      return loops.elu(kSeluScale, kSeluScale * kSeluAlpha, 1.0f, x, y, count);
    case ActivationKind::kScaledSelu:
      return loops.elu(op.beta, op.beta * op.alpha, 1.0f, x, y, count);
    case ActivationKind::kCelu:
      return loops.elu(1.0f, op.alpha, 1.0f / op.alpha, x, y, count);
    case ActivationKind::kGeluErf:
      return map(x, y, count, gelu_erf);
    case ActivationKind::kGeluTanh:
      return loops.gelu_tanh(x, y, count);
    case ActivationKind::kSwish:
      return loops.swish(x, y, count);
    case ActivationKind::kSoftplus:
      return map(x, y, count, softplus);
    case ActivationKind::kExp:
      return loops.exponential(0.0f, x, y, count);
    case ActivationKind::kMish:
      return loops.mish(x, y, count);
    default:
      return activate_simply(op, x, y, count);
  }
}

namespace {

template <typename T>
Body clip_integers(const ActivationOp& op, std::size_t count) {
  const T low = float_to_integer<T>(std::ceil(op.alpha));
  const T high = float_to_integer<T>(std::floor(op.beta));
  return [=](Inputs inputs, std::byte* output) {
    const T* x = reinterpret_cast<const T*>(inputs[0]);
    T* __restrict y = reinterpret_cast<T*>(output);
    for (std::size_t i = 0; i < count; ++i) y[i] = std::min(std::max(x[i], low), high);
    return ok_status();
  };
}

}  // namespace

Body activation_body(const KernelSpec& spec) {
  const auto* op = std::get_if<ActivationOp>(spec.op);
  if (op == nullptr || !plain_numbers(spec) || !same_numbers(spec, 0)) return {};
  const std::size_t count = usize(spec.output->shape.num_elements());
  return for_number(spec.output->dtype, [&](auto zero) -> Body {
    using T = decltype(zero);
    if constexpr (std::is_same_v<T, float>) {
      return body_of([activation = *op, count](std::span<const float* const> inputs, float* y) {
        activate(activation, inputs[0], y, count);
      });
    } else {
      return op->kind == ActivationKind::kClip ? clip_integers<T>(*op, count) : Body();
    }
  });
}

Body own_activation_body(const KernelSpec& spec) {
  const auto* op = std::get_if<ActivationOp>(spec.op);
  if (op == nullptr) return {};
  switch (op->kind) {
    case ActivationKind::kSigmoid:
    case ActivationKind::kTanh:
    case ActivationKind::kElu:
    case ActivationKind::kGeluErf:
    case ActivationKind::kGeluTanh:
    case ActivationKind::kSwish:
    case ActivationKind::kSoftplus:
    case ActivationKind::kExp:
      return {};
    default:
      return activation_body(spec);
  }
}

}  // namespace tinysplit::native
