#include <cstring>
#include <optional>

#include "core/limits.h"
#include "formats/npy/npy.h"
#include "formats/npy/npy_header.h"

namespace tinysplit {
namespace {

// Bytes of a character: UTF-32, or one byte of ASCII.
constexpr std::size_t kWide = 4;

struct TextType {
  std::size_t character_bytes = 0;
  std::size_t characters = 0;  // of an element, padded with zeros
};

std::optional<TextType> text_type_of(const std::string& descr) {
  const bool is_wide = descr.starts_with("<U");
  if (!is_wide && !descr.starts_with("|S")) return std::nullopt;
  std::size_t characters = 0;
  for (const char digit : descr.substr(2)) {
    if (digit < '0' || digit > '9' || characters > limits::kMaxArrayFileBytes) return std::nullopt;
    characters = 10 * characters + static_cast<std::size_t>(digit - '0');
  }
  return TextType{is_wide ? kWide : 1, characters};
}

void append_utf8(std::uint32_t character, std::string& text) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  const auto put_rest = [&](unsigned shift) { put(0x80U | (character >> shift & 0x3fU)); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xc0U | character >> 6U), put_rest(0);
  } else if (character < 0x10000) {
    put(0xe0U | character >> 12U), put_rest(6), put_rest(0);
  } else {
    put(0xf0U | character >> 18U), put_rest(12), put_rest(6), put_rest(0);
  }
}

Result<std::string> element_of(std::string_view bytes, const TextType& type) {
  std::string text;
  for (std::size_t i = 0; i < type.characters; ++i) {
    std::uint32_t character = 0;
    std::memcpy(&character, bytes.data() + i * type.character_bytes, type.character_bytes);
    if (character == 0) break;
    const std::uint32_t end = type.character_bytes == kWide ? 0x110000 : 0x80;
    if (character >= end || (character >= 0xd800 && character < 0xe000)) {
      return invalid_argument("a .npy array of text has a character that is none");
    }
    append_utf8(character, text);
    if (text.size() > limits::kMaxNameBytes) {
      return out_of_range("a .npy array has an element of more than " +
                          std::to_string(limits::kMaxNameBytes) + " bytes of text");
    }
  }
  return text;
}

}  // namespace

bool holds_text(std::string_view npy) {
  const Result<NpyHeader> header = parse_npy_header(npy);
  return header.ok() && text_type_of(header->descr).has_value();
}

Result<std::vector<std::string>> parse_npy_text(std::string_view bytes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const NpyHeader header, parse_npy_header(bytes));
  const std::optional<TextType> type = text_type_of(header.descr);
  if (!type) return unimplemented("a .npy array of '" + header.descr + "' is no text");
  const std::size_t element = type->character_bytes * type->characters;
  const auto count = static_cast<std::size_t>(header.shape.num_elements());
  const std::string_view data = bytes.substr(header.data_offset);
  if (count > limits::kMaxDatasetImages) {
    return out_of_range("a .npy array of text has " + std::to_string(count) +
                        " elements, at most " + std::to_string(limits::kMaxDatasetImages) +
                        " are read");
  }
  if (header.fortran_order && header.shape.rank() > 1) {
    return unimplemented("a .npy array of text is in Fortran order");
  }
  if (element == 0 ? !data.empty() : data.size() / element != count || data.size() % element != 0) {
    return invalid_argument("a .npy array of text has other bytes than its shape " +
                            header.shape.to_string() + " asks for");
  }
  std::vector<std::string> elements;
  for (std::size_t i = 0; i < count; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(std::string text,
                               element_of(data.substr(i * element, element), *type));
    elements.push_back(std::move(text));
  }
  return elements;
}

}  // namespace tinysplit
