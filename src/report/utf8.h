#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tinysplit {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  // bytes it took, at least 1
  bool valid = true;       // false: `value` is U+FFFD in the place of one byte
};

// The first code point of `text` (RFC 3629: no overlong forms, no surrogates). Precondition: not
// empty.
CodePoint decode_utf8(std::string_view text);

// Columns of a terminal: 0 for combining and zero-width code points, 2 for wide ones, 1 otherwise.
std::size_t columns_of(char32_t value);

// Bytes of the ANSI colour sequence (ESC [ digits and ; m) that `text` begins with; 0 if none.
std::size_t sgr_length(std::string_view text);

// `text` as XML character data and attribute value: markup escaped, bytes that are not UTF-8
// replaced by U+FFFD, code points that XML 1.0 forbids (section 2.2) dropped.
std::string escape_xml(std::string_view text);

// `text` in printable ASCII: 'µ' becomes 'u', typographic dashes, quotes and arrows their plain
// counterparts, everything else '?'.
std::string to_ascii(std::string_view text);

}  // namespace tinysplit
