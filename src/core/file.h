#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace tinysplit {

// The whole file, if it is a regular file of at most `max_bytes`.
// Errors: NOT_FOUND, INVALID_ARGUMENT (a directory, a device), OUT_OF_RANGE (too large),
// UNAVAILABLE.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes);

// Whether write_file_atomically(path) has a chance, for work that takes long before it comes to
// that. Errors: FAILED_PRECONDITION with the system's reason (no such folder, read-only, a
// directory).
Status check_can_write(const std::filesystem::path& path);

// Writes to a temporary file beside `path` and renames it, so that a reader or a crash never sees
// half a file. Devices and pipes are written to in place; of a symbolic link the file that it leads
// to is replaced. Errors: FAILED_PRECONDITION with the system's reason (read-only folder, a
// directory), RESOURCE_EXHAUSTED (full disk).
Status write_file_atomically(const std::filesystem::path& path, std::string_view contents);

// SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace tinysplit
