#include "formats/keras/json_text.h"

#include <algorithm>

#include "core/limits.h"

namespace tinysplit::keras {
namespace {

// Brackets inside of strings do not nest.
std::size_t nesting_depth(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (nesting_depth(text) > limits::kMaxJsonDepth) {
    return resource_exhausted("the JSON nests deeper than " +
                              std::to_string(limits::kMaxJsonDepth) + " levels");
  }
  Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return invalid_argument("the JSON is damaged or cut off");
  return json;
}

const Json& member(const Json& json, std::string_view key) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  const auto found = json.find(key);
  return found == json.end() ? kNull : *found;
}

std::string text_of(const Json& json) {
  return json.is_string() ? json.get_ref<const std::string&>() : std::string();
}

std::string brief(const Json& json) {
  if (json.is_object()) {
    const std::string name = text_of(member(json, "class_name"));
    return name.empty() ? "an object"
                        : "an object of class " + name.substr(0, limits::kMaxNameBytes);
  }
  constexpr std::size_t kLongest = 64;
  const bool nested = json.is_array() && std::ranges::any_of(json, [](const Json& item) {
                        return item.is_structured();
                      });
  if (nested || json.size() > 8) return "a list of " + std::to_string(json.size());
  const std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

}  // namespace tinysplit::keras
