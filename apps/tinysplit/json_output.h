#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "graph/graph.h"

namespace tinysplit {

// JSON has no number for what is not finite: null.
nlohmann::ordered_json json_number(double value);

// An array of {"name", "shape", "dtype"}, with "quantization" for integers that stand for real
// numbers.
nlohmann::ordered_json json_values(const Graph& graph, const std::vector<ValueId>& ids);

}  // namespace tinysplit
