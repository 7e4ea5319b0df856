#include "kernels/gemm.h"
#include "kernels/native_bodies.h"
#include "kernels/weights.h"
#include "kernels/window.h"

namespace tinysplit::native {
namespace {

struct Convolution {
  Window window;
  std::int64_t batch, groups;
  std::int64_t channels, filters;  // of one group

  std::int64_t all_channels() const { return channels * groups; }
  std::int64_t all_filters() const { return filters * groups; }
};

// y [places,F] += one cell of the window over a row of places: x starts at the first of its cells.
// `kernel` is [C/groups,F].
void add_tap(const Convolution& conv, std::int64_t places, const float* x, std::int64_t x_step,
             const float* kernel, float* y, std::byte* scratch) {
  const std::int64_t all = conv.all_filters();
  if (conv.channels == 1 && conv.groups > 1) {
    // Depthwise: the channels lie side by side.
    for (std::int64_t i = 0; i < places; ++i, x += x_step, y += all) {
      for (std::int64_t g = 0, f = 0; g < conv.groups; ++g) {
        for (const std::int64_t end = f + conv.filters; f < end; ++f) y[f] += x[g] * kernel[f];
      }
    }
    return;
  }
  for (std::int64_t g = 0; g < conv.groups; ++g) {
    gemm(usize(places), usize(conv.filters), usize(conv.channels),
         {x + g * conv.channels, x_step, 1}, {kernel + g * conv.filters, all, 1},
         y + g * conv.filters, all, scratch);
  }
}

// One row of output cells, [OW,F], which holds the bias.
void add_row(const Convolution& conv, const float* x, const float* kernel, std::int64_t depth,
             std::int64_t height, float* y, std::byte* scratch) {
  const auto& [d, h, w] = conv.window;
  const std::int64_t channels = conv.all_channels();
  for (std::int64_t kd = 0; kd < d.size; ++kd) {
    const std::int64_t at_d = d.cell(depth, kd);
    if (!d.holds(at_d)) continue;
    for (std::int64_t kh = 0; kh < h.size; ++kh) {
      const std::int64_t at_h = h.cell(height, kh);
      if (!h.holds(at_h)) continue;
      for (std::int64_t kw = 0; kw < w.size; ++kw) {
        const std::int64_t first = w.first_place(kw), places = w.end_place(kw) - first;
        if (places <= 0) continue;
        const std::int64_t cell = (at_d * h.input + at_h) * w.input + w.cell(first, kw);
        const std::int64_t tap = (kd * h.size + kh) * w.size + kw;
        add_tap(conv, places, x + cell * channels, w.stride * channels,
                kernel + tap * conv.channels * conv.all_filters(), y + first * conv.all_filters(),
                scratch);
      }
    }
  }
}

void convolve(const Convolution& conv, const float* x, const float* kernel, float* y,
              std::byte* scratch) {
  const auto& [d, h, w] = conv.window;
  const std::int64_t image = d.input * h.input * w.input * conv.all_channels();
  for (std::int64_t n = 0; n < conv.batch; ++n) {
    for (std::int64_t depth = 0; depth < d.output; ++depth) {
      for (std::int64_t height = 0; height < h.output; ++height) {
        add_row(conv, x + n * image, kernel, depth, height, y, scratch);
        y += w.output * conv.all_filters();
      }
    }
  }
}

template <typename Op>
ScratchBody body_for(const Op& op, const KernelSpec& spec) {
  const Shape& x = spec.inputs[0]->shape;
  const Shape& kernel = spec.inputs[1]->shape;
  const std::int64_t filters = kernel[kernel.rank() - 1];
  const Convolution conv{make_window(x, spec.output->shape, kernel.dims(), op.spatial), x[0],
                         op.groups, kernel[kernel.rank() - 2], filters / op.groups};
  const std::size_t cells = usize(spec.output->shape.num_elements() / filters);
  const WeightPointers weights(spec);
  const auto run = [=, clip = spec.clip](Inputs inputs, std::byte* output, std::byte* scratch) {
    float* y = reinterpret_cast<float*>(output);
    fill_bias(weights.bias(inputs), cells, usize(filters), y);
    convolve(conv, reinterpret_cast<const float*>(inputs[0]), weights.kernel(inputs), y, scratch);
    apply_clip(clip, y, cells * usize(filters));
    return ok_status();
  };
  return {run, gemm_scratch(usize(conv.channels))};
}

}  // namespace

ScratchBody convolution_body(const KernelSpec& spec) {
  if (!is_float(spec)) return {};
  if (const auto* op = std::get_if<Conv2dOp>(spec.op)) return body_for(*op, spec);
  if (const auto* op = std::get_if<Conv3dOp>(spec.op)) return body_for(*op, spec);
  return {};
}

ScratchBody volume_convolution_body(const KernelSpec& spec) {
  return std::holds_alternative<Conv3dOp>(*spec.op) ? convolution_body(spec) : ScratchBody();
}

}  // namespace tinysplit::native
