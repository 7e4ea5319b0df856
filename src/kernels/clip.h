#pragma once

#include <cstddef>

#include "kernels/kernel.h"

namespace tinysplit::native {

// x within [low, high]. NaN stays, as in Keras, LiteRT and ONNX Runtime; a zero at a bound of zero
// becomes that bound, so -0 behind a ReLU is 0 wherever the ReLU is computed. The two choices are
// comparisons without a branch, which the compiler makes vector code of.
inline float clip(float x, float low, float high) {
  const float above = x <= low ? low : x;
  return above >= high ? high : above;
}

inline void clip(const Clip& bounds, float* y, std::size_t count) {
  const float low = bounds.low, high = bounds.high;
  for (std::size_t i = 0; i < count; ++i) y[i] = clip(y[i], low, high);
}

// The larger and the smaller of two numbers, NaN if one is.
inline float larger(float a, float b) { return ((a >= b) | (a != a)) ? a : b; }
inline float smaller(float a, float b) { return ((a <= b) | (a != a)) ? a : b; }

}  // namespace tinysplit::native
