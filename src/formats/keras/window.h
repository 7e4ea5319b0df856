#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "core/shape.h"
#include "core/status.h"
#include "formats/keras/layer_options.h"
#include "graph/op.h"

namespace tinysplit::keras {

// Options strides, dilation_rate and padding ("valid", "same", with one axis also "causal") of a
// layer that slides a window of `size` cells over an image [N,H,W,C]; with one axis the image has
// height 1. "same" pads as TensorFlow does: for ceil(input/stride) places, an odd cell at the end.
// `default_stride` if there are no strides. Errors: those of LayerOptions.
Result<Spatial2d> parse_window(const LayerOptions& options, const Shape& input, int axes,
                               const LayerOptions::Pair& size,
                               const LayerOptions::Pair& default_stride);

// The same over a volume [N,D,H,W,C].
Result<Spatial3d> parse_window3d(const LayerOptions& options, const Shape& input,
                                 const std::array<std::int64_t, 3>& size,
                                 const std::array<std::int64_t, 3>& default_stride);

// The border of padding "same" for a window of `size` over [N,...,C].
template <std::size_t Axes>
void pad_same(Spatial<Axes>& spatial, const Shape& input,
              const std::array<std::int64_t, Axes>& size) {
  for (std::size_t i = 0; i < Axes; ++i) {
    const std::int64_t extent = input[static_cast<int>(i) + 1];
    const std::int64_t places = (extent + spatial.stride[i] - 1) / spatial.stride[i];
    const std::int64_t reach = (size[i] - 1) * spatial.dilation[i] + 1;
    const std::int64_t total =
        std::max<std::int64_t>((places - 1) * spatial.stride[i] + reach - extent, 0);
    spatial.pad_before[i] = total / 2;
    spatial.pad_after[i] = total - total / 2;
  }
}

// The border of one axis of a transposed convolution over `extent` cells; `extra` is its option
// output_padding. The output is as long as that of the convolution would be wide whose gradient
// this is: TensorFlow pads that one, and an output that no window reaches is left to the bias.
void pad_transposed(ConvTranspose2dOp& op, std::size_t axis, std::int64_t extent, std::int64_t size,
                    bool same, std::optional<std::int64_t> extra);

// The sizes of an option of three axes.
Result<std::array<std::int64_t, 3>> parse_triple(const LayerOptions& options, const char* key,
                                                 std::optional<std::int64_t> fallback = {});

// Cells in front and behind of each axis, in the order of the tensor's axes; none for the batch and
// the channels.
struct Border {
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> after;
};

// Option `key` of a layer that pads or crops `axes` spatial axes: n, a list with a number for each
// axis, or a list with [before, after] for each axis; with one axis also [before, after] alone.
Result<Border> parse_border(const LayerOptions& options, const char* key, int axes);

}  // namespace tinysplit::keras
