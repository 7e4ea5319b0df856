#include "datasets/folder_parts.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "core/limits.h"
#include "datasets/folder_entries.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

struct PartName {
  std::string_view name;
  Part part;
};

constexpr PartName kPartNames[] = {
    {"train", Part::kTrain},      {"training", Part::kTrain},        {"val", Part::kValidation},
    {"valid", Part::kValidation}, {"validation", Part::kValidation}, {"dev", Part::kValidation},
    {"test", Part::kTest},        {"testing", Part::kTest},
};

std::string in_lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::optional<Part> part_named(const fs::path& folder) {
  const std::string name = in_lower_case(folder.filename().string());
  for (const PartName& known : kPartNames) {
    if (known.name == name) return known.part;
  }
  return std::nullopt;
}

bool is_sub_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool holds_folders(const fs::path& folder) {
  const Result<std::vector<fs::path>> entries = entries_of(folder);
  return entries.ok() && std::ranges::any_of(*entries, is_sub_folder);
}

std::string counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace

bool FolderParts::any() const {
  return !std::ranges::all_of(folders, [](const fs::path& path) { return path.empty(); });
}

Result<FolderParts> find_parts(const fs::path& folder) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<fs::path> entries, entries_of(folder));
  std::erase_if(entries, [](const fs::path& path) { return !is_sub_folder(path); });
  const bool has_training = std::ranges::any_of(
      entries, [](const fs::path& entry) { return part_named(entry) == Part::kTrain; });
  FolderParts parts;
  std::vector<fs::path> others;
  for (const fs::path& entry : entries) {
    const std::optional<Part> part = part_named(entry);
    if (!part || (!has_training && !holds_folders(entry))) {
      others.push_back(entry);
      continue;
    }
    fs::path& place = parts.folders[std::size_t(*part)];
    if (!place.empty()) {
      return invalid_argument(place.string() + " and " + entry.filename().string() +
                              " are both the " +
                              (*part == Part::kTrain  ? "training"
                               : *part == Part::kTest ? "test"
                                                      : "validation") +
                              " part; keep one of them in the folder");
    }
    place = entry;
  }
  if (!parts.any()) return parts;
  for (const fs::path& other : others) {
    parts.notes.push_back("the folder " + other.string() +
                          " is left out: by its name it is no part of the data, which are train, "
                          "val and test");
  }
  return parts;
}

void LeftOutFiles::add(const fs::path& path) {
  if (is_sub_folder(path)) {
    folders_.push_back(path);
    return;
  }
  std::string extension = in_lower_case(path.extension().string());
  if (extension.size() > limits::kMaxNameBytes) extension.clear();
  ++files_[extension.empty() ? "without extension" : extension];
}

void LeftOutFiles::add_loose(const fs::path& path) { loose_.push_back(path); }

std::string LeftOutFiles::kinds() const {
  constexpr std::size_t kMostKinds = 8;
  std::string text;
  std::size_t shown = 0;
  for (const auto& [extension, count] : files_) {
    if (shown++ == kMostKinds) return text + ", and others";
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + extension;
  }
  return text;
}

std::vector<std::string> LeftOutFiles::notes(const fs::path& folder) const {
  std::vector<std::string> notes;
  if (!files_.empty()) {
    std::size_t count = 0;
    for (const auto& [extension, files] : files_) count += files;
    notes.push_back(counted(count, "file", "files") + " of " + folder.string() +
                    " left out, not images that are read: " + kinds());
  }
  if (!folders_.empty()) {
    notes.push_back(counted(folders_.size(), "folder", "folders") +
                    " within classes left out, such as " + folders_.front().string() +
                    ": images must lie in the folder of their class itself");
  }
  if (!loose_.empty()) {
    notes.push_back(counted(loose_.size(), "image", "images") + " of no class left out, such as " +
                    loose_.front().string());
  }
  return notes;
}

}  // namespace tinysplit
