#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tinysplit {

// Columns that `text` takes in a terminal: code points of UTF-8, 2 for wide (East Asian) ones, 0
// for combining ones and for ANSI colour sequences. Each byte that is not UTF-8 counts as one.
std::size_t display_width(std::string_view text);

// A table with aligned columns for a terminal or a log:
//
//   cut  layer          latency  sent
//     0  (raw input)    12.3 ms  784 B
//
// A plain value; not thread-safe.
class Table {
 public:
  enum class Align : bool { kLeft, kRight };
  // What a column does in a window that is too narrow for all: stays as it is, breaks its cells
  // into lines, or is left out.
  enum class Fit : std::uint8_t { kKeep, kWrap, kDrop };
  struct Column {
    std::string header;
    Align align = Align::kLeft;
    Fit fit = Fit::kKeep;
  };

  explicit Table(std::vector<Column> columns);

  // Missing cells are empty, surplus ones are ignored. Control characters become spaces.
  void add_row(std::vector<std::string> cells);
  // A line between the rows before and after; "─" with UTF-8, "-" without.
  void add_rule();

  // The lines with their newlines, no trailing spaces, `indent` spaces before each; of at most
  // `width` columns where the columns that wrap or may go allow it (0: as wide as need be).
  std::string to_string(bool utf8 = true, std::size_t indent = 0, std::size_t width = 0) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    bool is_rule = false;
  };
  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace tinysplit
