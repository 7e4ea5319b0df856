#include "wire/utf8.h"

#include <cstdint>

namespace tinysplit {
namespace {

// Bytes of the well-formed sequence that `text` begins with, 0 if there is none.
std::size_t sequence_bytes(std::string_view text) {
  const auto byte_at = [text](std::size_t i) -> std::uint32_t {
    return static_cast<unsigned char>(text[i]);
  };
  const std::uint32_t first = byte_at(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  std::uint32_t code_point = first & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte_at(i) & 0xc0) != 0x80) return 0;
    code_point = code_point << 6 | (byte_at(i) & 0x3f);
  }
  if (size == 3 && (code_point < 0x800 || (code_point >= 0xd800 && code_point < 0xe000))) return 0;
  if (size == 4 && (code_point < 0x10000 || code_point > 0x10ffff)) return 0;
  return size;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = sequence_bytes(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string_view clip_utf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t size = max_bytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace tinysplit
