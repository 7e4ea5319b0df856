#include "datasets/folder_entries.h"

#include <algorithm>
#include <sstream>

#include "core/file.h"
#include "core/limits.h"

namespace tinysplit {

namespace fs = std::filesystem;

Result<std::vector<fs::path>> entries_of(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return not_found("there is no folder " + folder.string());
  }
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename().string().front() == '.') continue;
    if (entries.size() == limits::kMaxDatasetImages) {
      return out_of_range(folder.string() + " has more than " +
                          std::to_string(limits::kMaxDatasetImages) + " files");
    }
    entries.push_back(at->path());
  }
  if (error) return unavailable("cannot read " + folder.string() + ": " + error.message());
  std::ranges::sort(entries);
  return entries;
}

Status check_class_name(const std::string& name) {
  const bool is_clean = std::ranges::all_of(
      name, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
  if (!name.empty() && name.size() <= limits::kMaxNameBytes && is_clean) return ok_status();
  return invalid_argument("the name of a class is empty, longer than " +
                          std::to_string(limits::kMaxNameBytes) +
                          " bytes, or has control characters");
}

Result<std::vector<std::string>> read_class_names(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::vector<std::string>{};
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string text, read_file(path, limits::kMaxJsonFileBytes));
  std::vector<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    if (const Status status = check_class_name(line); !status.ok()) {
      return status.with_context(path.string());
    }
    if (names.size() == limits::kMaxDatasetClasses) {
      return out_of_range(path.string() + " names more than " +
                          std::to_string(limits::kMaxDatasetClasses) + " classes");
    }
    names.push_back(std::move(line));
  }
  return names;
}

}  // namespace tinysplit
