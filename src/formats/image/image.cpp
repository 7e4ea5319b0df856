#include "formats/image/image.h"

#include <new>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/file_kind.h"
#include "core/limits.h"
#include "formats/image/pixels.h"
#include "formats/image/resize.h"

namespace tinysplit {
namespace {

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
constexpr std::string_view kJpegSignature = "\xff\xd8\xff";

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

Result<Tensor> decode_into(std::string_view bytes, const Shape& shape) {
  const bool is_png = bytes.starts_with(kPngSignature);
  TINYSPLIT_ASSIGN_OR_RETURN(RgbImage image, is_png ? decode_png(bytes) : decode_jpeg(bytes));
  const auto channels = std::size_t(shape[3]);
  if (channels == 1) image.pixels = luma_of(image.pixels);
  Tensor tensor(DType::kFloat32, shape);
  resize_image(image.pixels, {image.height, image.width, channels}, tensor.as<float>(),
               {std::size_t(shape[1]), std::size_t(shape[2]), channels});
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

namespace {

std::string not_an_image(std::string_view bytes) {
  const std::string what = describe_file(bytes);
  return "neither a PNG nor a JPEG image" + (what.empty() ? "" : " but " + what);
}

}  // namespace

bool looks_like_image(std::string_view bytes) {
  return bytes.starts_with(kPngSignature) || bytes.starts_with(kJpegSignature);
}

Result<Tensor> decode_image(std::string_view bytes, const Shape& shape) {
  TINYSPLIT_RETURN_IF_ERROR(check_shape(shape));
  if (bytes.size() > limits::kMaxImageFileBytes) {
    return out_of_range("an image file has " + std::to_string(bytes.size()) + " bytes, at most " +
                        std::to_string(limits::kMaxImageFileBytes) + " are read");
  }
  if (!looks_like_image(bytes)) return invalid_argument(not_an_image(bytes));
  try {
    return decode_into(bytes, shape);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory to decode an image");
  }
}

Result<Tensor> read_image(const std::filesystem::path& path, const Shape& shape) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes, read_file(path, limits::kMaxImageFileBytes));
  Result<Tensor> tensor = decode_image(bytes, shape);
  if (!tensor.ok()) return tensor.status().with_context(path.string());
  return tensor;
}

}  // namespace tinysplit
