#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "core/status.h"

namespace tinysplit {

// How a model is fed: its input is pixel * scale + offset, pixels 0..255.
struct PixelScaling {
  float scale = 1.0F;
  float offset = 0.0F;

  friend bool operator==(const PixelScaling&, const PixelScaling&) = default;
};

// "LOW..HIGH", to which pixels 0..255 are to be mapped: "0..255", "0..1", "-1..1".
// Errors: INVALID_ARGUMENT.
Result<PixelScaling> parse_pixel_range(std::string_view text);

// That of the model at `model_path`: {"pixels": "0..1"} in preprocessing.json beside it. Without
// the file the model takes raw pixels 0..255, as those that tinysplit trains do: what scales them
// is a layer of theirs, or in the weights of the first one.
// Errors: INVALID_ARGUMENT (not such a file), those of read_file but NOT_FOUND.
Result<PixelScaling> pixel_scaling_of(const std::filesystem::path& model_path);

// Writes `pixels` as `scaling` asks; both have one length.
void scale_pixels(std::span<const std::uint8_t> pixels, const PixelScaling& scaling,
                  std::span<float> values);

}  // namespace tinysplit
