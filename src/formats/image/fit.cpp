#include "formats/image/fit.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "formats/image/pixels.h"

namespace tinysplit {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Rectangle {
  std::size_t left = 0, top = 0, width = 0, height = 0;
};

// So many of `whole`, at least one.
std::size_t share_of(double share, std::size_t whole) {
  const auto rounded = static_cast<std::size_t>(std::llround(share * static_cast<double>(whole)));
  return std::clamp<std::size_t>(rounded, 1, whole);
}

// The largest rectangle of the aspect of `inner` in the middle of `outer`.
Rectangle middle_of(const ImageSize& outer, const ImageSize& inner, double share) {
  const auto width = static_cast<double>(outer.width), height = static_cast<double>(outer.height);
  const double aspect = static_cast<double>(inner.width) / static_cast<double>(inner.height);
  Rectangle middle;
  middle.width = share_of(share * std::min(1.0, height * aspect / width), outer.width);
  middle.height = share_of(share * std::min(1.0, width / aspect / height), outer.height);
  middle.left = (outer.width - middle.width) / 2;
  middle.top = (outer.height - middle.height) / 2;
  return middle;
}

Bytes cut_out(std::span<const std::uint8_t> image, const ImageSize& size, const Rectangle& part) {
  Bytes pixels;
  pixels.reserve(part.width * part.height * size.channels);
  for (std::size_t y = part.top; y < part.top + part.height; ++y) {
    const auto row =
        image.subspan((y * size.width + part.left) * size.channels, part.width * size.channels);
    pixels.insert(pixels.end(), row.begin(), row.end());
  }
  return pixels;
}

Bytes recolored(std::span<const std::uint8_t> image, std::size_t channels) {
  if (channels == 1) return luma_of(image);
  Bytes rgb;
  rgb.reserve(3 * image.size());
  for (const std::uint8_t level : image) rgb.insert(rgb.end(), 3, level);
  return rgb;
}

void resize(std::span<const std::uint8_t> image, const ImageSize& from, std::span<float> pixels,
            const ImageSize& to) {
  if (from.height == to.height && from.width == to.width) {
    std::ranges::copy(image, pixels.begin());
  } else {
    resize_image(image, from, pixels, to);
  }
}

void resize_into(const Rectangle& part, std::span<const std::uint8_t> image, const ImageSize& from,
                 std::span<float> pixels, const ImageSize& to) {
  std::vector<float> resized(part.width * part.height * to.channels);
  resize(image, from, resized, {part.height, part.width, to.channels});
  std::ranges::fill(pixels, 0.0F);
  const std::size_t row = part.width * to.channels;
  for (std::size_t y = 0; y < part.height; ++y) {
    std::copy_n(
        resized.begin() + std::ptrdiff_t(y * row), row,
        pixels.begin() + std::ptrdiff_t(((part.top + y) * to.width + part.left) * to.channels));
  }
}

}  // namespace

void fit_image(std::span<const std::uint8_t> image, const ImageSize& from,
               const ImageOptions& options, std::span<float> pixels, const ImageSize& to) {
  Bytes changed;
  if (from.channels != to.channels) {
    changed = recolored(image, to.channels);
    image = changed;
  }
  ImageSize size{from.height, from.width, to.channels};
  Bytes cropped;
  if (options.fit == ImageFit::kCrop) {
    const Rectangle middle = middle_of(size, to, options.crop_share);
    cropped = cut_out(image, size, middle);
    image = cropped;
    size = {middle.height, middle.width, to.channels};
  }
  if (options.fit == ImageFit::kPad) {
    resize_into(middle_of(to, size, 1.0), image, size, pixels, to);
  } else {
    resize(image, size, pixels, to);
  }
  if (options.blue_first && to.channels == 3) {
    for (std::size_t i = 0; i + 2 < pixels.size(); i += 3) std::swap(pixels[i], pixels[i + 2]);
  }
}

}  // namespace tinysplit
