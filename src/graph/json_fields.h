#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/status.h"

// Checked access to untrusted JSON, private to this folder. `where` names the object for messages.
namespace tinysplit::json_fields {

// The object that `text` holds. Errors: OUT_OF_RANGE (longer than limits::kMaxAnalyticsBytes),
// INVALID_ARGUMENT (not JSON, deeper than limits::kMaxJsonDepth, not an object).
Result<nlohmann::json> parse_object(std::string_view text, std::string_view where);

// The field as a finite number in [0, max]. Errors: INVALID_ARGUMENT.
Result<double> number(const nlohmann::json& object, const char* key, double max,
                      std::string_view where);

// The field as a whole number in [0, max], also where it is spelt 8.0. Errors: INVALID_ARGUMENT.
Result<std::int64_t> whole(const nlohmann::json& object, const char* key, std::int64_t max,
                           std::string_view where);

// The same, `fallback` if there is no such field or it is null.
Result<double> number_or(const nlohmann::json& object, const char* key, double max, double fallback,
                         std::string_view where);
Result<std::int64_t> whole_or(const nlohmann::json& object, const char* key, std::int64_t max,
                              std::int64_t fallback, std::string_view where);
Result<bool> boolean_or(const nlohmann::json& object, const char* key, bool fallback,
                        std::string_view where);
// Text of at most limits::kMaxNameBytes.
Result<std::string> text_or(const nlohmann::json& object, const char* key, std::string fallback,
                            std::string_view where);

// An object inside the object; nullptr if there is none. Errors: INVALID_ARGUMENT (another type).
Result<const nlohmann::json*> object_or_null(const nlohmann::json& object, const char* key,
                                             std::string_view where);

}  // namespace tinysplit::json_fields
