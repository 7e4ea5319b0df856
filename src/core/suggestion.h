#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tinysplit {

// Letters to insert, delete, replace or swap with their neighbour to make `b` of `a` (optimal
// string alignment); no regard to case. Texts of more than 200 bytes are as far apart as they are
// long.
std::size_t edit_distance(std::string_view a, std::string_view b);

// "; did you mean NAME?" with the nearest of `names`, where one is so near that a slip explains
// it; else "".
std::string did_you_mean(std::string_view given, const std::vector<std::string>& names);

}  // namespace tinysplit
