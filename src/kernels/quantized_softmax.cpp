#include <algorithm>
#include <cmath>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_values.h"
#include "kernels/quantized_wide.h"
#include "kernels/reduction_walk.h"

namespace tinysplit::quantized {
namespace {

// Fixed point: differences to the largest have 5 integer bits, the sum of exponentials has 12.
constexpr int kDifferenceBits = 5;
constexpr int kSumBits = 12;

struct SoftmaxNumbers {
  Multiplier input;         // from stored numbers to differences in units of 2^-26
  std::int32_t lowest = 0;  // smaller differences vanish
  int output_bits = 8;
  StoredRange range;
  DType dtype = DType::kInt8;  // of x
  DType output_dtype = DType::kInt8;
};

void softmax(const SoftmaxNumbers& numbers, const native::AxisView& view, std::size_t start,
             const std::byte* x, std::byte* y) {
  std::int32_t largest = range_of(numbers.dtype).low;
  for (std::size_t i = 0; i < view.size; ++i) {
    largest = std::max(largest, load(numbers.dtype, x, start + i * view.inner));
  }
  const auto exponential = [&](std::int32_t difference) {
    return exp_of_negative(multiply(difference, numbers.input));
  };
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < view.size; ++i) {
    const std::int32_t difference = load(numbers.dtype, x, start + i * view.inner) - largest;
    if (difference < numbers.lowest) continue;
    sum = wrapping_add(sum, rounding_shift_right(exponential(difference), kSumBits));
  }
  int bits_over_unit = 0;
  const std::int32_t scale = reciprocal(sum, kSumBits, &bits_over_unit);
  const int shift = std::min(bits_over_unit + 31 - numbers.output_bits, 31);
  for (std::size_t i = 0; i < view.size; ++i) {
    const std::size_t at = start + i * view.inner;
    const std::int32_t difference = load(numbers.dtype, x, at) - largest;
    std::int32_t result = numbers.range.low;
    if (difference >= numbers.lowest) {
      const std::int32_t product = doubling_high_multiply(scale, exponential(difference));
      result = numbers.range.clamp(rounding_shift_right(product, shift) + numbers.range.low);
    }
    store(numbers.output_dtype, y, at, result);
  }
}

}  // namespace

Body softmax_body(const KernelSpec& spec) {
  const auto* op = std::get_if<SoftmaxOp>(spec.op);
  const Value& x = *spec.inputs[0];
  if (Body body = wide_softmax_body(spec)) return body;
  if (op == nullptr || op->logarithm || !is_byte(x) || !is_byte(*spec.output)) return {};
  // The arithmetic gives steps of 1/256 from the lowest number on.
  const Affine y = affine_of(*spec.output);
  const StoredRange range = range_of(spec.output->dtype);
  if (y.scale != 1.0f / 256.0f || y.zero_point != range.low) return {};
  SoftmaxNumbers numbers;
  const double factor = static_cast<double>(affine_of(x).scale) * (1 << (31 - kDifferenceBits));
  numbers.input = make_multiplier(std::min(factor, 2147483647.0));
  const double reach = ((1 << kDifferenceBits) - 1) * std::ldexp(1.0, 31 - kDifferenceBits);
  numbers.lowest = -static_cast<std::int32_t>(std::floor(std::ldexp(reach, -numbers.input.shift)));
  numbers.range = range;
  numbers.dtype = x.dtype;
  numbers.output_dtype = spec.output->dtype;
  const native::AxisView view(x.shape, op->axis < 0 ? op->axis + x.shape.rank() : op->axis);
  Body body;
  body.run = [=](std::span<const std::byte* const> inputs, std::byte* output, std::byte*) {
    for (std::size_t outer = 0; outer < view.outer; ++outer) {
      for (std::size_t inner = 0; inner < view.inner; ++inner) {
        softmax(numbers, view, outer * view.size * view.inner + inner, inputs[0], output);
      }
    }
  };
  return body;
}

}  // namespace tinysplit::quantized
