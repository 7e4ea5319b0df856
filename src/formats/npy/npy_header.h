#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/shape.h"
#include "core/status.h"

namespace tinysplit {

// The header of a .npy file: magic, version, length, and a Python dictionary of three entries.
struct NpyHeader {
  std::string descr;  // the type as NumPy writes it: "<f4"
  bool fortran_order = false;
  Shape shape;
  std::size_t data_offset = 0;  // of the first element in the file
};

// Parses what the format allows and nothing else: exactly the keys descr, fortran_order and shape,
// in any order, padding of spaces, a final newline. Nothing is evaluated. Errors: INVALID_ARGUMENT,
// UNIMPLEMENTED (a structured type, a version after 3.0), OUT_OF_RANGE (shape).
Result<NpyHeader> parse_npy_header(std::string_view bytes);

// A version 1.0 header whose length makes the data start at a multiple of 64 bytes.
std::string format_npy_header(std::string_view descr, const Shape& shape);

}  // namespace tinysplit
