#pragma once

#include "core/shape.h"
#include "core/status.h"
#include "formats/keras/layer_options.h"
#include "graph/op.h"

namespace tinysplit::keras {

// Options strides, dilation_rate and padding ("valid", "same") of a layer that slides a window of
// `size` cells over an image of shape `input`. "same" pads as TensorFlow does: for
// ceil(input/stride) places, an odd cell at the end. `default_stride` if there are no strides.
// Errors: those of LayerOptions.
Result<Spatial2d> parse_window(const LayerOptions& options, const Shape& input,
                               const LayerOptions::Pair& size,
                               const LayerOptions::Pair& default_stride);

}  // namespace tinysplit::keras
