#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

namespace tinysplit::quantized {

// Integer arithmetic of TensorFlow Lite's reference kernels ("double rounding"): a real factor is a
// 31-bit significand and a power of two, applied by a rounding doubling high multiply and a
// rounding right shift. Bit for bit; sums and shifts that overflow wrap.

struct Multiplier {
  std::int32_t significand = 0;  // of 2^31; 0 or in [2^30, 2^31)
  int shift = 0;                 // factor = significand / 2^31 * 2^shift
};

// `real` >= 0; below 2^-32 it becomes 0.
Multiplier make_multiplier(double real);

// k where `x` is 2^k, or as near as TensorFlow Lite asks: its logarithm within 1/1000.
std::optional<int> exponent_of_two(float x);
// The same of the scale of an LSTM's cell state, which has to be from 2^-15 to 2^-9.
std::optional<int> cell_exponent(float scale);

inline std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

inline std::int32_t wrapping_shift_left(std::int32_t x, int bits) {
  return bits > 31 ? 0 : static_cast<std::int32_t>(static_cast<std::uint32_t>(x) << bits);
}

// (a * b + 2^30) / 2^31 rounded down; -2^31 squared saturates.
inline std::int32_t doubling_high_multiply(std::int32_t a, std::int32_t b) {
  constexpr std::int32_t kLowest = std::numeric_limits<std::int32_t>::min();
  if (a == kLowest && b == kLowest) return std::numeric_limits<std::int32_t>::max();
  const std::int64_t product = std::int64_t{a} * b;
  return static_cast<std::int32_t>((product + (std::int64_t{1} << 30)) >> 31);
}

// x / 2^exponent, halves away from zero. 0 <= exponent <= 31.
inline std::int32_t rounding_shift_right(std::int32_t x, int exponent) {
  const std::int32_t mask = static_cast<std::int32_t>((std::int64_t{1} << exponent) - 1);
  const std::int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

inline std::int32_t multiply(std::int32_t x, Multiplier factor) {
  const int left = std::max(factor.shift, 0);
  return rounding_shift_right(
      doubling_high_multiply(wrapping_shift_left(x, left), factor.significand),
      left - factor.shift);
}

// The form of dense layers: rounded once, halves up. Precondition: |x| < 2^32.
inline std::int32_t multiply_once(std::int64_t x, Multiplier factor) {
  const int shift = std::max(31 - factor.shift, 1);
  return static_cast<std::int32_t>((x * factor.significand + (std::int64_t{1} << (shift - 1))) >>
                                   shift);
}

// The form for 64-bit accumulators (of int16 activations): a 16-bit significand, one rounding.
// Precondition: |x| < 2^47.
inline std::int32_t multiply_wide(std::int64_t x, Multiplier factor) {
  const std::int32_t reduced =
      factor.significand < 0x7fff0000 ? (factor.significand + (1 << 15)) >> 16 : 0x7fff;
  const int shift = 15 - factor.shift;
  return static_cast<std::int32_t>((x * reduced + (std::int64_t{1} << (shift - 1))) >> shift);
}

inline std::int32_t saturating_shift_left(std::int32_t x, int bits) {
  const std::int64_t wide = std::int64_t{x} * (std::int64_t{1} << bits);
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(
      wide, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
}

// exp(x) in units of 2^-31 for x <= 0 in units of 2^-26.
std::int32_t exp_of_negative(std::int32_t x);

// 1 / x for x > 0 in units of 2^(integer_bits - 31): the significand in units of 2^-31, to be
// divided by 2^(*bits_over_unit).
std::int32_t reciprocal(std::int32_t x, int integer_bits, int* bits_over_unit);

// 1 / sqrt(x) as a factor, for integers x.
Multiplier inverse_square_root(std::int32_t x);

}  // namespace tinysplit::quantized
