#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "report/table.h"

namespace tinysplit {

// What a table's columns are given of a window.
struct ColumnWidth {
  std::size_t width = 0;
  bool shown = true;
};

// What a column takes with its header in one line, and with the header broken into words.
struct NaturalWidth {
  std::size_t whole = 0;
  std::size_t broken = 0;
};

// The widths in which `columns` fit into `available` columns of a terminal (0: any number) with
// `gap` between each two: first headers are broken, then kWrap columns shrink to a size that reads
// well, then kDrop columns go, the last first, then kWrap columns shrink to what still takes a
// word. What then is too wide stays so.
std::vector<ColumnWidth> fit_columns(const std::vector<Table::Column>& columns,
                                     const std::vector<NaturalWidth>& natural, std::size_t gap,
                                     std::size_t available);

// `text` in lines of at most `width` columns (at least 1): broken behind one of `behind`, else
// where the line ends. The default is for lists and names: spaces and what joins their parts, and
// before a capital as in BatchNormalization.
std::vector<std::string> break_lines(std::string_view text, std::size_t width,
                                     std::string_view behind = " ,;/_-.");

}  // namespace tinysplit
