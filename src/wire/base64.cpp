#include "wire/base64.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace tinysplit {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}
constexpr std::array<std::int8_t, 256> kValues = make_values();

int value_of(char c) { return kValues[static_cast<unsigned char>(c)]; }

std::size_t padding_of(std::string_view text) {
  if (text.empty() || text.back() != '=') return 0;
  return text[text.size() - 2] == '=' ? 2 : 1;
}

// OpenSSL's functions take an int length; one call handles at most this many characters.
constexpr std::size_t kBlockCharacters = std::size_t{1} << 20;

const unsigned char* as_unsigned(const char* text) {
  return reinterpret_cast<const unsigned char*>(text);
}

}  // namespace

std::string base64_encode(std::span<const std::byte> bytes) {
  constexpr std::size_t kBlockBytes = kBlockCharacters / 4 * 3;
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends its output with a NUL
  std::size_t written = 0;
  for (std::size_t done = 0; done < bytes.size(); done += kBlockBytes) {
    const std::size_t size = std::min(kBlockBytes, bytes.size() - done);
    written += static_cast<std::size_t>(EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()) + written,
        reinterpret_cast<const unsigned char*>(bytes.data()) + done, static_cast<int>(size)));
  }
  text.resize(written);
  return text;
}

std::string base64_unwrapped(std::string_view text) {
  std::string unwrapped(text);
  std::erase_if(unwrapped, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
  return unwrapped;
}

Result<std::size_t> base64_decoded_bytes(std::string_view text) {
  if (text.size() % 4 != 0) {
    return invalid_argument("base64 text has " + std::to_string(text.size()) +
                            " characters, a multiple of 4 is needed (was the padding cut off?)");
  }
  return text.size() / 4 * 3 - padding_of(text);
}

Status base64_decode(std::string_view text, std::span<std::byte> out) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t size, base64_decoded_bytes(text));
  if (size != out.size()) {
    return invalid_argument("base64 text stands for " + std::to_string(size) + " bytes, expected " +
                            std::to_string(out.size()));
  }
  if (text.empty()) return ok_status();
  // OpenSSL alone forgives white space and misplaced padding, so every character is checked first.
  const std::size_t padding = padding_of(text);
  const std::string_view digits = text.substr(0, text.size() - padding);
  const auto bad =
      std::find_if(digits.begin(), digits.end(), [](char c) { return value_of(c) < 0; });
  if (bad != digits.end()) {
    return invalid_argument("base64 text has a character at position " +
                            std::to_string(bad - digits.begin()) +
                            " that is not of the base64 alphabet");
  }
  const int unused_bits = padding == 0 ? 0 : value_of(digits.back()) & (padding == 1 ? 3 : 15);
  if (unused_bits != 0) {
    return invalid_argument("base64 text is not canonical: its last character has unused bits set");
  }
  // The last group goes by a buffer of its own, since OpenSSL writes zeros in the place of padding.
  const std::size_t body = text.size() - 4;
  std::size_t written = 0;
  for (std::size_t done = 0; done < body; done += kBlockCharacters) {
    const std::size_t count = std::min(kBlockCharacters, body - done);
    EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()) + written,
                    as_unsigned(text.data()) + done, static_cast<int>(count));
    written += count / 4 * 3;
  }
  std::array<unsigned char, 3> last{};
  EVP_DecodeBlock(last.data(), as_unsigned(text.data()) + body, 4);
  std::memcpy(out.data() + written, last.data(), size - written);
  return ok_status();
}

}  // namespace tinysplit
