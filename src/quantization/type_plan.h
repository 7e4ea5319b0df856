#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"
#include "quantization/range.h"
#include "quantization/treatment.h"

namespace tinysplit {

// How each layer of a folded network is computed, and the int8 type of each of its values.
struct TypePlan {
  std::vector<Treatment> treatments;  // for each layer
  // For each value that is float32 and no constant: its type where it is stored as int8.
  std::vector<std::optional<ElementType>> types;
};

// Values that operators want to be of one scale get one; its range covers those of all of them.
// Layers of `keep_float` stay float32, and what only moves numbers of such layers with them.
// Errors: INVALID_ARGUMENT (a range that is missing or not finite).
Result<TypePlan> plan_types(const Graph& folded, const Ranges& ranges,
                            const std::set<std::string, std::less<>>& keep_float);

}  // namespace tinysplit
