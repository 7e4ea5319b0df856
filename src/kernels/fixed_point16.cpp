#include "kernels/fixed_point16.h"

#include <algorithm>
#include <limits>

namespace tinysplit::quantized {
namespace {

// Numbers are of 16 bits, in int so that nothing overflows between two steps. "Q k" is a number of
// k integer bits: in units of 2^(k-15).
constexpr int kLowest = std::numeric_limits<std::int16_t>::min();
constexpr int kHighest = std::numeric_limits<std::int16_t>::max();

int wrapped(int x) { return static_cast<std::int16_t>(static_cast<std::uint16_t>(x)); }
int saturated(int x) { return std::clamp(x, kLowest, kHighest); }

// a b / 2^15, halves away from zero. Of Q j and Q k: Q j+k.
int product(int a, int b) {
  const int twice = a * b;
  return saturated((twice + (twice >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15));
}

// x 2^bits.
int raised(int x, int bits) { return saturated(x * (1 << bits)); }

// x / 2^bits, halves away from zero.
int lowered(int x, int bits) {
  const int mask = (1 << bits) - 1;
  const int threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> bits) + ((x & mask) > threshold ? 1 : 0);
}

// exp(a) for a in [-1/4, 0), both Q 0: a polynomial around -1/8.
int exp_near_zero(int a) {
  constexpr int kExpOfMinusEighth = 28918, kThird = 10923;
  const int x = wrapped(a + (1 << 12));
  const int x2 = product(x, x), x3 = product(x2, x), x4 = product(x2, x2);
  const int tail = lowered(wrapped(product(wrapped(lowered(x4, 2) + x3), kThird) + x2), 1);
  return saturated(kExpOfMinusEighth + product(kExpOfMinusEighth, wrapped(x + tail)));
}

// exp(a) in Q 0 for a <= 0 in Q bits: the rest of a division by 1/4 by the polynomial, the quotient
// by a product of powers for each of its bits.
int exp_of_negative16(int a, int bits) {
  // exp(-2^k) for k from -2 on.
  constexpr int kFirstPower = -2;
  constexpr int kPowers[] = {25520, 19875, 12055, 4435, 600, 11, 0};
  const int fraction_bits = 15 - bits;
  const int quarter = 1 << (fraction_bits - 2);
  const int rest = (a & (quarter - 1)) - quarter;
  const int quotient = rest - a;
  int result = exp_near_zero(raised(rest, bits));
  for (int i = 0; i < 7 && i + kFirstPower < bits; ++i) {
    if ((quotient & (1 << (fraction_bits + kFirstPower + i))) != 0) {
      result = product(result, kPowers[i]);
    }
  }
  if (bits > 5 && a < -(1 << (fraction_bits + 5))) result = 0;
  return a == 0 ? kHighest : result;
}

// 2 / (1 + a) in Q 2 for a in [0, 1] in Q 0, by three steps of Newton and Raphson.
int twice_reciprocal_of_one_plus(int a) {
  constexpr int kStart = 23130, kSlope = -15420, kOne = 1 << 13;  // 48/17 and -32/17 in Q 2
  const int sum = a + kHighest;
  const int half = (sum + 1) / 2;  // (1 + a) / 2
  int x = wrapped(kStart + product(half, kSlope));
  for (int i = 0; i < 3; ++i) {
    const int error = wrapped(kOne - product(half, x));
    x = wrapped(x + raised(product(x, error), 2));
  }
  return x;
}

}  // namespace

std::int16_t logistic16(std::int16_t x) {
  if (x == 0) return 1 << 14;
  const int decay = exp_of_negative16(x > 0 ? -x : x, 3);
  const int positive = raised(twice_reciprocal_of_one_plus(decay), 1);
  return static_cast<std::int16_t>(x > 0 ? positive : kHighest - positive);
}

std::int16_t tanh16(std::int16_t x, int integer_bits) {
  if (x == 0) return 0;
  const int decay = exp_of_negative16(x > 0 ? -x : x, integer_bits + 1);  // exp(-2|x|)
  const int positive = raised(wrapped(twice_reciprocal_of_one_plus(decay) - (1 << 13)), 2);
  return static_cast<std::int16_t>(x > 0 ? positive : -positive);
}

}  // namespace tinysplit::quantized
