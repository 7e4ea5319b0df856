#include "kernels/gemm.h"
#include "kernels/native_bodies.h"
#include "kernels/weights.h"
#include "kernels/window.h"

namespace tinysplit::native {
namespace {

// The axes are those of the convolution that this one transposes: its places are the cells of x,
// its cells those of y.
struct Transposed {
  WindowAxis height, width;
  std::int64_t batch, groups;
  std::int64_t channels, filters;  // of one group
};

// Adds what one row of x [W,C] gives to one row of y [OW,F] by one cell of the kernel,
// [F/groups,C].
void add_tap(const Transposed& t, std::int64_t kw, const float* x, const float* kernel, float* y,
             std::byte* scratch) {
  const std::int64_t first = t.width.first_place(kw), places = t.width.end_place(kw) - first;
  if (places <= 0) return;
  const std::int64_t all_channels = t.channels * t.groups, all_filters = t.filters * t.groups;
  const float* from = x + first * all_channels;
  float* to = y + t.width.cell(first, kw) * all_filters;
  for (std::int64_t g = 0; g < t.groups; ++g) {
    gemm(usize(places), usize(t.filters), usize(t.channels),
         {from + g * t.channels, all_channels, 1}, {kernel + g * t.channels, 1, all_channels},
         to + g * t.filters, t.width.stride * all_filters, scratch);
  }
}

void scatter(const Transposed& t, const float* x, const float* kernel, float* y,
             std::byte* scratch) {
  const std::int64_t x_row = t.width.output * t.channels * t.groups;
  const std::int64_t y_row = t.width.input * t.filters * t.groups;
  const std::int64_t tap = t.filters * t.channels * t.groups;
  for (std::int64_t n = 0; n < t.batch; ++n, y += t.height.input * y_row) {
    for (std::int64_t row = 0; row < t.height.output; ++row, x += x_row) {
      for (std::int64_t kh = 0; kh < t.height.size; ++kh) {
        const std::int64_t to = t.height.cell(row, kh);
        if (!t.height.holds(to)) continue;
        for (std::int64_t kw = 0; kw < t.width.size; ++kw) {
          add_tap(t, kw, x, kernel + (kh * t.width.size + kw) * tap, y + to * y_row, scratch);
        }
      }
    }
  }
}

}  // namespace

ScratchBody conv_transpose_body(const KernelSpec& spec) {
  const auto* op = std::get_if<ConvTranspose2dOp>(spec.op);
  if (op == nullptr || !is_float(spec)) return {};
  const Shape& x = spec.inputs[0]->shape;
  const Shape& kernel = spec.inputs[1]->shape;
  const Shape& out = spec.output->shape;
  const Window window = make_window(out, x, std::array{kernel[0], kernel[1]}, op->spatial);
  const Transposed transposed{window[1], window[2], x[0], op->groups, x[3] / op->groups, kernel[2]};
  const std::size_t filters = usize(out[3]), cells = usize(out.num_elements()) / filters;
  const WeightPointers weights(spec);
  const auto run = [=, clip = spec.clip](Inputs inputs, std::byte* output, std::byte* scratch) {
    float* y = reinterpret_cast<float*>(output);
    fill_bias(weights.bias(inputs), cells, filters, y);
    scatter(transposed, reinterpret_cast<const float*>(inputs[0]), weights.kernel(inputs), y,
            scratch);
    apply_clip(clip, y, cells * filters);
    return ok_status();
  };
  return {run, gemm_scratch(usize(transposed.channels))};
}

}  // namespace tinysplit::native
