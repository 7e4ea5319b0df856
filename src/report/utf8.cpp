#include "report/utf8.h"

#include <algorithm>
#include <array>

namespace tinysplit {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// The blocks that matter to names of layers and models; Unicode's East Asian Width W and F.
constexpr std::array<Range, 9> kWide{{{0x1100, 0x115f},
                                      {0x2e80, 0x303e},
                                      {0x3041, 0xa4cf},
                                      {0xac00, 0xd7a3},
                                      {0xf900, 0xfaff},
                                      {0xfe30, 0xfe6f},
                                      {0xff00, 0xff60},
                                      {0x1f300, 0x1faff},
                                      {0x20000, 0x3fffd}}};

constexpr std::array<Range, 7> kZeroWidth{{{0x0300, 0x036f},
                                           {0x1ab0, 0x1aff},
                                           {0x1dc0, 0x1dff},
                                           {0x200b, 0x200f},
                                           {0x20d0, 0x20ff},
                                           {0xfe00, 0xfe0f},
                                           {0xfe20, 0xfe2f}}};

template <std::size_t N>
bool contains(const std::array<Range, N>& ranges, char32_t value) {
  return std::ranges::any_of(
      ranges, [value](const Range& r) { return value >= r.first && value <= r.last; });
}

std::string_view ascii_of(char32_t value) {
  switch (value) {
    case 0x00b5:  // micro sign
    case 0x03bc:  // mu
      return "u";
    case 0x00d7:
      return "x";
    case 0x00b7:
    case 0x2022:
      return "*";
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2212:
      return "-";
    case 0x2018:
    case 0x2019:
      return "'";
    case 0x201c:
    case 0x201d:
      return "\"";
    case 0x2026:
      return "...";
    case 0x2190:
      return "<-";
    case 0x2192:
      return "->";
    case 0x00a0:
      return " ";
    default:
      return "?";
  }
}

}  // namespace

CodePoint decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) -> char32_t { return static_cast<unsigned char>(text[i]); };
  const CodePoint invalid{0xfffd, 1, false};
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return invalid;
  char32_t value = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return invalid;
    value = value << 6U | (byte(i) & 0x3fU);
  }
  static constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest[length] || value > 0x10ffff || surrogate) return invalid;
  return {value, length, true};
}

std::size_t columns_of(char32_t value) {
  if (contains(kZeroWidth, value)) return 0;
  return contains(kWide, value) ? 2 : 1;
}

std::size_t sgr_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  std::size_t at = 2;
  while (at < text.size() && ((text[at] >= '0' && text[at] <= '9') || text[at] == ';')) ++at;
  return at < text.size() && text[at] == 'm' ? at + 1 : 0;
}

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text.substr(at));
    switch (point.value) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&apos;";
        break;
      default:
        if (!point.valid) {
          escaped += "\xef\xbf\xbd";
        } else if (point.value == 0xfffe || point.value == 0xffff ||
                   (point.value < 0x20 && point.value != '\t' && point.value != '\n')) {
          break;
        } else {
          escaped += text.substr(at, point.length);
        }
    }
    at += point.length;
  }
  return escaped;
}

std::string to_ascii(std::string_view text) {
  std::string ascii;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text.substr(at));
    if (point.value >= 0x20 && point.value < 0x7f) {
      ascii += static_cast<char>(point.value);
    } else {
      ascii += ascii_of(point.value);
    }
    at += point.length;
  }
  return ascii;
}

}  // namespace tinysplit
