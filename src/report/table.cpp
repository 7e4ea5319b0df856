#include "report/table.h"

#include <algorithm>

#include "report/table_layout.h"
#include "report/utf8.h"

namespace tinysplit {
namespace {

constexpr std::size_t kCellGap = 2;

void append_padded(std::string& line, std::string_view cell, std::size_t width,
                   Table::Align align) {
  const std::size_t padding = width - std::min(width, display_width(cell));
  if (align == Table::Align::kRight) line.append(padding, ' ');
  line += cell;
  if (align == Table::Align::kLeft) line.append(padding, ' ');
}

std::size_t widest_word(std::string_view text) {
  std::size_t widest = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    widest = std::max(widest, display_width(word));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return widest;
}

std::string without_control_characters(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\x1b') || byte == 0x7f) c = ' ';
  }
  return text;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t escape = sgr_length(text.substr(at)); escape > 0) {
      at += escape;
      continue;
    }
    const CodePoint point = decode_utf8(text.substr(at));
    width += columns_of(point.value);
    at += point.length;
  }
  return width;
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add_row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = without_control_characters(std::move(cell));
  rows_.push_back({std::move(cells), false});
}

void Table::add_rule() { rows_.push_back({{}, true}); }

std::string Table::to_string(bool utf8, std::size_t indent, std::size_t width) const {
  const std::size_t available = width == 0 ? 0 : width - std::min(indent, width - 1);
  std::vector<NaturalWidth> natural;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t cells = 0;
    for (const Row& row : rows_) {
      if (!row.is_rule) cells = std::max(cells, display_width(row.cells[c]));
    }
    const std::string& header = columns_[c].header;
    natural.push_back(
        {std::max(cells, display_width(header)), std::max(cells, widest_word(header))});
  }
  const std::vector<ColumnWidth> widths = fit_columns(columns_, natural, kCellGap, available);
  std::string text;
  std::size_t widest = 0;
  const auto add_line = [&](std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    if (!line.empty()) text.append(indent, ' ') += line;
    text += '\n';
  };
  const auto add_cells = [&](const std::vector<std::string>& cells) {
    std::vector<std::vector<std::string>> broken;
    std::size_t height = 1;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      broken.push_back(break_lines(cells[c], std::max(widths[c].width, std::size_t{1})));
      if (widths[c].shown) height = std::max(height, broken.back().size());
    }
    for (std::size_t i = 0; i < height; ++i) {
      std::string line;
      bool first = true;
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        if (!widths[c].shown) continue;
        if (!first) line.append(kCellGap, ' ');
        first = false;
        const std::string_view cell = i < broken[c].size() ? broken[c][i] : std::string_view();
        append_padded(line, cell, widths[c].width, columns_[c].align);
      }
      widest = std::max(widest, display_width(line));
      add_line(std::move(line));
    }
  };
  std::vector<std::string> headers;
  for (const Column& column : columns_) headers.push_back(column.header);
  add_cells(headers);
  std::string rule;
  for (std::size_t i = 0; i < widest; ++i) rule += utf8 ? "─" : "-";
  add_line(rule);
  for (const Row& row : rows_) {
    if (row.is_rule) {
      add_line(rule);
    } else {
      add_cells(row.cells);
    }
  }
  return text;
}

}  // namespace tinysplit
