#include <cmath>

#include "kernels/native_bodies.h"
#include "kernels/reduction_walk.h"

namespace tinysplit::native {
namespace {

float added(float a, float b) { return a + b; }

// sums[...] of (x - mean[...])^2 over the reduced axes.
void sum_deviations(const Walk<2>& walk, const float* x, const float* means, float* sums) {
  const std::size_t width = walk.width();
  walk.for_each_row([&](const auto& at) {
    const float* mean = means + at[1];
    float* sum = sums + at[1];
    if (walk.step(1) == 0) {
      const float centre = *mean;
      const auto square = [centre](float v) { return (v - centre) * (v - centre); };
      *sum = fold_row(x, width, *sum, square, added);
    } else {
      for (std::size_t i = 0; i < width; ++i) sum[i] += (x[i] - mean[i]) * (x[i] - mean[i]);
    }
    x += width;
  });
}

// y = (x - mean[...]) * scale[...]
void scale_rows(const Walk<2>& walk, const float* x, const float* means, const float* scales,
                float* __restrict y) {
  const std::size_t width = walk.width();
  walk.for_each_row([&](const auto& at) {
    const float* mean = means + at[1];
    const float* scale = scales + at[1];
    if (walk.step(1) == 0) {
      const float centre = *mean, factor = *scale;
      for (std::size_t i = 0; i < width; ++i) y[i] = (x[i] - centre) * factor;
    } else {
      for (std::size_t i = 0; i < width; ++i) y[i] = (x[i] - mean[i]) * scale[i];
    }
    x += width;
    y += width;
  });
}

float scale_of(NormalizeKind kind, float sum, float count, float epsilon) {
  if (kind == NormalizeKind::kL2) return 1.0f / std::sqrt(std::max(sum, epsilon));
  return 1.0f / std::sqrt(sum / count + epsilon);
}

}  // namespace

ScratchBody normalize_body(const KernelSpec& spec) {
  const auto* op = std::get_if<NormalizeOp>(spec.op);
  if (op == nullptr || !is_float(spec)) return {};
  const Walk<2> walk = reduction_walk(spec.output->shape, op->axes);
  std::size_t count = 1;
  for (const int axis : op->axes) count *= usize(spec.output->shape[axis]);
  const std::size_t groups = usize(spec.output->shape.num_elements()) / count;
  const auto run = [=, kind = op->kind, epsilon = op->epsilon](Inputs inputs, std::byte* output,
                                                               std::byte* scratch) {
    const float* x = reinterpret_cast<const float*>(inputs[0]);
    float* means = reinterpret_cast<float*>(scratch);
    float* scales = means + groups;
    std::fill_n(means, 2 * groups, 0.0f);
    if (kind == NormalizeKind::kMeanVariance) {
      fold(
          walk, x, means, [](float v) { return v; }, added);
      for (std::size_t i = 0; i < groups; ++i) means[i] /= static_cast<float>(count);
    }
    // Of the deviations from a known mean: the difference of two large sums would be noise.
    sum_deviations(walk, x, means, scales);
    for (std::size_t i = 0; i < groups; ++i) {
      scales[i] = scale_of(kind, scales[i], static_cast<float>(count), epsilon);
    }
    scale_rows(walk, x, means, scales, reinterpret_cast<float*>(output));
    return ok_status();
  };
  return {run, 2 * groups * sizeof(float)};
}

}  // namespace tinysplit::native
