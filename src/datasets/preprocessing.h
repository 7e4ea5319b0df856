#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include "core/status.h"
#include "formats/image/image.h"

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

// How an image file becomes the input of a model.
struct Preprocessing {
  ImageOptions image;
  std::array<PixelScaling, 3> channels;  // in the model's order; grey has the first
  std::optional<bool> channels_first;    // [1,C,H,W]; unknown: as the shape has it
  bool is_stated = false;                // by a file; else pixels are taken as they are

  friend bool operator==(const Preprocessing&, const Preprocessing&) = default;
};

// That of a preprocessing.json (docs/data.md): an object of "pixels", "mean", "std", "channels",
// "layout", "alpha", "fit" and "crop", all optional. Errors: INVALID_ARGUMENT (no JSON, another
// key, a value that the key does not take).
Result<Preprocessing> parse_preprocessing(std::string_view json);

// That of the model at `model_path`, by preprocessing.json beside it. Without the file the model
// takes raw pixels 0..255, as those that tinysplit trains do: what scales them is a layer of
// theirs, or in the weights of the first one. Errors: those of parse_preprocessing() and, but for
// NOT_FOUND, of read_file(), with the path in front.
Result<Preprocessing> preprocessing_of(const std::filesystem::path& model_path);

// The scaling that all channels have. Errors: UNIMPLEMENTED (they differ).
Result<PixelScaling> common_scaling(const Preprocessing& preprocessing);

}  // namespace tinysplit
