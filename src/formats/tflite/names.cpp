#include "formats/tflite/names.h"

#include <algorithm>

namespace tinysplit::tflite {
namespace {

// Leaves room for a number within limits::kMaxNameBytes.
constexpr std::size_t kMaxClaimedBytes = 200;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool looks_like_inner_name(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  return slash != name.npos && std::ranges::all_of(name.substr(slash + 1), is_digit);
}

std::string usable(std::string_view text) {
  std::string name = clean_text(text, kMaxClaimedBytes);
  if (name.empty()) name = "tensor";
  if (looks_like_inner_name(name)) name += '_';
  return name;
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t max_bytes) {
  std::string clean(text.substr(0, max_bytes));
  std::ranges::replace_if(
      clean, [](char c) { return c < 0x20 || c > 0x7e; }, '_');
  return clean;
}

std::string Names::claim(std::string_view wanted) {
  std::string name = usable(wanted.substr(0, wanted.find(';')));
  if (taken_.insert(name).second) return name;
  if (std::string whole = usable(wanted); taken_.insert(whole).second) return whole;
  // Each try is a hash look-up, and there are no more names than tensors to collide with.
  for (std::size_t number = taken_.size();; ++number) {
    std::string numbered = name + "#" + std::to_string(number);
    if (taken_.insert(numbered).second) return numbered;
  }
}

}  // namespace tinysplit::tflite
