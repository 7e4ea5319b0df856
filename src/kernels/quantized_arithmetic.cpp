#include "kernels/quantized_arithmetic.h"

#include <array>
#include <bit>
#include <cmath>

namespace tinysplit::quantized {
namespace {

constexpr std::int32_t kOne = std::numeric_limits<std::int32_t>::max();  // of 2^-31 units

// exp(x) for x in [-1/4, 0), both in units of 2^-31: Taylor's polynomial around -1/8.
std::int32_t exp_of_quarter(std::int32_t x) {
  constexpr std::int32_t kExpOfMinusEighth = 1895147668;
  constexpr std::int32_t kThird = 715827883;
  const std::int32_t at = wrapping_add(x, 1 << 28);
  const std::int32_t square = doubling_high_multiply(at, at);
  const std::int32_t cube = doubling_high_multiply(square, at);
  const std::int32_t fourth = doubling_high_multiply(square, square);
  const std::int32_t high = doubling_high_multiply(rounding_shift_right(fourth, 2) + cube, kThird);
  const std::int32_t tail = rounding_shift_right(high + square, 1);
  return wrapping_add(kExpOfMinusEighth, doubling_high_multiply(kExpOfMinusEighth, at + tail));
}

// 1 / (1 + x) for x in [0, 1), both in units of 2^-31: three Newton steps.
std::int32_t one_over_one_plus(std::int32_t x) {
  constexpr std::int32_t k48Over17 = 1515870810;  // in units of 2^-29, as `y` below
  constexpr std::int32_t kMinus32Over17 = -1010580540;
  const std::int32_t half = static_cast<std::int32_t>((std::int64_t{x} + kOne + 1) / 2);
  std::int32_t y = wrapping_add(k48Over17, doubling_high_multiply(half, kMinus32Over17));
  for (int step = 0; step < 3; ++step) {
    const std::int32_t rest = (1 << 29) - doubling_high_multiply(half, y);
    y = wrapping_add(y, saturating_shift_left(doubling_high_multiply(y, rest), 2));
  }
  return saturating_shift_left(y, 1);
}

}  // namespace

std::optional<int> exponent_of_two(float x) {
  const float logarithm = std::log2(x);
  const float nearest = std::round(logarithm);
  if (!(std::abs(logarithm - nearest) < 1e-3f)) return std::nullopt;
  return static_cast<int>(nearest);
}

std::optional<int> cell_exponent(float scale) {
  const std::optional<int> exponent = exponent_of_two(scale);
  return exponent && *exponent >= -15 && *exponent <= -9 ? exponent : std::nullopt;
}

Multiplier make_multiplier(double real) {
  if (real == 0.0) return {};
  Multiplier factor;
  std::int64_t significand = std::llround(std::frexp(real, &factor.shift) * 2147483648.0);
  if (significand == std::int64_t{1} << 31) {
    significand /= 2;
    ++factor.shift;
  }
  if (factor.shift < -31) return {};
  factor.significand = static_cast<std::int32_t>(significand);
  return factor;
}

std::int32_t exp_of_negative(std::int32_t x) {
  if (x == 0) return kOne;
  // exp(-2^n) for n = -2, -1, ... 4: the parts of x that are whole quarters.
  constexpr std::array<std::int32_t, 7> kFactors{1672461947, 1302514674, 790015084, 290630308,
                                                 39332535,   720401,     242};
  constexpr std::int32_t kQuarter = 1 << 24;
  const std::int32_t rest = (x & (kQuarter - 1)) - kQuarter;
  const std::int32_t quarters = rest - x;
  std::int32_t y = exp_of_quarter(saturating_shift_left(rest, 5));
  for (int i = 0; i < 7; ++i) {
    if ((quarters & (1 << (24 + i))) != 0) {
      y = doubling_high_multiply(y, kFactors[static_cast<std::size_t>(i)]);
    }
  }
  return y;
}

std::int32_t reciprocal(std::int32_t x, int integer_bits, int* bits_over_unit) {
  const int headroom = std::countl_zero(static_cast<std::uint32_t>(x));
  *bits_over_unit = integer_bits - headroom;
  const std::uint32_t shifted = static_cast<std::uint32_t>(x) << headroom;
  return one_over_one_plus(static_cast<std::int32_t>(shifted - (1u << 31)));
}

Multiplier inverse_square_root(std::int32_t x) {
  if (x <= 1) return {kOne, 0};
  constexpr std::int32_t kThreeHalves = (1 << 28) + (1 << 27);  // in units of 2^-28, as `y`
  constexpr std::int32_t kHalfRootOfTwo = 1518500250;
  int shift = 11;
  for (; x >= 1 << 29; x /= 4) ++shift;
  const int pairs = (std::countl_zero(static_cast<std::uint32_t>(x)) - 1) / 2 - 1;
  shift -= pairs;
  x <<= 2 * pairs;
  const std::int32_t half = rounding_shift_right(x >> 1, 1);
  std::int32_t y = 1 << 28;
  for (int step = 0; step < 5; ++step) {
    const std::int32_t square = doubling_high_multiply(y, y);
    const std::int32_t cube = saturating_shift_left(doubling_high_multiply(square, y), 6);
    y = saturating_shift_left(
        doubling_high_multiply(kThreeHalves, y) - doubling_high_multiply(half, cube), 3);
  }
  y = doubling_high_multiply(y, kHalfRootOfTwo);
  if (shift < 0) {
    y = wrapping_shift_left(y, -shift);
    shift = 0;
  }
  return {y, -shift};
}

}  // namespace tinysplit::quantized
