#include "graph/json_fields.h"

#include <cmath>

#include "core/file_kind.h"
#include "core/limits.h"

namespace tinysplit::json_fields {
namespace {

using nlohmann::json;

struct TooDeep {};

Status wrong(std::string_view where, const char* key, const std::string& problem) {
  return invalid_argument(std::string(where) + ": key \"" + key + "\" " + problem);
}

bool is_absent(const json& object, const char* key) {
  const auto field = object.find(key);
  return field == object.end() || field->is_null();
}

std::string limit_text(double max) { return json(max).dump(); }

}  // namespace

Result<json> parse_object(std::string_view text, std::string_view where) {
  const std::string name(where);
  if (text.size() > limits::kMaxAnalyticsBytes) {
    return out_of_range(name + " has " + std::to_string(text.size()) + " bytes, at most " +
                        std::to_string(limits::kMaxAnalyticsBytes) + " are read");
  }
  json document;
  try {
    const auto check_depth = [](int depth, json::parse_event_t, json&) {
      if (depth > static_cast<int>(limits::kMaxJsonDepth)) throw TooDeep();
      return true;
    };
    document = json::parse(text.begin(), text.end(), check_depth);
  } catch (const TooDeep&) {
    return invalid_argument(name + " is nested deeper than " +
                            std::to_string(limits::kMaxJsonDepth) + " levels");
  } catch (const json::parse_error& error) {
    const std::string what = describe_file(text);
    const bool is_json = what.empty() || what == "JSON text";
    return invalid_argument(
        name + " is not JSON" +
        (is_json ? ": error near byte " + std::to_string(error.byte) : " but " + what));
  } catch (const json::exception&) {
    return invalid_argument(name + " is not JSON: a number in it is out of range");
  }
  if (!document.is_object()) {
    return invalid_argument(name + " holds no JSON object but a " +
                            std::string(document.type_name()));
  }
  return document;
}

Result<double> number(const json& object, const char* key, double max, std::string_view where) {
  const auto field = object.find(key);
  if (field == object.end()) return wrong(where, key, "is missing");
  if (!field->is_number()) {
    return wrong(where, key, std::string("must be a number, not a ") + field->type_name());
  }
  const double value = field->get<double>();
  if (!std::isfinite(value) || value < 0.0 || value > max) {
    return wrong(where, key, "must lie in 0 .. " + limit_text(max) + ", not " + field->dump());
  }
  return value;
}

Result<std::int64_t> whole(const json& object, const char* key, std::int64_t max,
                           std::string_view where) {
  TINYSPLIT_ASSIGN_OR_RETURN(const double value,
                             number(object, key, static_cast<double>(max), where));
  if (value != std::floor(value)) {
    return wrong(where, key, "must be a whole number, not " + object.find(key)->dump());
  }
  return static_cast<std::int64_t>(value);
}

Result<double> number_or(const json& object, const char* key, double max, double fallback,
                         std::string_view where) {
  if (is_absent(object, key)) return fallback;
  return number(object, key, max, where);
}

Result<std::int64_t> whole_or(const json& object, const char* key, std::int64_t max,
                              std::int64_t fallback, std::string_view where) {
  if (is_absent(object, key)) return fallback;
  return whole(object, key, max, where);
}

Result<bool> boolean_or(const json& object, const char* key, bool fallback,
                        std::string_view where) {
  if (is_absent(object, key)) return fallback;
  const json& field = *object.find(key);
  if (!field.is_boolean()) {
    return wrong(where, key, std::string("must be true or false, not a ") + field.type_name());
  }
  return field.get<bool>();
}

Result<std::string> text_or(const json& object, const char* key, std::string fallback,
                            std::string_view where) {
  if (is_absent(object, key)) return fallback;
  const json& field = *object.find(key);
  if (!field.is_string()) {
    return wrong(where, key, std::string("must be text, not a ") + field.type_name());
  }
  const auto& text = field.get_ref<const std::string&>();
  if (text.size() > limits::kMaxNameBytes) {
    return wrong(where, key, "is longer than " + std::to_string(limits::kMaxNameBytes) + " bytes");
  }
  return text;
}

Result<const json*> object_or_null(const json& object, const char* key, std::string_view where) {
  if (is_absent(object, key)) return static_cast<const json*>(nullptr);
  const json& field = *object.find(key);
  if (!field.is_object()) {
    return wrong(where, key, std::string("must be an object, not a ") + field.type_name());
  }
  return &field;
}

}  // namespace tinysplit::json_fields
