#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/status.h"
#include "datasets/source.h"

namespace tinysplit {

// The parts of a folder of images.
struct FolderParts {
  // By Part; empty where there is no such part. All are empty where the folder has no parts.
  std::array<std::filesystem::path, kParts.size()> folders;
  std::vector<std::string> notes;  // what lies beside them and is not used

  bool any() const;
};

// Finds the parts of `folder` by the names that data sets have for them, in any case: train,
// training; val, valid, validation, dev; test, testing. A folder of another part than training is
// one only beside a training part or if it holds folders: else it is a class of that name.
// Errors: INVALID_ARGUMENT (two folders of one part), those of entries_of().
Result<FolderParts> find_parts(const std::filesystem::path& folder);

// Counts what lies among images and is not read.
class LeftOutFiles {
 public:
  // A file of a class that is no image by its name, or a folder in that of a class.
  void add(const std::filesystem::path& path);
  // An image that lies in no class.
  void add_loose(const std::filesystem::path& path);
  // "3 .bmp, 1 .txt" of those that were added; empty without any.
  std::string kinds() const;
  // A sentence for each sort of what was left out of `folder`.
  std::vector<std::string> notes(const std::filesystem::path& folder) const;

 private:
  std::map<std::string, std::size_t> files_;  // by extension
  std::vector<std::filesystem::path> folders_;
  std::vector<std::filesystem::path> loose_;
};

}  // namespace tinysplit
