#include <csetjmp>
#include <cstdio>
// jpeglib.h needs <cstdio> before it.
#include <jerror.h>
#include <jpeglib.h>

#include <string>

#include "core/limits.h"
#include "formats/image/pixels.h"

namespace tinysplit {
namespace {

// libjpeg reports errors by a function that must not return, and no exception may cross its C
// frames: so it jumps back to the last setjmp. Between the two there are only C frames and plain
// values.
struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

ErrorManager* manager_of(j_common_ptr info) { return reinterpret_cast<ErrorManager*>(info->err); }

[[noreturn]] void on_error(j_common_ptr info) {
  ErrorManager* const manager = manager_of(info);
  info->err->format_message(info, manager->message);
  std::longjmp(manager->jump, 1);
}

// Warnings mean that pixels were made up, except where superfluous bytes were skipped.
void on_message(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code != JWRN_EXTRANEOUS_DATA) on_error(info);
}

void print_nothing(j_common_ptr /*info*/) {}

// A small file can hold very many scans, each of which costs as much as a whole image.
void on_progress(j_common_ptr info) {
  const auto* const decompress = reinterpret_cast<j_decompress_ptr>(info);
  if (decompress->input_scan_number > limits::kMaxJpegScans) {
    ErrorManager* const manager = manager_of(info);
    std::snprintf(manager->message, sizeof(manager->message), "more than %d scans",
                  limits::kMaxJpegScans);
    std::longjmp(manager->jump, 1);
  }
}

class Decoder {
 public:
  Decoder() {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = on_error;
    errors_.base.emit_message = on_message;
    errors_.base.output_message = print_nothing;
    progress_.progress_monitor = on_progress;
  }
  ~Decoder() { jpeg_destroy_decompress(&info_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // Reads up to the first scan; false if that fails.
  bool read_header(const unsigned char* bytes, unsigned long size) {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_mem_src(&info_, bytes, size);
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  // Four inks rather than three colours.
  bool is_cmyk() const { return info_.num_components == 4; }

  // Writes 3 (of is_cmyk() 4) * width() * height() bytes to `pixels`; false if that fails.
  bool read_pixels(unsigned char* pixels) {
    if (setjmp(errors_.jump) != 0) return false;
    info_.out_color_space = is_cmyk() ? JCS_CMYK : JCS_RGB;
    info_.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = pixels + std::size_t{info_.output_scanline} * info_.output_width * channels();
      jpeg_read_scanlines(&info_, &row, 1);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

  std::size_t channels() const { return is_cmyk() ? 4 : 3; }
  std::size_t width() const { return info_.image_width; }
  std::size_t height() const { return info_.image_height; }
  Status error() const {
    return invalid_argument(
        std::string("a JPEG image is damaged, truncated or of an unknown kind: ") +
        errors_.message);
  }

 private:
  jpeg_decompress_struct info_{};
  ErrorManager errors_{};
  jpeg_progress_mgr progress_{};
};

// Red, green and blue of cyan, magenta, yellow and black, each of which is stored as what it leaves
// of the light: Adobe writes them so, and nobody else writes such files.
std::vector<std::uint8_t> without_inks(std::span<const std::uint8_t> inks) {
  std::vector<std::uint8_t> rgb(inks.size() / 4 * 3);
  for (std::size_t i = 0; i < rgb.size(); ++i) {
    const unsigned black = inks[i / 3 * 4 + 3];
    rgb[i] = static_cast<std::uint8_t>((inks[i / 3 * 4 + i % 3] * black + 127U) / 255U);
  }
  return rgb;
}

}  // namespace

Result<RgbImage> decode_jpeg(std::string_view bytes) {
  Decoder decoder;
  if (!decoder.read_header(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size())) {
    return decoder.error();
  }
  TINYSPLIT_RETURN_IF_ERROR(check_image_size(decoder.width(), decoder.height()));
  RgbImage image{decoder.width(), decoder.height(), {}};
  image.pixels.resize(decoder.channels() * image.width * image.height);
  if (!decoder.read_pixels(image.pixels.data())) return decoder.error();
  if (decoder.is_cmyk()) image.pixels = without_inks(image.pixels);
  return image;
}

}  // namespace tinysplit
