#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/status.h"
#include "formats/image/resize.h"

namespace tinysplit {

// The PNG file of an image: 8 bits a sample, [height,width,channels], 1 channel (grey) or 3 (RGB).
// The same pixels always give the same bytes. Thread-safe; never throws. Errors: INVALID_ARGUMENT
// (`pixels` are not that many, other channels), INTERNAL (libpng).
Result<std::string> encode_png(std::span<const std::uint8_t> pixels, const ImageSize& size);

}  // namespace tinysplit
