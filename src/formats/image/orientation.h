#pragma once

#include <string_view>

#include "formats/image/pixels.h"

namespace tinysplit {

// The orientation that the Exif data (CIPA DC-008, tag 0x0112) of a JPEG, PNG or WebP file state,
// 1 to 8; 1, upright, where they state none or are damaged. Never throws.
int orientation_of(std::string_view bytes);

// Turns and mirrors an image so that it is upright. May throw std::bad_alloc.
void turn_upright(int orientation, RgbImage& image);

}  // namespace tinysplit
