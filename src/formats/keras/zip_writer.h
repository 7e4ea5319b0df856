#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/status.h"

namespace tinysplit::keras {

// A zip archive of `entries` (name, contents) in their order, each stored as it is and dated to the
// first day that zip files know, so that equal contents give equal bytes.
// Errors: RESOURCE_EXHAUSTED (memory), INTERNAL (libzip's).
Result<std::string> write_zip(const std::vector<std::pair<std::string, std::string>>& entries);

}  // namespace tinysplit::keras
