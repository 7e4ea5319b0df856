#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"

namespace tinysplit {

// NumPy's array files. Format: numpy.lib.format (NEP 1), versions 1.0, 2.0 and 3.0; .npz is a zip
// of .npy files, stored or deflated.
//
// Read types: f2, f4, f8 (rounded to float32), i1, u1, i2, i4, i8, b1, little-endian, C order; a
// Fortran ordered array is transposed into C order. Everything else is an error that names the
// type. Limits: limits::kMaxArrayFileBytes for the file and for everything a zip holds unpacked,
// limits::kMaxArrayFileEntries arrays, limits::kMaxNameBytes a name; each checked before
// allocation. All functions are thread-safe.

// One array from the bytes of a .npy file. Trailing bytes are an error.
// Errors: INVALID_ARGUMENT (not this format, or damaged), UNIMPLEMENTED (type or byte order),
// OUT_OF_RANGE (a limit).
Result<Tensor> parse_npy(std::string_view bytes);

// The arrays of a .npz file's bytes in the order of the archive, names without their ".npy".
// Two arrays of one name are an error. Errors as parse_npy.
Result<std::vector<NamedTensor>> parse_npz(std::string_view bytes);

// The bytes of a .npy file within a .npz archive, its name without ".npy".
struct ArrayEntry {
  std::string name;
  std::string bytes;
};

// The arrays of a .npz file's bytes, unpacked but not parsed, in the order of the archive. Errors
// as parse_npz.
Result<std::vector<ArrayEntry>> unpack_npz(std::string_view bytes);

// True if the bytes are those of an array of text, NumPy's <U and |S.
bool holds_text(std::string_view npy);

// The elements of such an array in C order, as UTF-8. Errors: as parse_npy, INVALID_ARGUMENT (a
// character that is none), OUT_OF_RANGE (an element of more than limits::kMaxNameBytes bytes).
Result<std::vector<std::string>> parse_npy_text(std::string_view bytes);

// Reads a file by its contents: .npz gives its arrays, .npy one array with an empty name.
// Errors: those of read_file and of the parsers, with the path in front.
Result<std::vector<NamedTensor>> read_arrays(const std::filesystem::path& path);

// The bytes of a version 1.0 .npy file in C order.
std::string format_npy(const TensorView& tensor);

// The bytes of an uncompressed .npz file, the same for the same tensors (no time of day inside).
// Errors: INVALID_ARGUMENT (an empty, repeated or too long name).
Result<std::string> format_npz(std::span<const NamedTensor> tensors);

// Write to a temporary file, then rename. Errors: those of format_npz and write_file_atomically.
Status write_npy(const std::filesystem::path& path, const TensorView& tensor);
Status write_npz(const std::filesystem::path& path, std::span<const NamedTensor> tensors);

}  // namespace tinysplit
