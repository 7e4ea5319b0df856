#include <algorithm>
#include <cstring>

#include "kernels/clip.h"
#include "kernels/native_bodies.h"

namespace tinysplit::native {

Body reduction_body(const KernelSpec& spec) {
  const auto* op = std::get_if<GlobalPoolOp>(spec.op);
  if (op == nullptr) return {};
  if (!is_float(spec)) return {};
  const Shape& in = spec.inputs[0]->shape;
  const std::size_t batch = static_cast<std::size_t>(in[0]);
  const std::size_t channels = static_cast<std::size_t>(in[3]);
  const std::size_t cells = static_cast<std::size_t>(in[1] * in[2]);
  if (op->kind == PoolKind::kMax) {
    return body_of([=](std::span<const float* const> inputs, float* __restrict y) {
      const float* __restrict x = inputs[0];
      for (std::size_t n = 0; n < batch; ++n, y += channels) {
        std::memcpy(y, x, channels * sizeof(float));
        for (std::size_t i = 0; i < cells; ++i, x += channels) {
          for (std::size_t c = 0; c < channels; ++c) y[c] = larger(y[c], x[c]);
        }
      }
    });
  }
  const float scale = 1.0f / static_cast<float>(cells);
  return body_of([=](std::span<const float* const> inputs, float* __restrict y) {
    const float* __restrict x = inputs[0];
    for (std::size_t n = 0; n < batch; ++n, y += channels) {
      std::memset(y, 0, channels * sizeof(float));
      for (std::size_t i = 0; i < cells; ++i, x += channels) {
        for (std::size_t c = 0; c < channels; ++c) y[c] += x[c];
      }
      for (std::size_t c = 0; c < channels; ++c) y[c] *= scale;
    }
  });
}

}  // namespace tinysplit::native
