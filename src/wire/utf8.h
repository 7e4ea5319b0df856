#pragma once

#include <cstddef>
#include <string_view>

namespace tinysplit {

// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most
// U+10FFFF).
bool is_utf8(std::string_view text);

// The longest beginning of well-formed `text` of at most `max_bytes` that does not end inside a
// character.
std::string_view clip_utf8(std::string_view text, std::size_t max_bytes);

}  // namespace tinysplit
