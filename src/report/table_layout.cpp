#include "report/table_layout.h"

#include <algorithm>

#include "report/utf8.h"

namespace tinysplit {
namespace {

constexpr std::size_t kReadableColumns = 13;
constexpr std::size_t kLeastColumns = 8;

std::size_t total_of(const std::vector<ColumnWidth>& widths, std::size_t gap) {
  std::size_t total = 0, shown = 0;
  for (const ColumnWidth& column : widths) {
    if (!column.shown) continue;
    total += column.width;
    ++shown;
  }
  return shown == 0 ? 0 : total + gap * (shown - 1);
}

// Takes from the widest of the columns that wrap until all fit or none is wider than `least`.
void shrink(const std::vector<Table::Column>& columns, std::size_t least, std::size_t gap,
            std::size_t available, std::vector<ColumnWidth>& widths) {
  for (std::size_t total = total_of(widths, gap); total > available; --total) {
    std::size_t widest = widths.size();
    for (std::size_t c = 0; c < widths.size(); ++c) {
      const bool wraps = columns[c].fit == Table::Fit::kWrap && widths[c].width > least;
      if (widths[c].shown && wraps &&
          (widest == widths.size() || widths[c].width > widths[widest].width)) {
        widest = c;
      }
    }
    if (widest == widths.size()) return;
    --widths[widest].width;
  }
}

// Bytes of the next thing that stays together, a code point or a colour sequence.
std::size_t next_length(std::string_view text) {
  const std::size_t escape = sgr_length(text);
  return escape > 0 ? escape : decode_utf8(text).length;
}

// In a name such as BatchNormalization.
bool begins_word(std::string_view text, std::size_t at) {
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return is_lower(text[at - 1]) && text[at] >= 'A' && text[at] <= 'Z';
}

std::string_view without_trailing_spaces(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace

std::vector<ColumnWidth> fit_columns(const std::vector<Table::Column>& columns,
                                     const std::vector<NaturalWidth>& natural, std::size_t gap,
                                     std::size_t available) {
  std::vector<ColumnWidth> widths(natural.size());
  for (std::size_t c = 0; c < natural.size(); ++c) widths[c].width = natural[c].whole;
  if (available == 0 || total_of(widths, gap) <= available) return widths;
  const auto break_headers = [&] {
    for (std::size_t c = 0; c < natural.size(); ++c) widths[c].width = natural[c].broken;
    shrink(columns, kReadableColumns, gap, available, widths);
  };
  break_headers();
  for (std::size_t c = columns.size(); c-- > 0 && total_of(widths, gap) > available;) {
    if (columns[c].fit != Table::Fit::kDrop) continue;
    widths[c].shown = false;
    break_headers();
  }
  shrink(columns, kLeastColumns, gap, available, widths);
  return widths;
}

std::vector<std::string> break_lines(std::string_view text, std::size_t width,
                                     std::string_view behind) {
  width = std::max<std::size_t>(width, 1);
  const bool by_names = behind.find('_') != std::string_view::npos;
  std::vector<std::string> lines;
  while (display_width(text) > width) {
    std::size_t at = 0, columns = 0, last = 0;
    while (at < text.size()) {
      const std::size_t length = next_length(text.substr(at));
      const std::size_t wide = display_width(text.substr(at, length));
      // A space at the end takes no room.
      if (columns + wide > width && text[at] != ' ') break;
      columns += wide;
      at += length;
      const bool joins = behind.find(text[at - 1]) != std::string_view::npos;
      if (joins || (by_names && at < text.size() && begins_word(text, at))) last = at;
    }
    // One that is wider than the line stands alone in it.
    const std::size_t end = last > 0 ? last : std::max(at, next_length(text));
    lines.emplace_back(without_trailing_spaces(text.substr(0, end)));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

}  // namespace tinysplit
