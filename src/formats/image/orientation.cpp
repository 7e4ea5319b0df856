#include "formats/image/orientation.h"

#include <algorithm>
#include <cstdint>

namespace tinysplit {
namespace {

// The unsigned number of `count` bytes at `at`, 0 beyond the end.
std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t count, bool big) {
  if (at > bytes.size() || bytes.size() - at < count) return 0;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t from = big ? i : count - 1 - i;
    number = number << 8U | static_cast<unsigned char>(bytes[at + from]);
  }
  return number;
}

std::string_view part(std::string_view bytes, std::size_t at, std::size_t size) {
  return at > bytes.size() ? std::string_view() : bytes.substr(at, size);
}

// TIFF 6.0: a header, and the first directory of tags.
int orientation_in_tiff(std::string_view tiff) {
  constexpr std::uint32_t kOrientationTag = 0x0112;
  const bool big = tiff.starts_with("MM");
  if (!big && !tiff.starts_with("II")) return 1;
  const std::size_t directory = number_at(tiff, 4, 4, big);
  const std::size_t entries = number_at(tiff, directory, 2, big);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (entry > tiff.size()) break;
    if (number_at(tiff, entry, 2, big) != kOrientationTag) continue;
    const std::uint32_t orientation = number_at(tiff, entry + 8, 2, big);
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 1;
  }
  return 1;
}

constexpr std::string_view kExifHead{"Exif\0\0", 6};

std::string_view exif_of_jpeg(std::string_view bytes) {
  constexpr std::uint32_t kApp1 = 0xffe1, kStartOfScan = 0xffda;
  for (std::size_t at = 2; at + 4 <= bytes.size();) {
    const std::uint32_t marker = number_at(bytes, at, 2, true);
    const std::size_t size = number_at(bytes, at + 2, 2, true);
    if (marker < 0xff01 || marker == kStartOfScan || size < 2) break;
    const std::string_view segment = part(bytes, at + 4, size - 2);
    if (marker == kApp1 && segment.starts_with(kExifHead)) return segment.substr(kExifHead.size());
    at += 2 + size;
  }
  return {};
}

std::string_view exif_of_png(std::string_view bytes) {
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    const std::size_t size = number_at(bytes, at, 4, true);
    if (part(bytes, at + 4, 4) == "eXIf") return part(bytes, at + 8, size);
    at += 12 + size;
  }
  return {};
}

std::string_view exif_of_webp(std::string_view bytes) {
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    const std::size_t size = number_at(bytes, at + 4, 4, false);
    if (part(bytes, at, 4) == "EXIF") {
      std::string_view exif = part(bytes, at + 8, size);
      if (exif.starts_with(kExifHead)) exif.remove_prefix(kExifHead.size());
      return exif;
    }
    at += 8 + size + size % 2;
  }
  return {};
}

}  // namespace

int orientation_of(std::string_view bytes) {
  if (bytes.starts_with("\xff\xd8")) return orientation_in_tiff(exif_of_jpeg(bytes));
  if (bytes.starts_with("\x89PNG")) return orientation_in_tiff(exif_of_png(bytes));
  if (bytes.starts_with("RIFF")) return orientation_in_tiff(exif_of_webp(bytes));
  return 1;
}

// Where the stored picture's first row and column are shown: 2 right, 3 down and right, 4 down;
// from 5 on rows are columns.
void turn_upright(int orientation, RgbImage& image) {
  if (orientation <= 1 || orientation > 8) return;
  const bool swaps = orientation >= 5;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool from_below =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  RgbImage turned{swaps ? image.height : image.width, swaps ? image.width : image.height, {}};
  turned.pixels.resize(image.pixels.size());
  for (std::size_t y = 0; y < image.height; ++y) {
    for (std::size_t x = 0; x < image.width; ++x) {
      std::size_t column = swaps ? y : x, row = swaps ? x : y;
      if (from_right) column = turned.width - 1 - column;
      if (from_below) row = turned.height - 1 - row;
      std::copy_n(image.pixels.begin() + std::ptrdiff_t(3 * (y * image.width + x)), 3,
                  turned.pixels.begin() + std::ptrdiff_t(3 * (row * turned.width + column)));
    }
  }
  image = std::move(turned);
}

}  // namespace tinysplit
