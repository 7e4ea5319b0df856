#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "core/status.h"

namespace tinysplit {

// Parses JSON (RFC 8259) that nobody vouches for: nesting is bounded by limits::kMaxJsonDepth and
// the number of values by limits::kMaxJsonValues before anything is built. `what` names the text in
// errors. Errors: INVALID_ARGUMENT (malformed, with the position), OUT_OF_RANGE (a limit).
Result<nlohmann::json> parse_json(std::string_view text, std::string_view what);

}  // namespace tinysplit
