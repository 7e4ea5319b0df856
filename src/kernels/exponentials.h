#pragma once

#include <cstddef>

namespace tinysplit::native {

// Loops over functions made of exp, in vector code. Relative errors are below 3e-7 (of exp - 1 near
// 0 too), NaN stays NaN. x may be y.
struct Exponentials {
  // exp(x - shift); exactly 0 below -87.
  void (*exponential)(float shift, const float* x, float* y, std::size_t count);
  void (*sigmoid)(const float* x, float* y, std::size_t count);
  void (*swish)(const float* x, float* y, std::size_t count);
  // alpha * tanh(beta * x)
  void (*scaled_tanh)(float alpha, float beta, const float* x, float* y, std::size_t count);
  // x > 0 ? positive * x : negative * (exp(slope * x) - 1)
  void (*elu)(float positive, float negative, float slope, const float* x, float* y,
              std::size_t count);
  void (*gelu_tanh)(const float* x, float* y, std::size_t count);
  void (*mish)(const float* x, float* y, std::size_t count);
};

// For the best instruction set that the CPU has: with fused products or without them, results of
// unlike machines differ by rounding, on one machine they never do.
const Exponentials& exponentials();

}  // namespace tinysplit::native
