#include <algorithm>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_values.h"
#include "kernels/strides.h"

namespace tinysplit::quantized {

// x / sqrt(sum of squares) over the last axis; the output has steps of 1/128 around its middle.
// The epsilon of the real operation has no counterpart.
Body normalize_body(const KernelSpec& spec) {
  const auto* op = std::get_if<NormalizeOp>(spec.op);
  const Value& in = *spec.inputs[0];
  if (op == nullptr || op->kind != NormalizeKind::kL2) return {};
  const int last = in.shape.rank() - 1;
  if (op->axes != std::vector<int>{last} || !is_byte(in) || in.dtype != spec.output->dtype ||
      !is_byte(*spec.output)) {
    return {};
  }
  const Affine x = affine_of(in), y = affine_of(*spec.output);
  const std::int32_t middle = is_signed_byte(in) ? 0 : 128;
  if (y.scale != 1.0f / 128.0f || y.zero_point != middle) return {};
  const std::size_t depth = usize(in.shape[last]);
  const std::size_t rows = usize(in.shape.num_elements()) / depth;
  Body body;
  body.run = [=, dtype = in.dtype, range = output_range(spec)](
                 std::span<const std::byte* const> inputs, std::byte* output, std::byte*) {
    constexpr int kOutputBits = 7;
    for (std::size_t row = 0; row < rows; ++row) {
      std::int32_t squares = 0;
      for (std::size_t i = 0; i < depth; ++i) {
        const std::int32_t centred = load(dtype, inputs[0], row * depth + i) - x.zero_point;
        squares = wrapping_add(squares, centred * centred);
      }
      Multiplier factor = inverse_square_root(squares);
      // Signed numbers take the output's bits in the shift, unsigned ones before it.
      const std::int32_t before = middle == 0 ? 1 : 1 << kOutputBits;
      if (middle == 0) factor.shift += kOutputBits;
      for (std::size_t i = 0; i < depth; ++i) {
        const std::int32_t centred = load(dtype, inputs[0], row * depth + i) - x.zero_point;
        store(dtype, output, row * depth + i,
              range.clamp(multiply(before * centred, factor) + middle));
      }
    }
  };
  return body;
}

}  // namespace tinysplit::quantized
