#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/vector_code.h"

// exp and its kin without branches or calls, so that loops over them become vector code. Errors are
// below 2e-7 relative; NaN stays NaN.
namespace tinysplit::native {

// x = n ln 2 + r with |r| <= ln 2 / 2: exp(x) = 2^n (1 + p), p = exp(r) - 1.
struct ExpParts {
  float p;
  float half_scale;  // 2^(n-1), as 2^128 is no float
};

TINYSPLIT_INLINE ExpParts exp_parts(float x) {
  // ln 2 in two parts (Cody and Waite): n times the first is exact.
  constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr float kLog2E = 1.44269504f;
  // Adding it leaves the rounded integer in the low bits.
  constexpr float kRounder = 12582912.0f;
  x = x > 89.0f ? 89.0f : x;
  x = x < -87.0f ? -87.0f : x;
  const float rounded = x * kLog2E + kRounder;
  const float n = rounded - kRounder;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  // Taylor's series; the term after the last is below 2^-25 of p.
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * (r * r) + r;
  const std::uint32_t exponent = std::bit_cast<std::uint32_t>(rounded) + 126u;
  return {p, std::bit_cast<float>(exponent << 23)};
}

TINYSPLIT_INLINE float vector_exp(float x) {
  const ExpParts parts = exp_parts(x);
  const float y = (1.0f + parts.p) * parts.half_scale * 2.0f;
  return x < -87.0f ? 0.0f : y;
}

// exp(x) - 1, exact near 0 too.
TINYSPLIT_INLINE float vector_expm1(float x) {
  const ExpParts parts = exp_parts(x);
  return (parts.p * parts.half_scale + (parts.half_scale - 0.5f)) * 2.0f;
}

TINYSPLIT_INLINE float vector_sigmoid(float x) { return 1.0f / (1.0f + vector_exp(-x)); }

TINYSPLIT_INLINE float vector_tanh(float x) {
  // Beyond 9.1 the result rounds to 1.
  float bounded = x > 9.1f ? 9.1f : x;
  bounded = bounded < -9.1f ? -9.1f : bounded;
  const float t = vector_expm1(2.0f * bounded);
  return t / (t + 2.0f);
}

}  // namespace tinysplit::native
