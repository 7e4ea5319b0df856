#pragma once

#include <cstddef>

namespace tinysplit {

// Columns of the window behind a file descriptor: COLUMNS of the environment where it is a positive
// number, else what the terminal says, else 80; 0 if it is no terminal.
std::size_t terminal_columns(int fd);

// Those of standard output: what to give Table::to_string(). A file or a pipe has no width, so that
// nothing is left out or broken there.
std::size_t output_columns();

}  // namespace tinysplit
