#pragma once

#include <cstddef>
#include <vector>

#include "engine/steps.h"
#include "graph/graph.h"

namespace tinysplit {

// Where the values of a segment lie in one block of memory. Values whose lives do not overlap share
// bytes; a reshape's output is its input's bytes.
struct MemoryPlan {
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  std::vector<std::size_t> offsets;  // by value; kNowhere for values that the segment does not hold
  std::size_t total_bytes = 0;
};

// `inputs` live from the start of layers [begin, end), `outputs` to their end.
MemoryPlan plan_memory(const Graph& graph, const std::vector<Step>& steps, int begin, int end,
                       const std::vector<ValueId>& inputs, const std::vector<ValueId>& outputs);

}  // namespace tinysplit
