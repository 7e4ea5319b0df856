#pragma once

#include <cstdint>
#include <span>

#include "formats/image/image.h"
#include "formats/image/resize.h"

namespace tinysplit {

// Writes `image`, [height,width,channels] with 1 or 3 channels, as `to` and `options` ask: grey
// becomes RGB and RGB luma, then it is cropped, resized and padded.
void fit_image(std::span<const std::uint8_t> image, const ImageSize& from,
               const ImageOptions& options, std::span<float> pixels, const ImageSize& to);

}  // namespace tinysplit
