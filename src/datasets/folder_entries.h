#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/status.h"

namespace tinysplit {

// What lies in `folder`, sorted, without hidden entries. Errors: NOT_FOUND, OUT_OF_RANGE (more than
// limits::kMaxDatasetImages), UNAVAILABLE (cannot be read).
Result<std::vector<std::filesystem::path>> entries_of(const std::filesystem::path& folder);

// INVALID_ARGUMENT if `name` cannot be that of a class: empty, longer than limits::kMaxNameBytes,
// or with control characters, which would break labels.txt and tables.
Status check_class_name(const std::string& name);

// The lines of a labels.txt, none without the file. Errors: INVALID_ARGUMENT (a line that is no
// class name), OUT_OF_RANGE (limits::kMaxDatasetClasses), those of read_file.
Result<std::vector<std::string>> read_class_names(const std::filesystem::path& path);

}  // namespace tinysplit
