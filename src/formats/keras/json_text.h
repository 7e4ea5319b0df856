#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "core/status.h"

namespace tinysplit::keras {

using Json = nlohmann::json;

// Parses JSON (RFC 8259) that nobody vouches for. Never throws.
// Errors: INVALID_ARGUMENT (no JSON, or not UTF-8), RESOURCE_EXHAUSTED (deeper than
// limits::kMaxJsonDepth).
Result<Json> parse_json(std::string_view text);

// The member `key` of an object; a null where there is none, or `json` is no object. The reference
// is good as long as `json`.
const Json& member(const Json& json, std::string_view key);

// The text of a string; empty for all else.
std::string text_of(const Json& json);

// A short form for messages: scalars as they are, the rest by their kind.
std::string brief(const Json& json);

}  // namespace tinysplit::keras
