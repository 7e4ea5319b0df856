#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "formats/image/image.h"

namespace tinysplit {

// A decoded image: rows from the top, 8 bits each of red, green and blue.
struct RgbImage {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<std::uint8_t> pixels;  // 3 * width * height
};

// The one file format each; limits and errors as decode_image has them. Turned as they are stored.
// May throw std::bad_alloc.
Result<RgbImage> decode_png(std::string_view bytes, AlphaMode alpha = AlphaMode::kBlack);
Result<RgbImage> decode_jpeg(std::string_view bytes);
Result<RgbImage> decode_bmp(std::string_view bytes);
Result<RgbImage> decode_gif(std::string_view bytes, AlphaMode alpha = AlphaMode::kBlack);
Result<RgbImage> decode_webp(std::string_view bytes, AlphaMode alpha = AlphaMode::kBlack);

// Whichever format the bytes begin like, turned upright by its orientation tag.
// May throw std::bad_alloc.
Result<RgbImage> decode_pixels(std::string_view bytes, AlphaMode alpha = AlphaMode::kBlack);

// Red, green and blue of interleaved red, green, blue and alpha.
std::vector<std::uint8_t> without_alpha(std::span<const std::uint8_t> rgba, AlphaMode alpha);

// ITU-R BT.601 luma of interleaved red, green and blue; grey stays exactly itself.
std::vector<std::uint8_t> luma_of(std::span<const std::uint8_t> rgb);

// OUT_OF_RANGE if an image of this size may not be decoded, INVALID_ARGUMENT if it has no pixels.
Status check_image_size(std::size_t width, std::size_t height);

}  // namespace tinysplit
