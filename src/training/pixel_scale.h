#pragma once

#include <optional>

#include "core/status.h"
#include "datasets/preprocessing.h"
#include "training/architecture.h"

namespace tinysplit::training {

// How pixels 0..255 are scaled while a network is trained, so that the trained model takes raw
// pixels: not at all where it begins with a Rescaling or BatchNormalization layer; else to 0..1,
// and the model that is written has its first kernel multiplied by the factor.
struct PixelScale {
  PixelScaling scaling;
  std::optional<std::size_t> kernel;  // of Architecture::parameters; to multiply by scaling.scale
};

// Errors: UNIMPLEMENTED (neither such a layer nor a kernel to put the factor into).
Result<PixelScale> pixel_scale_of(const Architecture& architecture);

}  // namespace tinysplit::training
