#include "datasets/csv_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/limits.h"

namespace tinysplit {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

std::optional<float> number_in(std::string_view cell, bool decimal_comma) {
  std::array<char, 64> buffer{};
  if (cell.starts_with('+')) cell.remove_prefix(1);
  if (cell.empty() || cell.size() > buffer.size()) return std::nullopt;
  std::ranges::copy(cell, buffer.begin());
  if (decimal_comma) std::ranges::replace(buffer, ',', '.');
  double number = 0.0;
  const char* const end = buffer.data() + cell.size();
  const auto [stopped, error] = std::from_chars(buffer.data(), end, number);
  // What is too small for a double is as good as 0; only an exponent makes so short a text that.
  const std::string_view text(buffer.data(), cell.size());
  const bool is_tiny = error == std::errc::result_out_of_range &&
                       text.find_first_of("eE") < text.rfind('-') && text.rfind('-') != text.npos;
  if ((error != std::errc{} && !is_tiny) || stopped != end) return std::nullopt;
  const auto rounded = static_cast<float>(number);
  return std::isfinite(rounded) ? std::optional(rounded) : std::nullopt;
}

char separator_of(std::string_view line) {
  for (const char separator : {';', '\t', ','}) {
    if (line.find(separator) != std::string_view::npos) return separator;
  }
  return ' ';
}

Status at(std::size_t line, std::size_t column, const std::string& what) {
  return invalid_argument("line " + std::to_string(line) + ", column " +
                          std::to_string(column + 1) + ": " + what);
}

std::string shown(std::string_view cell) {
  constexpr std::size_t kMost = 32;
  std::string text(cell.substr(0, kMost));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return "\"" + text + "\"";
}

class CsvParser {
 public:
  Result<CsvTable> parse(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = trimmed_line(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      ++line_;
      if (trimmed(line).empty() || line.starts_with('#')) continue;
      TINYSPLIT_RETURN_IF_ERROR(take(line));
    }
    if (first_) TINYSPLIT_RETURN_IF_ERROR(begin(*first_, nullptr));
    if (table_.rows == 0) return invalid_argument("it has no rows of numbers");
    return std::move(table_);
  }

 private:
  using Cells = std::vector<std::string>;
  struct Line {
    Cells cells;
    std::size_t number = 0;
  };

  static std::string_view trimmed_line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  Status take(std::string_view line) {
    if (separator_ == '\0') {
      separator_ = separator_of(line);
      decimal_comma_ = separator_ != ',';
    }
    TINYSPLIT_RETURN_IF_ERROR(split(line));
    if (table_.columns > 0) return add_row({cells_, line_});
    if (!first_) {
      first_ = Line{cells_, line_};
      return ok_status();
    }
    const Line first = std::move(*first_);
    first_.reset();
    const Line second{cells_, line_};
    return begin(first, &second);
  }

  // The first row names the columns if it has a word where the second has a number, or words alone.
  Status begin(const Line& first, const Line* second) {
    const auto is_word = [&](const std::string& cell) {
      return !number_in(cell, decimal_comma_).has_value();
    };
    bool is_header = second != nullptr && std::ranges::all_of(first.cells, is_word);
    for (std::size_t c = 0; second && c < first.cells.size() && c < second->cells.size(); ++c) {
      is_header = is_header || (is_word(first.cells[c]) && !is_word(second->cells[c]));
    }
    if (is_header) table_.header = first.cells;
    table_.columns = first.cells.size();
    const Line& row = is_header ? *second : first;
    for (const std::string& cell : row.cells) {
      table_.is_text.push_back(!cell.empty() && is_word(cell));
      if (table_.is_text.back()) table_.words.emplace_back();
    }
    table_.is_text.resize(table_.columns, false);
    if (!is_header) TINYSPLIT_RETURN_IF_ERROR(add_row(first));
    return second == nullptr ? ok_status() : add_row(*second);
  }

  Status add_row(const Line& line) {
    if (line.cells.size() != table_.columns) {
      return invalid_argument("line " + std::to_string(line.number) + " has " +
                              std::to_string(line.cells.size()) + " columns, the lines before it " +
                              std::to_string(table_.columns));
    }
    std::size_t word = 0;
    for (std::size_t c = 0; c < line.cells.size(); ++c) {
      const std::string& cell = line.cells[c];
      if (table_.is_text[c]) {
        if (cell.size() > limits::kMaxNameBytes) return at(line.number, c, "too long a word");
        table_.words[word++].push_back(cell);
        continue;
      }
      const std::optional<float> number = number_in(cell, decimal_comma_);
      if (!number) {
        return at(line.number, c,
                  cell.empty() ? "is empty, a number is needed" : shown(cell) + " is no number");
      }
      table_.numbers.push_back(*number);
    }
    ++table_.rows;
    if (table_.rows > limits::kMaxDatasetImages ||
        table_.numbers.size() > static_cast<std::size_t>(limits::kMaxElements)) {
      return out_of_range("line " + std::to_string(line.number) + ": it has more than " +
                          std::to_string(limits::kMaxDatasetImages) + " rows or " +
                          std::to_string(limits::kMaxElements) + " numbers");
    }
    return ok_status();
  }

  // Into cells_, without the quotes around some.
  Status split(std::string_view line) {
    cells_.clear();
    if (separator_ == ' ') line = trimmed(line);
    for (std::size_t begin = 0; begin <= line.size();) {
      std::size_t end = begin;
      bool in_quotes = false;
      while (end < line.size() && (in_quotes || line[end] != separator_)) {
        in_quotes = in_quotes != (line[end] == '"');
        ++end;
      }
      if (in_quotes) return at(line_, cells_.size(), "a quote has no end");
      if (cells_.size() == limits::kMaxDatasetImages) {
        return out_of_range("line " + std::to_string(line_) + " has more than " +
                            std::to_string(limits::kMaxDatasetImages) + " columns");
      }
      cells_.push_back(unquoted(trimmed(line.substr(begin, end - begin))));
      begin = end + 1;
      while (separator_ == ' ' && begin < line.size() && line[begin] == ' ') ++begin;
    }
    return ok_status();
  }

  static std::string unquoted(std::string_view cell) {
    if (cell.size() < 2 || !cell.starts_with('"') || !cell.ends_with('"')) return std::string(cell);
    std::string text;
    const std::string_view inside = cell.substr(1, cell.size() - 2);
    for (std::size_t i = 0; i < inside.size(); ++i) {
      text += inside[i];
      if (inside.substr(i, 2) == "\"\"") ++i;
    }
    return text;
  }

  CsvTable table_;
  std::optional<Line> first_;
  Cells cells_;
  char separator_ = '\0';
  bool decimal_comma_ = false;
  std::size_t line_ = 0;
};

}  // namespace

Result<CsvTable> parse_csv(std::string_view text) { return CsvParser().parse(text); }

}  // namespace tinysplit
