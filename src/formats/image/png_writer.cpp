#include "formats/image/png_writer.h"

#include <png.h>

#include <new>

namespace tinysplit {

Result<std::string> encode_png(std::span<const std::uint8_t> pixels, const ImageSize& size) {
  const bool is_color = size.channels == 3;
  if ((!is_color && size.channels != 1) ||
      pixels.size() != size.height * size.width * size.channels || pixels.empty()) {
    return invalid_argument("a PNG is made of the pixels of one grey or RGB image");
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(size.width);
  image.height = static_cast<png_uint_32>(size.height);
  image.format = is_color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  try {
    std::string file(bytes, '\0');
    if (png_image_write_to_memory(&image, file.data(), &bytes, 0, pixels.data(), 0, nullptr) == 0) {
      return internal_error("libpng cannot write an image: " + std::string(image.message));
    }
    file.resize(bytes);
    return file;
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory to write an image");
  }
}

}  // namespace tinysplit
