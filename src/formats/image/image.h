#pragma once

#include <filesystem>
#include <string_view>

#include "core/shape.h"
#include "core/status.h"
#include "core/tensor.h"

namespace tinysplit {

// An image as a network takes it: float32 of `shape` [1,H,W,C] with the raw pixel values 0..255, C
// = 1 (luma, ITU-R BT.601) or 3 (red, green, blue). PNG of every colour type (transparency is laid
// on black, 16 bits are reduced to 8, another gamma than that of sRGB is converted) and JPEG
// (baseline and progressive, grey or YCbCr; the orientation tag is not heeded), told apart by their
// first bytes. An image of another size is resized without keeping its aspect: area averages where
// it shrinks, bilinear where it grows. Limits: limits::kMaxImageFileBytes, limits::kMaxImageSide,
// limits::kMaxImagePixels and limits::kMaxJpegScans, checked before the pixels are allocated.
// Thread-safe; never throws. Errors: INVALID_ARGUMENT (neither PNG nor JPEG, damaged, truncated, or
// a `shape` that is no image's), OUT_OF_RANGE (a limit), RESOURCE_EXHAUSTED (memory).
Result<Tensor> decode_image(std::string_view bytes, const Shape& shape);

// decode_image of a file. Errors: those of read_file too, with the path in front.
Result<Tensor> read_image(const std::filesystem::path& path, const Shape& shape);

// True if `bytes` begin like a PNG or JPEG file.
bool looks_like_image(std::string_view bytes);

}  // namespace tinysplit
