#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "formats/image/pixels.h"

namespace tinysplit {
namespace {

Status damaged_gif(int code) {
  const char* const text = GifErrorString(code);
  return invalid_argument(std::string("a GIF image is damaged or truncated: ") +
                          (text == nullptr ? "it ends before a picture" : text));
}

int read_from(GifFileType* file, GifByteType* to, int count) {
  auto* const rest = static_cast<std::string_view*>(file->UserData);
  const std::size_t taken = std::min(rest->size(), static_cast<std::size_t>(std::max(count, 0)));
  std::memcpy(to, rest->data(), taken);
  rest->remove_prefix(taken);
  return static_cast<int>(taken);
}

struct Closer {
  void operator()(GifFileType* file) const { DGifCloseFile(file, nullptr); }
};

// The first picture of a file, laid on its canvas.
class FirstPicture {
 public:
  explicit FirstPicture(GifFileType& file) : file_(file) {}

  // Reads up to the picture.
  Status find() {
    for (;;) {
      GifRecordType type = UNDEFINED_RECORD_TYPE;
      if (DGifGetRecordType(&file_, &type) == GIF_ERROR) return damaged_gif(file_.Error);
      if (type == IMAGE_DESC_RECORD_TYPE) return ok_status();
      if (type != EXTENSION_RECORD_TYPE) return damaged_gif(0);
      TINYSPLIT_RETURN_IF_ERROR(read_extension());
    }
  }

  // [canvas,4]; transparent where the picture is not.
  Result<std::vector<std::uint8_t>> read(std::size_t width, std::size_t height) {
    if (DGifGetImageHeader(&file_) == GIF_ERROR) return damaged_gif(file_.Error);
    const GifImageDesc& place = file_.Image;
    if (place.Left < 0 || place.Top < 0 || place.Width < 1 || place.Height < 1)
      return damaged_gif(0);
    TINYSPLIT_RETURN_IF_ERROR(
        check_image_size(std::size_t(place.Width), std::size_t(place.Height)));
    const ColorMapObject* const colors = place.ColorMap ? place.ColorMap : file_.SColorMap;
    if (colors == nullptr) return invalid_argument("a GIF image has no colours");
    std::vector<std::uint8_t> canvas(4 * width * height);
    std::vector<GifPixelType> line(std::size_t(place.Width));
    for (int i = 0; i < place.Height; ++i) {
      if (DGifGetLine(&file_, line.data(), place.Width) == GIF_ERROR)
        return damaged_gif(file_.Error);
      const auto y = std::size_t(place.Top + row_of(i, place));
      if (y >= height) continue;
      for (std::size_t x = 0; x < line.size() && x + std::size_t(place.Left) < width; ++x) {
        if (line[x] == transparent_ || line[x] >= colors->ColorCount) continue;
        const GifColorType& color = colors->Colors[line[x]];
        std::uint8_t* const to = &canvas[4 * (y * width + x + std::size_t(place.Left))];
        to[0] = color.Red, to[1] = color.Green, to[2] = color.Blue, to[3] = 255;
      }
    }
    return canvas;
  }

 private:
  Status read_extension() {
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(&file_, &code, &block) == GIF_ERROR) return damaged_gif(file_.Error);
    while (block != nullptr) {
      GraphicsControlBlock control{};
      if (code == GRAPHICS_EXT_FUNC_CODE &&
          DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        transparent_ = control.TransparentColor;
      }
      if (DGifGetExtensionNext(&file_, &block) == GIF_ERROR) return damaged_gif(file_.Error);
    }
    return ok_status();
  }

  // The row of the picture that is stored as number `i`: in four passes where it is interlaced.
  static int row_of(int i, const GifImageDesc& place) {
    if (!place.Interlace) return i;
    for (const auto& [first, step] : {std::array{0, 8}, {4, 8}, {2, 4}, {1, 2}}) {
      const int rows = place.Height > first ? (place.Height - first + step - 1) / step : 0;
      if (i < rows) return first + i * step;
      i -= rows;
    }
    return 0;
  }

  GifFileType& file_;
  int transparent_ = NO_TRANSPARENT_COLOR;
};

}  // namespace

Result<RgbImage> decode_gif(std::string_view bytes, AlphaMode alpha) {
  std::string_view rest = bytes;
  int error = 0;
  const std::unique_ptr<GifFileType, Closer> file(DGifOpen(&rest, read_from, &error));
  if (!file) return damaged_gif(error);
  const auto width = std::size_t(file->SWidth), height = std::size_t(file->SHeight);
  TINYSPLIT_RETURN_IF_ERROR(check_image_size(width, height));
  FirstPicture picture(*file);
  TINYSPLIT_RETURN_IF_ERROR(picture.find());
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> canvas, picture.read(width, height));
  return RgbImage{width, height, without_alpha(canvas, alpha)};
}

}  // namespace tinysplit
