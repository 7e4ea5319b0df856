#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

// `graph` with other outputs: the values of these names, in this order, none of them an input.
// Values that were fused into others are computed by themselves where they are outputs now.
// Errors: NOT_FOUND (no such value), those of GraphBuilder.
Result<std::shared_ptr<const Graph>> expose_values(const Graph& graph,
                                                   const std::vector<std::string>& names);

}  // namespace tinysplit
