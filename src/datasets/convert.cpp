#include <algorithm>
#include <vector>

#include "datasets/source.h"
#include "formats/image/pixels.h"

namespace tinysplit {

void round_pixels(std::span<const float> from, std::span<std::uint8_t> to) {
  std::ranges::transform(from, to.begin(), [](float pixel) {
    return static_cast<std::uint8_t>(std::clamp(pixel + 0.5F, 0.0F, 255.0F));
  });
}

void convert_image(std::span<const std::uint8_t> image, const ImageSize& from, const ImageSize& to,
                   std::span<std::uint8_t> pixels) {
  std::vector<std::uint8_t> recolored;
  if (from.channels == 1 && to.channels == 3) {
    recolored.reserve(3 * image.size());
    for (const std::uint8_t level : image) recolored.insert(recolored.end(), 3, level);
    image = recolored;
  } else if (from.channels == 3 && to.channels == 1) {
    recolored = luma_of(image);
    image = recolored;
  }
  if (from.height == to.height && from.width == to.width) {
    std::ranges::copy(image, pixels.begin());
    return;
  }
  std::vector<float> resized(pixels.size());
  resize_image(image, {from.height, from.width, to.channels}, resized, to);
  round_pixels(resized, pixels);
}

}  // namespace tinysplit
