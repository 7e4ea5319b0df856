#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tinysplit {

// Cells of a terminal, row 0 at the top, that charts are drawn on. Coordinates outside are ignored.
class TerminalCanvas {
 public:
  // Colour numbers are those of the 256-colour palette (SGR 38;5 and 48;5).
  static constexpr int kDefaultColor = -1;

  TerminalCanvas(int columns, int rows);

  int columns() const { return columns_; }
  int rows() const { return rows_; }

  void put(int column, int row, std::string glyph, int foreground = kDefaultColor,
           int background = kDefaultColor);
  // Like put, but keeps the background that the cell has: for markers over bars.
  void put_over(int column, int row, std::string glyph, int foreground = kDefaultColor);

  // Sets one of the 2 x 4 Braille dots of a cell; (x, y) counts dots from the top left.
  void set_dot(int x, int y, int foreground);
  // Sets the dots between two points.
  void draw_dotted_line(int x0, int y0, int x1, int y1, int foreground);

  // The characters of `row`, with SGR sequences if `color`, without trailing spaces.
  std::string row_text(int row, bool color) const;

 private:
  struct Cell {
    std::string glyph;
    std::uint8_t dots = 0;
    int foreground = kDefaultColor;
    int background = kDefaultColor;
  };
  Cell* cell_at(int column, int row);

  int columns_;
  int rows_;
  std::vector<Cell> cells_;
};

// `text` in the colour, or as it is if not `color` or the default.
std::string colored(const std::string& text, int foreground, bool color);

}  // namespace tinysplit
