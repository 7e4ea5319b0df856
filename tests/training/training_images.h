#pragma once

#include "core/random.h"
#include "datasets/dataset.h"

namespace tinysplit::training::test {

// `count` noisy images of `classes` classes, told apart by the place of a bright stripe.
inline LabelledImages striped_images(std::size_t count, std::size_t classes, const ImageSize& size,
                                     std::uint64_t seed = 1) {
  LabelledImages data;
  data.name = "stripes";
  for (std::size_t i = 0; i < classes; ++i) data.classes.push_back("stripe " + std::to_string(i));
  data.images = Tensor(DType::kUint8, {std::int64_t(count), std::int64_t(size.height),
                                       std::int64_t(size.width), std::int64_t(size.channels)});
  Random random(seed);
  const auto pixels = data.images.as<std::uint8_t>();
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto label = std::size_t(random.below(classes));
    data.labels.push_back(static_cast<std::int32_t>(label));
    for (std::size_t y = 0; y < size.height; ++y) {
      const bool is_bright = y * classes / size.height == label;
      for (std::size_t x = 0; x < size.width * size.channels; ++x) {
        pixels[at++] = static_cast<std::uint8_t>(random.below(100) + (is_bright ? 120 : 20));
      }
    }
  }
  return data;
}

}  // namespace tinysplit::training::test
