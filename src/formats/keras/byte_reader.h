#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tinysplit::keras {

// Reads little-endian numbers off untrusted bytes. A read past the end gives zeros and makes ok()
// false for good, so that a caller may read a whole structure and ask once.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes, std::uint64_t offset = 0) : bytes_(bytes) {
    skip(offset);
  }

  bool ok() const { return ok_; }
  std::size_t remaining() const { return bytes_.size(); }

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }

  // The next `size` bytes; empty if there are not as many.
  std::string_view view(std::uint64_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(static_cast<std::size_t>(size));
    return taken;
  }

  void skip(std::uint64_t size) { view(size); }

 private:
  std::uint64_t number(std::size_t size) {
    const std::string_view taken = view(size);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < taken.size(); ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(taken[i])} << (8 * i);
    }
    return value;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace tinysplit::keras
