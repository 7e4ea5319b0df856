#pragma once

#include <string>
#include <string_view>

#include "core/shape.h"
#include "core/status.h"

namespace tinysplit::keras {

// Numbers of header messages (HDF5 File Format Specification 3.0, IV.A.2).
enum Hdf5Message : int {
  kHdf5Dataspace = 0x01,
  kHdf5LinkInfo = 0x02,
  kHdf5Datatype = 0x03,
  kHdf5ExternalFiles = 0x07,
  kHdf5Layout = 0x08,
  kHdf5Filters = 0x0b,
  kHdf5Attribute = 0x0c,
  kHdf5Continuation = 0x10,
  kHdf5SymbolTable = 0x11,
  kHdf5AttributeInfo = 0x15,
};

// "No address": nothing was allocated.
inline constexpr unsigned long long kHdf5Undefined = ~0ULL;

// The error of a file that breaks the format.
Status damaged_hdf5(const std::string& what);

// IV.A.2.b. Errors: INVALID_ARGUMENT, OUT_OF_RANGE (rank or elements over the limits).
Result<Shape> parse_dataspace(std::string_view message);

// IV.A.2.d, in words: "float16", "float32" and "float64" for the little-endian formats of
// IEEE 754, else "an unusual 2-byte float", "big-endian float64", "8-byte integer", "string", ...
std::string describe_datatype(std::string_view message);

struct Hdf5StringType {
  bool variable_length = false;
  std::size_t size = 0;  // of one element in the file
};
// Errors: INVALID_ARGUMENT (not a string).
Result<Hdf5StringType> parse_string_type(std::string_view message);

}  // namespace tinysplit::keras
