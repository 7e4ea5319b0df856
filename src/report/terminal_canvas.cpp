#include "report/terminal_canvas.h"

#include <algorithm>
#include <cstdlib>

namespace tinysplit {
namespace {

std::string sgr_of(int foreground, int background) {
  if (foreground == TerminalCanvas::kDefaultColor && background == TerminalCanvas::kDefaultColor) {
    return "\x1b[0m";
  }
  std::string sgr = "\x1b[0";
  if (foreground != TerminalCanvas::kDefaultColor) sgr += ";38;5;" + std::to_string(foreground);
  if (background != TerminalCanvas::kDefaultColor) sgr += ";48;5;" + std::to_string(background);
  return sgr + "m";
}

// U+2800 + dots in UTF-8 (the block's code points all take three bytes).
std::string braille(std::uint8_t dots) {
  return {'\xe2', static_cast<char>(0xa0 | dots >> 6U), static_cast<char>(0x80 | (dots & 0x3fU))};
}

}  // namespace

TerminalCanvas::TerminalCanvas(int columns, int rows)
    : columns_(columns), rows_(rows), cells_(std::size_t(columns) * std::size_t(rows)) {}

TerminalCanvas::Cell* TerminalCanvas::cell_at(int column, int row) {
  if (column < 0 || row < 0 || column >= columns_ || row >= rows_) return nullptr;
  return &cells_[std::size_t(row) * std::size_t(columns_) + std::size_t(column)];
}

void TerminalCanvas::put(int column, int row, std::string glyph, int foreground, int background) {
  if (Cell* cell = cell_at(column, row)) *cell = {std::move(glyph), 0, foreground, background};
}

void TerminalCanvas::put_over(int column, int row, std::string glyph, int foreground) {
  if (Cell* cell = cell_at(column, row)) {
    *cell = {std::move(glyph), 0, foreground, cell->background};
  }
}

void TerminalCanvas::set_dot(int x, int y, int foreground) {
  if (x < 0 || y < 0) return;
  Cell* cell = cell_at(x / 2, y / 4);
  if (cell == nullptr) return;
  // Dots are numbered down the columns, but the fourth row came later and took the last two bits.
  static constexpr std::uint8_t kBits[4][2] = {
      {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
  cell->dots |= kBits[y % 4][x % 2];
  cell->glyph = braille(cell->dots);
  cell->foreground = foreground;
}

void TerminalCanvas::draw_dotted_line(int x0, int y0, int x1, int y1, int foreground) {
  const int steps = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1});
  for (int i = 0; i <= steps; ++i) {
    const auto between = [&](int a, int b) {
      return a + static_cast<int>((2L * i * (b - a) + (b >= a ? steps : -steps)) / (2L * steps));
    };
    set_dot(between(x0, x1), between(y0, y1), foreground);
  }
}

std::string TerminalCanvas::row_text(int row, bool color) const {
  const auto begin = cells_.begin() + std::ptrdiff_t{row} * columns_;
  auto end = begin + columns_;
  while (end != begin && std::prev(end)->glyph.empty()) --end;

  std::string text;
  int foreground = kDefaultColor;
  int background = kDefaultColor;
  const auto change_to = [&](int new_foreground, int new_background) {
    if (!color || (new_foreground == foreground && new_background == background)) return;
    foreground = new_foreground;
    background = new_background;
    text += sgr_of(foreground, background);
  };
  for (auto cell = begin; cell != end; ++cell) {
    change_to(cell->foreground, cell->background);
    text += cell->glyph.empty() ? " " : cell->glyph;
  }
  change_to(kDefaultColor, kDefaultColor);
  return text;
}

std::string colored(const std::string& text, int foreground, bool color) {
  if (!color || foreground == TerminalCanvas::kDefaultColor) return text;
  return sgr_of(foreground, TerminalCanvas::kDefaultColor) + text + "\x1b[0m";
}

}  // namespace tinysplit
