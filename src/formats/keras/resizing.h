#pragma once

#include <string>

#include "formats/keras/layer_context.h"

namespace tinysplit::keras {

// How images are brought to a size.
struct Resizing {
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::string interpolation = "bilinear";
  bool crop = false;  // first to the largest part, in the middle, that has the wanted proportions
  bool pad = false;   // first with borders to those proportions
  float fill = 0.0f;  // the value of such borders
};

// x [N,H,W,C] or [H,W,C] of constants, of any type; TensorFlow's arithmetic. Interpolated images
// are float32. Errors: UNIMPLEMENTED (interpolations without a kernel), INVALID_ARGUMENT.
Result<ValueId> add_resizing(LayerContext& context, ValueId x, const Resizing& resizing);

// The `height` x `width` cells that begin at (top, left).
Result<ValueId> add_crop(LayerContext& context, ValueId x, std::int64_t top, std::int64_t left,
                         std::int64_t height, std::int64_t width);

}  // namespace tinysplit::keras
