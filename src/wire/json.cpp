#include "wire/json.h"

#include <nlohmann/json.hpp>
#include <string>

#include "core/limits.h"

namespace tinysplit {
namespace {

// Position of the quote that ends the string whose characters begin at `begin`, or npos.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  // Strings may be megabytes of base64, so they are searched and not walked through.
  for (std::size_t quote = text.find('"', begin); quote != std::string_view::npos;
       quote = text.find('"', quote + 1)) {
    std::size_t backslashes = 0;
    while (quote - backslashes > begin && text[quote - backslashes - 1] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return quote;
  }
  return std::string_view::npos;
}

// Bounds on what the text would build, from one pass over it: a parser that first builds and then
// checks would turn a few megabytes of "[[],[],..." into gigabytes.
Status check_bounds(std::string_view text, std::string_view what) {
  std::size_t depth = 0;
  std::size_t values = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
        i = end_of_string(text, i + 1);
        if (i == std::string_view::npos) return ok_status();  // the parser says what is wrong
        break;
      case '[':
      case '{':
        ++values;
        ++depth;
        break;
      case ']':
      case '}':
        if (depth > 0) --depth;
        break;
      case ',':
        ++values;
        break;
      default:
        break;
    }
    if (depth > limits::kMaxJsonDepth) {
      return out_of_range(std::string(what) + " is nested deeper than " +
                          std::to_string(limits::kMaxJsonDepth) + " levels");
    }
    if (values > limits::kMaxJsonValues) {
      return out_of_range(std::string(what) + " holds more than " +
                          std::to_string(limits::kMaxJsonValues) + " values");
    }
  }
  return ok_status();
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, std::string_view what) {
  TINYSPLIT_RETURN_IF_ERROR(check_bounds(text, what));
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    return invalid_argument(std::string(what) + " is not JSON: error near byte " +
                            std::to_string(error.byte));
  } catch (const nlohmann::json::exception&) {  // a number beyond double
    return invalid_argument(std::string(what) + " holds a number that is out of range");
  }
}

}  // namespace tinysplit
