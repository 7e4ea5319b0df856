#include <algorithm>
#include <cstring>

#include "engine/native/native_kernels.h"

namespace tinysplit::native {

Body reduction_body(const KernelSpec& spec) {
  const auto* op = std::get_if<GlobalPoolOp>(spec.op);
  if (op == nullptr) return {};
  const Shape& in = spec.inputs[0]->shape;
  const std::size_t channels = static_cast<std::size_t>(in[3]);
  const std::size_t cells = static_cast<std::size_t>(in[1] * in[2]);
  if (op->kind == PoolKind::kMax) {
    return [=](std::span<const float* const> inputs, float* __restrict y) {
      std::memcpy(y, inputs[0], channels * sizeof(float));
      for (std::size_t i = 1; i < cells; ++i) {
        const float* __restrict x = inputs[0] + i * channels;
        for (std::size_t c = 0; c < channels; ++c) y[c] = std::max(y[c], x[c]);
      }
    };
  }
  const float scale = 1.0f / static_cast<float>(cells);
  return [=](std::span<const float* const> inputs, float* __restrict y) {
    std::memset(y, 0, channels * sizeof(float));
    for (std::size_t i = 0; i < cells; ++i) {
      const float* __restrict x = inputs[0] + i * channels;
      for (std::size_t c = 0; c < channels; ++c) y[c] += x[c];
    }
    for (std::size_t c = 0; c < channels; ++c) y[c] *= scale;
  };
}

}  // namespace tinysplit::native
