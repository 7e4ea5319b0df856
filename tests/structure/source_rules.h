#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tinysplit {

// The rules that every hand-written source of the project keeps, checked on its text alone. Each
// violation is one line, "path:line: what is wrong".

inline constexpr std::size_t kMaxFileLines = 400;
inline constexpr std::size_t kMaxLineColumns = 100;

// Which folders a file includes from, against the arrows of docs/ARCHITECTURE.md. `path` is
// relative to the project's root, with '/' between its parts. A folder that the arrows do not know
// is a violation, so that nobody adds one without deciding its place.
std::vector<std::string> check_include_arrows(std::string_view path, std::string_view text);

// Which libraries a file includes: each is known to the folders that adapt it, and to no other.
std::vector<std::string> check_library_headers(std::string_view path, std::string_view text);

// Length of the file and its lines, tabs, trailing spaces, line ends, and the include guard of
// headers.
std::vector<std::string> check_layout(std::string_view path, std::string_view text);

// Of a test: waits that no time bounds (tests/bounded_wait.h has those that one does), and names
// that only a resolver knows.
std::vector<std::string> check_waits(std::string_view path, std::string_view text);

}  // namespace tinysplit
