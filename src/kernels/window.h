#pragma once

#include <algorithm>
#include <array>

#include "graph/op_neural.h"
#include "kernels/strides.h"

namespace tinysplit::native {

// A window that moves over one axis.
struct WindowAxis {
  std::int64_t input = 1;
  std::int64_t output = 1;
  std::int64_t size = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad = 0;  // cells in front of the first

  // The input cell under cell `tap` of the window at `place`; outside of [0, input) in the padding.
  std::int64_t cell(std::int64_t place, std::int64_t tap) const {
    return place * stride - pad + tap * dilation;
  }
  bool holds(std::int64_t at) const { return at >= 0 && at < input; }

  // The places [first, end) at which `tap` lies on the input.
  std::int64_t first_place(std::int64_t tap) const {
    const std::int64_t offset = pad - tap * dilation;
    return offset <= 0 ? 0 : std::min(output, (offset + stride - 1) / stride);
  }
  std::int64_t end_place(std::int64_t tap) const {
    const std::int64_t last = input - 1 + pad - tap * dilation;
    return last < 0 ? first_place(tap)
                    : std::max(first_place(tap), std::min(output, last / stride + 1));
  }
};

// Depth, height, width; an image has depth 1.
using Window = std::array<WindowAxis, 3>;

// `input` and `output` are [N,spatial...,C], `sizes` the window's.
template <std::size_t Axes, typename Sizes>
Window make_window(const Shape& input, const Shape& output, const Sizes& sizes,
                   const Spatial<Axes>& spatial) {
  Window window;
  for (std::size_t i = 0; i < Axes; ++i) {
    const int axis = static_cast<int>(i) + 1;
    window[3 - Axes + i] = {input[axis],       output[axis],        sizes[i],
                            spatial.stride[i], spatial.dilation[i], spatial.pad_before[i]};
  }
  return window;
}

}  // namespace tinysplit::native
