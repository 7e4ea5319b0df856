#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "core/status.h"
#include "formats/image/resize.h"

namespace tinysplit::training {

// Random changes of training images that keep what they show. All zero: none.
struct AugmentationOptions {
  bool flip = false;        // left and right swapped, every other image
  int shift = 0;            // moved by up to so many pixels each way; what comes in is black
  float crop = 0.0F;        // up to this share of each side is cut off, the rest enlarged; [0, 0.9]
  float brightness = 0.0F;  // pixels times 1 - x to 1 + x, at most 255; [0, 1]

  friend bool operator==(const AugmentationOptions&, const AugmentationOptions&) = default;
};

// "flip,shift=2,crop=0.2,brightness=0.3", any of them; "none" and "" are none.
// Errors: INVALID_ARGUMENT (an unknown word, a number out of its range).
Result<AugmentationOptions> parse_augmentation(std::string_view text);
// The text that gives `options`; "none" if there are none.
std::string augmentation_text(const AugmentationOptions& options);

// Changes images of one size. Keeps scratch memory: one for each thread.
class Augmenter {
 public:
  Augmenter(const AugmentationOptions& options, const ImageSize& size);

  // Writes `image` [H,W,C], changed as `random` draws, into `result`, pixels 0..255. The draws for
  // an image depend on the options and `random` alone.
  void apply(std::span<const std::uint8_t> image, Random& random, std::span<float> result);

 private:
  void crop(std::span<const std::uint8_t> image, Random& random, std::span<float> result);

  AugmentationOptions options_;
  ImageSize size_;
  std::vector<std::uint8_t> window_;
  std::vector<float> moved_;
};

}  // namespace tinysplit::training
