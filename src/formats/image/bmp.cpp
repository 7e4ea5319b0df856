// BMP files as Windows and OS/2 write them: headers of 12, 40, 52, 56, 64, 108 and 124 bytes.
#include <array>
#include <bit>
#include <optional>
#include <string>

#include "formats/image/pixels.h"

namespace tinysplit {
namespace {

constexpr std::size_t kFileHeader = 14;

Status damaged_bmp(const char* what) {
  return invalid_argument(std::string("a BMP image is damaged or truncated: ") + what);
}

// Little-endian numbers of the file; 0 beyond its end.
class Numbers {
 public:
  explicit Numbers(std::string_view bytes) : bytes_(bytes) {}
  std::uint32_t at(std::size_t offset, std::size_t count) const {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < count && offset + i < bytes_.size(); ++i) {
      number |= std::uint32_t{static_cast<unsigned char>(bytes_[offset + i])} << (8 * i);
    }
    return number;
  }

 private:
  std::string_view bytes_;
};

struct BmpHeader {
  std::size_t width = 0, height = 0;
  bool is_top_down = false;
  unsigned bits = 0;                     // of a pixel
  std::array<std::uint32_t, 3> masks{};  // of 16 and 32 bits
  std::size_t palette = 0, palette_entry = 0, colors = 0;
  std::size_t data = 0;
};

Status read_size(const Numbers& file, std::size_t header_size, BmpHeader& header) {
  const bool is_old = header_size == 12;
  const auto width = static_cast<std::int32_t>(file.at(18, is_old ? 2 : 4));
  const auto height = static_cast<std::int32_t>(file.at(is_old ? 20 : 22, is_old ? 2 : 4));
  header.is_top_down = height < 0;
  // The lowest number has no positive one.
  const std::int64_t rows = header.is_top_down ? -std::int64_t{height} : height;
  if (width < 0) return damaged_bmp("it has a negative width");
  header.width = static_cast<std::size_t>(width);
  header.height = static_cast<std::size_t>(rows);
  return check_image_size(header.width, header.height);
}

Status read_masks(const Numbers& file, std::uint32_t compression, BmpHeader& header) {
  constexpr std::uint32_t kPlain = 0, kBitFields = 3, kAlphaBitFields = 6;
  if (compression == kPlain) {
    header.masks = header.bits == 16 ? std::array<std::uint32_t, 3>{0x7c00, 0x03e0, 0x001f}
                                     : std::array<std::uint32_t, 3>{0xff0000, 0xff00, 0xff};
    return ok_status();
  }
  const bool is_masked = compression == kBitFields || compression == kAlphaBitFields;
  if (!is_masked || (header.bits != 16 && header.bits != 32)) {
    return unimplemented("a BMP image has run lengths or another file in it (compression " +
                         std::to_string(compression) + "); save it without, or as PNG");
  }
  for (std::size_t i = 0; i < 3; ++i) {
    header.masks[i] = file.at(kFileHeader + 40 + 4 * i, 4);
    if (header.masks[i] == 0) return damaged_bmp("it has no bits for a colour");
  }
  return ok_status();
}

Result<BmpHeader> read_header(std::string_view bytes) {
  const Numbers file(bytes);
  const std::size_t header_size = file.at(kFileHeader, 4);
  const bool is_old = header_size == 12;
  if (bytes.size() < kFileHeader + 12 || bytes.size() < kFileHeader + header_size) {
    return damaged_bmp("it ends in its header");
  }
  BmpHeader header;
  TINYSPLIT_RETURN_IF_ERROR(read_size(file, header_size, header));
  header.bits = file.at(is_old ? 24 : 28, 2);
  const std::uint32_t compression = is_old ? 0 : file.at(30, 4);
  TINYSPLIT_RETURN_IF_ERROR(read_masks(file, compression, header));
  header.data = file.at(10, 4);
  header.palette = kFileHeader + header_size;
  header.palette_entry = is_old ? 3 : 4;
  if (header.bits <= 8) {
    const std::size_t most = std::size_t{1} << header.bits;
    header.colors = is_old ? 0 : file.at(46, 4);
    if (header.colors == 0 || header.colors > most) header.colors = most;
  }
  return header;
}

// A colour of so many bits, as 8.
std::uint8_t widened(std::uint32_t pixel, std::uint32_t mask) {
  const auto shift = static_cast<unsigned>(std::countr_zero(mask));
  const std::uint32_t most = mask >> shift;
  const std::uint64_t level = (pixel & mask) >> shift;
  return static_cast<std::uint8_t>((level * 255 + most / 2) / most);
}

class BmpRows {
 public:
  BmpRows(std::string_view bytes, const BmpHeader& header) : file_(bytes), header_(header) {}

  // Red, green and blue of a pixel of the row that begins at `row`.
  std::optional<std::array<std::uint8_t, 3>> pixel(std::size_t row, std::size_t x) const {
    if (header_.bits == 24) {
      const std::size_t at = row + 3 * x;
      return std::array{byte(at + 2), byte(at + 1), byte(at)};
    }
    if (header_.bits > 8) {
      const std::size_t bytes = header_.bits / 8;
      const std::uint32_t pixel = file_.at(row + bytes * x, bytes);
      return std::array{widened(pixel, header_.masks[0]), widened(pixel, header_.masks[1]),
                        widened(pixel, header_.masks[2])};
    }
    const std::size_t bit = x * header_.bits;
    const unsigned shift = 8 - header_.bits - static_cast<unsigned>(bit % 8);
    const std::size_t index = byte(row + bit / 8) >> shift & ((1U << header_.bits) - 1);
    if (index >= header_.colors) return std::nullopt;
    const std::size_t at = header_.palette + index * header_.palette_entry;
    return std::array{byte(at + 2), byte(at + 1), byte(at)};
  }

 private:
  std::uint8_t byte(std::size_t at) const { return static_cast<std::uint8_t>(file_.at(at, 1)); }

  Numbers file_;
  const BmpHeader& header_;
};

bool has_known_bits(unsigned bits) {
  return bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
}

}  // namespace

Result<RgbImage> decode_bmp(std::string_view bytes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const BmpHeader header, read_header(bytes));
  if (!has_known_bits(header.bits)) return damaged_bmp("it has no known number of bits a pixel");
  // Rows are of whole words.
  const std::size_t row_bytes = (header.width * header.bits + 31) / 32 * 4;
  const std::size_t palette_end = header.palette + header.colors * header.palette_entry;
  if (header.data > bytes.size() || bytes.size() - header.data < row_bytes * header.height ||
      (header.bits <= 8 && palette_end > bytes.size())) {
    return damaged_bmp("it has fewer bytes than its size asks for");
  }
  RgbImage image{header.width, header.height, {}};
  image.pixels.reserve(3 * image.width * image.height);
  const BmpRows rows(bytes, header);
  for (std::size_t y = 0; y < image.height; ++y) {
    const std::size_t stored = header.is_top_down ? y : image.height - 1 - y;
    for (std::size_t x = 0; x < image.width; ++x) {
      const auto pixel = rows.pixel(header.data + stored * row_bytes, x);
      if (!pixel) return damaged_bmp("a pixel has a colour that the palette lacks");
      image.pixels.insert(image.pixels.end(), pixel->begin(), pixel->end());
    }
  }
  return image;
}

}  // namespace tinysplit
