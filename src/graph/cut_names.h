#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

// The cut that a user means: how many layers run before it ("6"), or where it lies by the name of
// a layer ("after:block_3", "before:block_4"). `layers` are the names of all of them. Errors name
// `option`, the name that is nearest and the cuts that there are: INVALID_ARGUMENT (no such form),
// NOT_FOUND (no such layer), OUT_OF_RANGE.
Result<int> parse_cut(std::string_view text, const std::vector<std::string>& layers,
                      std::string_view option = "--cut");

// The forms that parse_cut() takes, for the help of an option.
inline constexpr std::string_view kCutForms = "a number of layers, after:LAYER or before:LAYER";

std::vector<std::string> layer_names(const Graph& graph);

}  // namespace tinysplit
