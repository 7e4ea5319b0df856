#include <algorithm>
#include <vector>

#include "datasets/source.h"
#include "formats/image/fit.h"

namespace tinysplit {

void round_pixels(std::span<const float> from, std::span<std::uint8_t> to) {
  std::ranges::transform(from, to.begin(), [](float pixel) {
    return static_cast<std::uint8_t>(std::clamp(pixel + 0.5F, 0.0F, 255.0F));
  });
}

void convert_image(std::span<const std::uint8_t> image, const ImageSize& from,
                   const ImageOptions& options, const ImageSize& to,
                   std::span<std::uint8_t> pixels) {
  std::vector<float> fitted(pixels.size());
  fit_image(image, from, options, fitted, to);
  round_pixels(fitted, pixels);
}

}  // namespace tinysplit
