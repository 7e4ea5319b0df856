#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace tinysplit {

// A table of numbers, with columns of words in between.
struct CsvTable {
  std::vector<std::string> header;  // of all columns; empty where the first row is one of numbers
  std::size_t columns = 0;
  std::size_t rows = 0;
  std::vector<bool> is_text;                    // by column: a word in the first row of data
  std::vector<float> numbers;                   // [rows, columns of numbers]
  std::vector<std::vector<std::string>> words;  // by column of words, in order: of each row
};

// Reads CSV (RFC 4180, without line breaks in quotes): separated by semicolons, tabs, commas or
// else spaces, whichever comes first in the first line; after semicolons and tabs a decimal comma
// is one. Lines that are empty or begin with "#" are left out. Limits: limits::kMaxDatasetImages
// rows and as many columns, kMaxElements numbers, kMaxNameBytes a word. Errors: INVALID_ARGUMENT
// that names line and column (no number, more or fewer columns, no rows), OUT_OF_RANGE (limits).
Result<CsvTable> parse_csv(std::string_view text);

}  // namespace tinysplit
