#include <png.h>

#include "formats/image/pixels.h"

namespace tinysplit {
namespace {

// Frees what libpng allocated for an image, on every path.
class PngImage {
 public:
  PngImage() { image_.version = PNG_IMAGE_VERSION; }
  ~PngImage() { png_image_free(&image_); }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;
  png_image* get() { return &image_; }

 private:
  png_image image_{};
};

}  // namespace

Result<RgbImage> decode_png(std::string_view bytes, AlphaMode alpha) {
  PngImage holder;
  png_image* const image = holder.get();
  if (png_image_begin_read_from_memory(image, bytes.data(), bytes.size()) == 0) {
    return invalid_argument(std::string("a PNG image is damaged or truncated: ") + image->message);
  }
  TINYSPLIT_RETURN_IF_ERROR(check_image_size(image->width, image->height));
  image->format = PNG_FORMAT_RGBA;
  // Without it, 16-bit samples would be taken for linear light and come out much brighter.
  image->flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  const std::size_t num_pixels = std::size_t{image->width} * image->height;
  std::vector<std::uint8_t> rgba(num_pixels * 4);
  if (png_image_finish_read(image, nullptr, rgba.data(), 0, nullptr) == 0) {
    return invalid_argument(std::string("a PNG image is damaged or truncated: ") + image->message);
  }
  return RgbImage{image->width, image->height, without_alpha(rgba, alpha)};
}

}  // namespace tinysplit
