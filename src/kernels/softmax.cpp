#include <cmath>

#include "kernels/clip.h"
#include "kernels/exponentials.h"
#include "kernels/native_bodies.h"
#include "kernels/reduction_walk.h"

namespace tinysplit::native {
namespace {

float added(float a, float b) { return a + b; }
float itself(float x) { return x; }

void softmax_row(const float* x, std::size_t count, bool logarithm, float* y) {
  const float largest = fold_row(x, count, x[0], itself, larger);
  exponentials().exponential(largest, x, y, count);
  const float sum = fold_row(y, count, 0.0f, itself, added);
  if (logarithm) {
    const float shift = largest + std::log(sum);
    for (std::size_t i = 0; i < count; ++i) y[i] = x[i] - shift;
  } else {
    const float scale = 1.0f / sum;
    for (std::size_t i = 0; i < count; ++i) y[i] *= scale;
  }
}

// Along rows of a [size, inner] matrix, all columns side by side.
void softmax_columns(const float* x, const AxisView& view, bool logarithm, float* y, float* largest,
                     float* sums) {
  const std::size_t inner = view.inner;
  std::copy_n(x, inner, largest);
  for (std::size_t k = 1; k < view.size; ++k) {
    for (std::size_t i = 0; i < inner; ++i) largest[i] = larger(largest[i], x[k * inner + i]);
  }
  std::fill_n(sums, inner, 0.0f);
  for (std::size_t k = 0; k < view.size; ++k) {
    float* row = y + k * inner;
    for (std::size_t i = 0; i < inner; ++i) row[i] = x[k * inner + i] - largest[i];
    exponentials().exponential(0.0f, row, row, inner);
    for (std::size_t i = 0; i < inner; ++i) sums[i] += row[i];
  }
  for (std::size_t i = 0; i < inner; ++i) {
    sums[i] = logarithm ? largest[i] + std::log(sums[i]) : 1.0f / sums[i];
  }
  for (std::size_t k = 0; k < view.size; ++k) {
    for (std::size_t i = 0; i < inner; ++i) {
      const std::size_t at = k * inner + i;
      y[at] = logarithm ? x[at] - sums[i] : y[at] * sums[i];
    }
  }
}

}  // namespace

ScratchBody softmax_body(const KernelSpec& spec) {
  const auto* op = std::get_if<SoftmaxOp>(spec.op);
  if (op == nullptr || !is_float(spec)) return {};
  const AxisView view(spec.output->shape, op->axis);
  const auto run = [view, logarithm = op->logarithm](Inputs inputs, std::byte* output,
                                                     std::byte* scratch) {
    const float* x = reinterpret_cast<const float*>(inputs[0]);
    float* y = reinterpret_cast<float*>(output);
    float* largest = reinterpret_cast<float*>(scratch);
    const std::size_t block = view.size * view.inner;
    for (std::size_t row = 0; row < view.outer; ++row, x += block, y += block) {
      if (view.inner == 1) {
        softmax_row(x, view.size, logarithm, y);
      } else {
        softmax_columns(x, view, logarithm, y, largest, largest + view.inner);
      }
    }
    return ok_status();
  };
  return {run, 2 * view.inner * sizeof(float)};
}

// oneDNN has the plain softmax, not its logarithm.
ScratchBody log_softmax_body(const KernelSpec& spec) {
  const auto* op = std::get_if<SoftmaxOp>(spec.op);
  return op != nullptr && op->logarithm ? softmax_body(spec) : ScratchBody();
}

}  // namespace tinysplit::native
