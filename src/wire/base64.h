#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/status.h"

namespace tinysplit {

// Base64 of RFC 4648 section 4, with padding, without line breaks.
std::string base64_encode(std::span<const std::byte> bytes);

// `text` without the spaces, tabs and line ends that encoders break it up with (RFC 2045 section
// 6.8; Python's encodebytes, the base64 command); what is none of these stays.
std::string base64_unwrapped(std::string_view text);

// Number of bytes that `text` stands for, from its length and padding alone; nothing else is
// checked. Errors: INVALID_ARGUMENT when the length is not a multiple of 4.
Result<std::size_t> base64_decoded_bytes(std::string_view text);

// Decodes into `out`, which must have exactly base64_decoded_bytes(text) bytes. Strict: no
// character outside the alphabet (white space neither), padding only at the end, unused bits zero
// (section 3.5). Errors: INVALID_ARGUMENT naming the position; `out` is then unspecified.
Status base64_decode(std::string_view text, std::span<std::byte> out);

}  // namespace tinysplit
