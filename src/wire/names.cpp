#include "wire/names.h"

#include <algorithm>
#include <string>

#include "core/limits.h"

namespace tinysplit {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_allowed(char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; }

Status check_name(std::string_view field, std::string_view name) {
  const std::string what(field);
  if (name.empty()) return invalid_argument(what + " is empty, give it a name");
  if (name.size() > limits::kMaxIdBytes) {
    return invalid_argument(what + " has " + std::to_string(name.size()) + " characters, at most " +
                            std::to_string(limits::kMaxIdBytes) + " are allowed");
  }
  // The offending text is not repeated: it may hold anything.
  const auto bad = std::find_if_not(name.begin(), name.end(), is_allowed);
  if (bad != name.end()) {
    return invalid_argument(what + " has a character at position " +
                            std::to_string(bad - name.begin()) +
                            " that is none of A-Z a-z 0-9 . _ -");
  }
  if (!is_alphanumeric(name.front())) {
    return invalid_argument(what + " must begin with a letter or a digit");
  }
  return ok_status();
}

}  // namespace

Status check_device_id(std::string_view device_id) { return check_name("device_id", device_id); }
Status check_model_name(std::string_view model_name) {
  return check_name("model_name", model_name);
}

}  // namespace tinysplit
