#include "formats/keras/layer_options.h"

#include <algorithm>
#include <cmath>

namespace tinysplit::keras {

std::optional<std::int64_t> whole_number(const Json& json, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  if (json.is_number_unsigned()) {
    const auto large = json.get<std::uint64_t>();
    if (large > static_cast<std::uint64_t>(INT64_MAX)) return {};
    value = static_cast<std::int64_t>(large);
  } else if (json.is_number_integer()) {
    value = json.get<std::int64_t>();
  } else {
    return {};
  }
  if (value < least || value > most) return {};
  return value;
}

std::optional<bool> truth_of(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  // Python takes 0 and 1 for booleans, and writes what it was given.
  const bool is_bit = json.is_number() && (json == 0 || json == 1);
  return is_bit ? std::optional<bool>(json == 1) : std::nullopt;
}

Status LayerOptions::wrong(const char* key, const std::string& what) const {
  const Json& json = at(key);
  return invalid_argument("option " + std::string(key) + " is " +
                          (json.is_null() ? "missing" : brief(json)) + ", it must be " + what);
}

Status LayerOptions::unsupported(const char* key) const {
  return unimplemented("option " + std::string(key) + " = " + brief(at(key)) + " is not supported");
}

Result<std::int64_t> LayerOptions::integer(const char* key, std::int64_t least, std::int64_t most,
                                           std::optional<std::int64_t> fallback) const {
  if (at(key).is_null() && fallback) return *fallback;
  if (const auto value = whole_number(at(key), least, most)) return *value;
  return wrong(key, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<float> LayerOptions::number(const char* key, std::optional<float> fallback) const {
  const Json& json = at(key);
  if (json.is_null() && fallback) return *fallback;
  // Some versions of Keras write some arguments as typed values.
  const Json& in_config = member(member(json, "config"), "value");
  const Json& inside = in_config.is_null() ? member(json, "value") : in_config;
  for (const Json* candidate : {&json, &inside}) {
    if (!candidate->is_number()) continue;
    const float value = static_cast<float>(candidate->get<double>());
    if (std::isfinite(value)) return value;
  }
  return wrong(key, "a number");
}

Result<bool> LayerOptions::flag(const char* key, std::optional<bool> fallback) const {
  if (at(key).is_null() && fallback) return *fallback;
  if (const auto set = truth_of(at(key))) return *set;
  return wrong(key, "true or false");
}

Result<std::string> LayerOptions::word(const char* key, std::initializer_list<const char*> known,
                                       std::optional<std::string> fallback) const {
  if (at(key).is_null() && fallback) return *fallback;
  if (!at(key).is_string()) return wrong(key, "text");
  const std::string value = text_of(at(key));
  if (std::ranges::find(known, value) == known.end()) return unsupported(key);
  return value;
}

Result<std::vector<std::int64_t>> LayerOptions::sizes(const char* key, std::size_t count,
                                                      std::optional<std::int64_t> fallback) const {
  if (at(key).is_null() && fallback) return std::vector<std::int64_t>(count, *fallback);
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> values, integers(key, 1, kMaxOption));
  if (values.size() == 1) values.resize(count, values.front());
  if (values.size() == count) return values;
  return wrong(
      key, count == 1 ? "a whole number" : "one or " + std::to_string(count) + " whole numbers");
}

Result<LayerOptions::Pair> LayerOptions::pair(const char* key, int axes,
                                              std::optional<std::int64_t> fallback) const {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> values,
                             sizes(key, static_cast<std::size_t>(axes), fallback));
  return axes == 1 ? Pair{1, values[0]} : Pair{values[0], values[1]};
}

Result<std::vector<std::int64_t>> LayerOptions::integers(const char* key, std::int64_t least,
                                                         std::int64_t most) const {
  const std::string range =
      "whole numbers from " + std::to_string(least) + " to " + std::to_string(most);
  const Json& json = at(key);
  std::vector<std::int64_t> values;
  const Json single = json.is_array() ? Json() : Json::array({json});
  for (const Json& item : json.is_array() ? json : single) {
    const auto value = whole_number(item, least, most);
    if (!value) return wrong(key, range);
    values.push_back(*value);
  }
  return values;
}

}  // namespace tinysplit::keras
