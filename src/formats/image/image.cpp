#include "formats/image/image.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/file_kind.h"
#include "core/limits.h"
#include "formats/image/fit.h"
#include "formats/image/orientation.h"
#include "formats/image/pixels.h"
#include "formats/image/resize.h"

namespace tinysplit {
namespace {

using Decode = Result<RgbImage> (*)(std::string_view, AlphaMode);

struct Format {
  std::string_view name;
  std::string_view signature;
  std::size_t at;  // where the signature lies
  Decode decode;   // null: it is not read
};

constexpr std::array kFormats = {
    Format{"PNG", "\x89PNG\r\n\x1a\n", 0, decode_png},
    Format{"JPEG", "\xff\xd8\xff", 0,
           [](std::string_view bytes, AlphaMode) { return decode_jpeg(bytes); }},
    Format{"GIF", "GIF87a", 0, decode_gif},
    Format{"GIF", "GIF89a", 0, decode_gif},
    Format{"WebP", "WEBP", 8, decode_webp},
    Format{"BMP", "BM", 0, [](std::string_view bytes, AlphaMode) { return decode_bmp(bytes); }},
    Format{"TIFF", {"II*\0", 4}, 0, nullptr},
    Format{"TIFF", {"MM\0*", 4}, 0, nullptr},
    Format{"HEIC", "ftypheic", 4, nullptr},
    Format{"HEIC", "ftypmif1", 4, nullptr},
    Format{"AVIF", "ftypavif", 4, nullptr},
    Format{"JPEG XL", {"\0\0\0\x0cJXL ", 8}, 0, nullptr},
    Format{"JPEG 2000", {"\0\0\0\x0cjP  ", 8}, 0, nullptr},
    Format{"PNM", "P5\n", 0, nullptr},
    Format{"PNM", "P6\n", 0, nullptr},
    Format{"SVG", "<svg", 0, nullptr},
    Format{"ICO", {"\0\0\1\0", 4}, 0, nullptr},
};

constexpr std::array<std::string_view, 6> kNames = {".png", ".jpg", ".jpeg",
                                                    ".bmp", ".gif", ".webp"};

// The size of the header that follows that of the file; two letters alone are too little to go by.
bool is_bmp(std::string_view bytes) {
  constexpr std::string_view kHeaderSizes = "\x0c\x28\x34\x38\x40\x6c\x7c";
  return bytes.size() > 18 && kHeaderSizes.find(bytes[14]) != std::string_view::npos &&
         bytes.substr(15, 3) == std::string_view("\0\0\0", 3);
}

// Null if the bytes begin like no image.
const Format* format_of(std::string_view bytes) {
  const auto found = std::ranges::find_if(kFormats, [&](const Format& format) {
    return bytes.size() >= format.at && bytes.substr(format.at).starts_with(format.signature);
  });
  if (found == kFormats.end() || (found->name == "BMP" && !is_bmp(bytes))) return nullptr;
  return &*found;
}

Status check_shape(const Shape& shape) {
  if (shape.rank() != 4 || shape[0] != 1 || (shape[3] != 1 && shape[3] != 3)) {
    return invalid_argument("an image cannot fill an input of shape " + shape.to_string() +
                            ", only [1,height,width,1] or [1,height,width,3]");
  }
  if (shape[1] < 1 || shape[2] < 1) {
    return invalid_argument("an image cannot fill an empty input of shape " + shape.to_string());
  }
  return check_image_size(std::size_t(shape[2]), std::size_t(shape[1]));
}

Result<Tensor> decode_into(std::string_view bytes, const Shape& shape,
                           const ImageOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const RgbImage image, decode_pixels(bytes, options.alpha));
  Tensor tensor(DType::kFloat32, shape);
  fit_image(image.pixels, {image.height, image.width, 3}, options, tensor.as<float>(),
            {std::size_t(shape[1]), std::size_t(shape[2]), std::size_t(shape[3])});
  return tensor;
}

}  // namespace

// 16-bit fixed point: the weights sum to 65536.
std::vector<std::uint8_t> luma_of(std::span<const std::uint8_t> rgb) {
  std::vector<std::uint8_t> luma(rgb.size() / 3);
  for (std::size_t i = 0; i < luma.size(); ++i) {
    const unsigned sum =
        19595U * rgb[3 * i] + 38470U * rgb[3 * i + 1] + 7471U * rgb[3 * i + 2] + 0x8000U;
    luma[i] = static_cast<std::uint8_t>(sum >> 16U);
  }
  return luma;
}

Status check_image_size(std::size_t width, std::size_t height) {
  const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
  if (width == 0 || height == 0) return invalid_argument("an image has no pixels: " + size);
  if (width > limits::kMaxImageSide || height > limits::kMaxImageSide) {
    return out_of_range("an image has " + size + ", at most " +
                        std::to_string(limits::kMaxImageSide) + " a side are read");
  }
  if (width * height > limits::kMaxImagePixels) {
    return out_of_range("an image has " + size + ", at most " +
                        std::to_string(limits::kMaxImagePixels) + " in all are read");
  }
  return ok_status();
}

std::vector<std::uint8_t> without_alpha(std::span<const std::uint8_t> rgba, AlphaMode alpha) {
  std::vector<std::uint8_t> rgb(rgba.size() / 4 * 3);
  const unsigned behind = alpha == AlphaMode::kWhite ? 255 : 0;
  for (std::size_t i = 0; i < rgb.size(); ++i) {
    const std::uint8_t color = rgba[i / 3 * 4 + i % 3];
    const unsigned share = alpha == AlphaMode::kDrop ? 255 : rgba[i / 3 * 4 + 3];
    rgb[i] = static_cast<std::uint8_t>((color * share + behind * (255 - share) + 127U) / 255U);
  }
  return rgb;
}

bool looks_like_image(std::string_view bytes) {
  const Format* const format = format_of(bytes);
  return format != nullptr && format->decode != nullptr;
}

std::string_view unread_image_format(std::string_view bytes) {
  const Format* const format = format_of(bytes);
  return format != nullptr && format->decode == nullptr ? format->name : std::string_view();
}

Status no_image_error(std::string_view bytes) {
  const std::string_view unread = unread_image_format(bytes);
  if (unread.empty()) {
    const std::string what = describe_file(bytes);
    return invalid_argument("neither a PNG, JPEG, BMP, GIF nor a WebP image" +
                            (what.empty() ? "" : " but " + what));
  }
  return invalid_argument(std::string(unread) +
                          " images are not read; save it as PNG, JPEG, BMP, GIF or WebP");
}

bool has_image_name(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::ranges::count(kNames, extension) > 0;
}

Result<RgbImage> decode_pixels(std::string_view bytes, AlphaMode alpha) {
  if (bytes.size() > limits::kMaxImageFileBytes) {
    return out_of_range("an image file has " + std::to_string(bytes.size()) + " bytes, at most " +
                        std::to_string(limits::kMaxImageFileBytes) + " are read");
  }
  if (!looks_like_image(bytes)) return no_image_error(bytes);
  TINYSPLIT_ASSIGN_OR_RETURN(RgbImage image, format_of(bytes)->decode(bytes, alpha));
  turn_upright(orientation_of(bytes), image);
  return image;
}

Result<Tensor> decode_image(std::string_view bytes, const Shape& shape,
                            const ImageOptions& options) {
  TINYSPLIT_RETURN_IF_ERROR(check_shape(shape));
  try {
    return decode_into(bytes, shape, options);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory to decode an image");
  }
}

Result<Tensor> read_image(const std::filesystem::path& path, const Shape& shape,
                          const ImageOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes, read_file(path, limits::kMaxImageFileBytes));
  Result<Tensor> tensor = decode_image(bytes, shape, options);
  if (!tensor.ok()) return tensor.status().with_context(path.string());
  return tensor;
}

}  // namespace tinysplit
