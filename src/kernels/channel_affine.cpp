#include "kernels/native_bodies.h"
#include "kernels/strides.h"

namespace tinysplit::native {
namespace {

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

Body channel_affine_body(const KernelSpec& spec) {
  if (!std::holds_alternative<ChannelAffineOp>(*spec.op) || !is_float(spec)) return {};
  const Shape& shape = spec.output->shape;
  return body_of(affine_body(usize(shape.num_elements()), usize(shape[shape.rank() - 1])));
}

}  // namespace tinysplit::native
