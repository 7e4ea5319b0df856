#include "report/table.h"

#include <algorithm>

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

std::string Table::to_string(bool utf8, std::size_t indent) const {
  std::vector<std::size_t> widths;
  std::size_t total = columns_.empty() ? 0 : kCellGap * (columns_.size() - 1);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = display_width(columns_[c].header);
    for (const Row& row : rows_) {
      if (!row.is_rule) width = std::max(width, display_width(row.cells[c]));
    }
    widths.push_back(width);
    total += width;
  }

  std::string text;
  const auto add_line = [&](std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    if (!line.empty()) text.append(indent, ' ') += line;
    text += '\n';
  };
  const auto add_rule_line = [&] {
    std::string line;
    for (std::size_t i = 0; i < total; ++i) line += utf8 ? "─" : "-";
    add_line(std::move(line));
  };
  const auto add_cells = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (c > 0) line.append(kCellGap, ' ');
      append_padded(line, cell_of(c), widths[c], columns_[c].align);
    }
    add_line(std::move(line));
  };

  add_cells([&](std::size_t c) -> std::string_view { return columns_[c].header; });
  add_rule_line();
  for (const Row& row : rows_) {
    if (row.is_rule) {
      add_rule_line();
    } else {
      add_cells([&](std::size_t c) -> std::string_view { return row.cells[c]; });
    }
  }
  return text;
}

}  // namespace tinysplit
