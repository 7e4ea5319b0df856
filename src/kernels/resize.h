#pragma once

#include <cstdint>
#include <vector>

#include "graph/op.h"

namespace tinysplit {

// The input cell, of `size`, that each output cell of a nearest-neighbour resize reads along one
// axis (0: rows, 1: columns).
std::vector<std::int64_t> nearest_cells(const ResizeOp& op, std::size_t axis, std::int64_t size);

}  // namespace tinysplit
