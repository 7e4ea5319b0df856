#pragma once

#include <vector>

#include "core/status.h"
#include "formats/onnx/node_context.h"
#include "graph/op_neural.h"

namespace tinysplit::onnx_format {

// Geometry of the windows of a convolution or pooling over its spatial axes, in their order.
struct Window {
  std::vector<std::int64_t> size;
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> dilation;
  std::vector<std::int64_t> before;  // padding
  std::vector<std::int64_t> after;
};

// Reads the attributes kernel_shape, strides, dilations, pads and auto_pad of a node whose input
// has shape `input` ([N,C,...]); `size` is that of the weights, or empty for kernel_shape.
// Errors: INVALID_ARGUMENT.
Result<Window> parse_window(NodeContext& context, const Shape& input,
                            const std::vector<std::int64_t>& size);

// Adds to the padding behind what ceil_mode = 1 needs; true if it did.
bool extend_to_ceil(Window& window, const Shape& input);

// One-dimensional windows become those of an image of height 1.
void make_two_dimensional(Window& window);

template <std::size_t Axes>
Spatial<Axes> spatial_of(const Window& window) {
  Spatial<Axes> spatial;
  for (std::size_t i = 0; i < Axes; ++i) {
    spatial.stride[i] = window.stride[i];
    spatial.dilation[i] = window.dilation[i];
    spatial.pad_before[i] = window.before[i];
    spatial.pad_after[i] = window.after[i];
  }
  return spatial;
}

}  // namespace tinysplit::onnx_format
