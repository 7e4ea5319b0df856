#include "formats/npy/npy_header.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/file_kind.h"

namespace tinysplit {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;

// A cursor over the dictionary's text.
class DictionaryParser {
 public:
  explicit DictionaryParser(std::string_view text) : rest_(text) {}

  Result<NpyHeader> parse() {
    NpyHeader header;
    bool has_descr = false;
    bool has_order = false;
    bool has_shape = false;
    if (!take('{')) return damaged("does not begin with '{'");
    while (!take('}')) {
      std::string key;
      if (!take_string(key) || !take(':')) return damaged("has a damaged key");
      bool repeated = false;
      if (key == "descr") {
        repeated = std::exchange(has_descr, true);
        if (peek('[')) return unimplemented("structured types (a list as descr) are not supported");
        if (!take_string(header.descr)) return damaged("has a descr that is not a string");
      } else if (key == "fortran_order") {
        repeated = std::exchange(has_order, true);
        if (!take_bool(header.fortran_order)) return damaged("has a damaged fortran_order");
      } else if (key == "shape") {
        repeated = std::exchange(has_shape, true);
        TINYSPLIT_ASSIGN_OR_RETURN(header.shape, take_shape());
      } else {
        return damaged("has the unknown key '" + key + "'");
      }
      if (repeated) return damaged("has the key '" + key + "' twice");
      if (!take(',') && !peek('}')) return damaged("has no ',' or '}' after '" + key + "'");
    }
    skip_spaces();
    if (rest_ != "\n") return damaged("does not end with '}', spaces and a newline");
    if (!has_descr || !has_order || !has_shape) {
      return damaged("lacks one of descr, fortran_order and shape");
    }
    return header;
  }

 private:
  static Status damaged(const std::string& what) {
    return invalid_argument("not a .npy array: its header " + what);
  }
  void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }
  bool peek(char expected) {
    skip_spaces();
    return !rest_.empty() && rest_.front() == expected;
  }
  bool take(char expected) {
    if (!peek(expected)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    skip_spaces();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool take_bool(bool& value) {
    value = take_word("True");
    return value || take_word("False");
  }
  bool take_string(std::string& value) {
    skip_spaces();
    if (rest_.empty() || (rest_.front() != '\'' && rest_.front() != '"')) return false;
    const std::size_t end = rest_.find(rest_.front(), 1);
    if (end == std::string_view::npos) return false;
    value = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return value.size() <= 64 && value.find('\\') == std::string::npos;
  }
  Result<Shape> take_shape() {
    if (!take('(')) return damaged("has a shape that is not a tuple");
    std::vector<std::int64_t> dims;
    bool comma = true;
    while (!take(')')) {
      skip_spaces();
      std::int64_t dim = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), dim);
      if (error != std::errc() || !comma || dims.size() > limits::kMaxRank) {
        return damaged("has a damaged shape");
      }
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      dims.push_back(dim);
      comma = take(',');
    }
    if (dims.size() == 1 && !comma) return damaged("has a shape that is not a tuple");
    return Shape::create(dims);
  }

  std::string_view rest_;
};

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

Result<NpyHeader> parse_npy_header(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) {
    const std::string what = describe_file(bytes);
    return invalid_argument("not a .npy array" + (what.empty()
                                                      ? ": it does not begin with \\x93NUMPY"
                                                      : " but " + what));
  }
  if (bytes.size() < kMagic.size() + 2) return invalid_argument("a .npy array ends in its header");
  const int major = static_cast<unsigned char>(bytes[kMagic.size()]);
  const int minor = static_cast<unsigned char>(bytes[kMagic.size() + 1]);
  if (major < 1 || major > 3 || minor != 0) {
    return unimplemented("a .npy array has format version " + std::to_string(major) + "." +
                         std::to_string(minor) + ", supported are 1.0, 2.0 and 3.0");
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  const std::size_t text_offset = kMagic.size() + 2 + length_bytes;
  if (bytes.size() < text_offset) return invalid_argument("a .npy array ends in its header");
  const std::size_t length = little_endian(bytes.substr(kMagic.size() + 2, length_bytes));
  if (length > bytes.size() - text_offset) {
    return invalid_argument("a .npy array ends in its header");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(NpyHeader header,
                             DictionaryParser(bytes.substr(text_offset, length)).parse());
  header.data_offset = text_offset + length;
  return header;
}

std::string format_npy_header(std::string_view descr, const Shape& shape) {
  std::string text = "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': (";
  for (int i = 0; i < shape.rank(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  text += shape.rank() == 1 ? ",), }" : "), }";
  const std::size_t used = kMagic.size() + 4 + text.size() + 1;
  text.append((kAlignment - used % kAlignment) % kAlignment, ' ') += '\n';

  std::string header(kMagic);
  header += '\x01';
  header += '\x00';
  header += static_cast<char>(text.size() & 0xffU);
  header += static_cast<char>(text.size() >> 8U);
  return header + text;
}

}  // namespace tinysplit
