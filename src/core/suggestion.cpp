#include "core/suggestion.h"

#include <algorithm>
#include <cctype>

namespace tinysplit {
namespace {

constexpr std::size_t kMaxCompared = 200;

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  if (std::max(a.size(), b.size()) > kMaxCompared) return std::max(a.size(), b.size());
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string did_you_mean(std::string_view given, const std::vector<std::string>& names) {
  const std::string* nearest = nullptr;
  // One slip in three letters, two at least from four on.
  std::size_t least = given.size() < 4 ? 2 : std::max<std::size_t>(3, given.size() / 3 + 1);
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(given, name);
    // Whoever wrote a beginning or left out the end meant the rest.
    const bool begun = given.size() >= 3 && name.starts_with(given) && nearest == nullptr;
    if (distance >= least && !begun) continue;
    if (distance >= std::max(given.size(), name.size())) continue;  // not one letter in common
    least = std::min(distance, least);
    nearest = &name;
  }
  return nearest == nullptr ? "" : "; did you mean " + *nearest + "?";
}

}  // namespace tinysplit
