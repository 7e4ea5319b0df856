#include <webp/decode.h>
#include <webp/demux.h>

#include <cstring>
#include <memory>
#include <string>

#include "formats/image/pixels.h"

namespace tinysplit {
namespace {

Status damaged_webp() { return invalid_argument("a WebP image is damaged or truncated"); }

struct Deleter {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

// The first picture of an animation, on its canvas.
Status read_first_picture(const WebPData& data, std::span<std::uint8_t> rgba) {
  const std::unique_ptr<WebPAnimDecoder, Deleter> decoder(WebPAnimDecoderNew(&data, nullptr));
  WebPAnimInfo info{};
  if (!decoder || WebPAnimDecoderGetInfo(decoder.get(), &info) == 0) return damaged_webp();
  if (std::size_t{4} * info.canvas_width * info.canvas_height != rgba.size()) return damaged_webp();
  std::uint8_t* canvas = nullptr;
  int shown_until_ms = 0;
  if (WebPAnimDecoderGetNext(decoder.get(), &canvas, &shown_until_ms) == 0) return damaged_webp();
  std::memcpy(rgba.data(), canvas, rgba.size());
  return ok_status();
}

}  // namespace

Result<RgbImage> decode_webp(std::string_view bytes, AlphaMode alpha) {
  const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  WebPBitstreamFeatures features{};
  if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK) return damaged_webp();
  const auto width = std::size_t(features.width), height = std::size_t(features.height);
  TINYSPLIT_RETURN_IF_ERROR(check_image_size(width, height));
  std::vector<std::uint8_t> rgba(4 * width * height);
  if (features.has_animation != 0) {
    TINYSPLIT_RETURN_IF_ERROR(read_first_picture({data, bytes.size()}, rgba));
  } else if (WebPDecodeRGBAInto(data, bytes.size(), rgba.data(), rgba.size(),
                                static_cast<int>(4 * width)) == nullptr) {
    return damaged_webp();
  }
  return RgbImage{width, height, without_alpha(rgba, alpha)};
}

}  // namespace tinysplit
