#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/shape.h"
#include "core/status.h"
#include "core/tensor.h"

namespace tinysplit {

// What lies behind transparent pixels.
enum class AlphaMode : std::uint8_t {
  kBlack,
  kWhite,
  kDrop,  // nothing: the colours that the file has for them
};

// How an image of another size is fitted to that of a model.
enum class ImageFit : std::uint8_t {
  kStretch,  // to the size, whatever becomes of its aspect
  kCrop,     // the middle of it that has the aspect, without what lies outside
  kPad,      // the whole of it in the middle of black
};

// How an image becomes pixels for a model.
struct ImageOptions {
  AlphaMode alpha = AlphaMode::kBlack;
  ImageFit fit = ImageFit::kStretch;
  double crop_share = 1.0;  // of kCrop: of the sides of that middle, (0, 1]
  bool blue_first = false;  // blue, green, red

  friend bool operator==(const ImageOptions&, const ImageOptions&) = default;
};

// An image as a network takes it: float32 of `shape` [1,H,W,C] with the raw pixel values 0..255, C
// = 1 (luma, ITU-R BT.601) or 3 (red, green, blue). Told apart by their first bytes:
//   PNG   every colour type; 16 bits are reduced to 8, another gamma than sRGB's is converted
//   JPEG  baseline and progressive; grey, YCbCr, and CMYK and YCCK as Adobe stores them
//   BMP   1 to 32 bits without run lengths;  GIF, WebP: the first picture
// The orientation tag of Exif is applied. Where the image shrinks, area averages are taken; where
// it grows, bilinear interpolation. Limits: limits::kMaxImageFileBytes, kMaxImageSide,
// kMaxImagePixels and kMaxJpegScans, checked before the pixels are allocated. Thread-safe; never
// throws. Errors: INVALID_ARGUMENT (none of these, damaged, truncated, or a `shape` that is no
// image's), UNIMPLEMENTED (a kind of BMP), OUT_OF_RANGE (a limit), RESOURCE_EXHAUSTED (memory).
Result<Tensor> decode_image(std::string_view bytes, const Shape& shape,
                            const ImageOptions& options = {});

// decode_image of a file. Errors: those of read_file too, with the path in front.
Result<Tensor> read_image(const std::filesystem::path& path, const Shape& shape,
                          const ImageOptions& options = {});

// True if `bytes` begin like a file that decode_image reads.
bool looks_like_image(std::string_view bytes);

// The format that an image file is of by its first bytes, though none that is read: "TIFF",
// "HEIC", ...; empty if it is no such file either.
std::string_view unread_image_format(std::string_view bytes);

// What to say of bytes that looks_like_image() does not take.
Status no_image_error(std::string_view bytes);

// Whether a file's name ends as those that decode_image reads, in any case.
bool has_image_name(const std::filesystem::path& path);

}  // namespace tinysplit
