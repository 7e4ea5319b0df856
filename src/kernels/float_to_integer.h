#pragma once

#include <cmath>
#include <limits>

namespace tinysplit::native {

// Truncates; what does not fit becomes the nearest number that does, NaN becomes 0.
template <typename To>
To float_to_integer(float x) {
  // Both bounds are powers of two, so floats hold them exactly.
  constexpr float kLow = static_cast<float>(std::numeric_limits<To>::min());
  constexpr float kAbove = 2.0f * static_cast<float>(std::numeric_limits<To>::max() / 2 + 1);
  if (std::isnan(x)) return 0;
  if (x <= kLow) return std::numeric_limits<To>::min();
  if (x >= kAbove) return std::numeric_limits<To>::max();
  return static_cast<To>(x);
}

}  // namespace tinysplit::native
