#include "wire/cbor_writer.h"

#include <cbor/encoding.h>

#include <array>
#include <bit>
#include <cmath>

namespace tinysplit {
namespace {

// The longest head of a data item: one byte and a 64-bit argument.
using Head = std::array<unsigned char, 9>;

void append(std::string& out, const Head& head, std::size_t size) {
  out.append(reinterpret_cast<const char*>(head.data()), size);
}

bool fits_half(float value) {
  if (value == 0.0f || std::isinf(value)) return true;
  const float magnitude = std::fabs(value);
  if (magnitude >= 65536.0f) return false;
  if (magnitude >= 0x1p-14f) return (std::bit_cast<std::uint32_t>(value) & 0x1fffu) == 0;
  // Subnormal halves are the multiples of 2^-24.
  const float scaled = magnitude * 0x1p24f;
  return scaled >= 1.0f && scaled == std::floor(scaled);
}

}  // namespace

void CborWriter::write_unsigned(std::uint64_t value) {
  Head head;
  append(out_, head, cbor_encode_uint(value, head.data(), head.size()));
}

void CborWriter::write_integer(std::int64_t value) {
  if (value >= 0) {
    write_unsigned(static_cast<std::uint64_t>(value));
    return;
  }
  Head head;
  append(out_, head,
         cbor_encode_negint(static_cast<std::uint64_t>(-(value + 1)), head.data(), head.size()));
}

void CborWriter::write_text(std::string_view text) {
  Head head;
  append(out_, head, cbor_encode_string_start(text.size(), head.data(), head.size()));
  out_.append(text);
}

void CborWriter::write_bytes(std::span<const std::byte> bytes) {
  begin_bytes(bytes.size());
  out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void CborWriter::begin_bytes(std::size_t size) {
  Head head;
  append(out_, head, cbor_encode_bytestring_start(size, head.data(), head.size()));
}

void CborWriter::begin_array(std::size_t count) {
  Head head;
  append(out_, head, cbor_encode_array_start(count, head.data(), head.size()));
}

void CborWriter::begin_map(std::size_t pairs) {
  Head head;
  append(out_, head, cbor_encode_map_start(pairs, head.data(), head.size()));
}

void CborWriter::write_tag(std::uint64_t tag) {
  Head head;
  append(out_, head, cbor_encode_tag(tag, head.data(), head.size()));
}

void CborWriter::write_bool(bool value) {
  Head head;
  append(out_, head, cbor_encode_bool(value, head.data(), head.size()));
}

void CborWriter::write_float(float value) {
  Head head;
  append(out_, head,
         fits_half(value) ? cbor_encode_half(value, head.data(), head.size())
                          : cbor_encode_single(value, head.data(), head.size()));
}

}  // namespace tinysplit
