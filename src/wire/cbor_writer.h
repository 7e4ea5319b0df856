#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tinysplit {

// Appends CBOR data items (RFC 8949) to a string in their shortest form (section 4.2.1). The caller
// orders the keys of maps and keeps the counts. Not owning: `out` must outlive the writer.
class CborWriter {
 public:
  explicit CborWriter(std::string& out) : out_(out) {}

  void write_unsigned(std::uint64_t value);
  void write_integer(std::int64_t value);
  void write_text(std::string_view text);
  void write_bytes(std::span<const std::byte> bytes);
  // The head of a byte string; exactly `size` bytes must be appended to out() after it.
  void begin_bytes(std::size_t size);
  void begin_array(std::size_t count);
  void begin_map(std::size_t pairs);
  void write_tag(std::uint64_t tag);
  void write_bool(bool value);
  // The shortest of half and single precision that holds `value` exactly. Precondition: not a NaN.
  void write_float(float value);

  std::string& out() { return out_; }

 private:
  std::string& out_;
};

}  // namespace tinysplit
