#pragma once

#include <vector>

#include "graph/graph.h"

namespace tinysplit {

// For every node the node that an uncut run computes it with: itself, or an earlier convolution,
// transposed convolution or dense node whose weights take in a following ChannelAffineOp, and whose
// output stage takes in a following clip. An addition of quantised values takes in a clip too; a
// clip that changes the quantisation stays by itself. Decided on the whole graph: a value that
// anything else reads, or that is a graph output, is never fused away. Within a segment a fusion
// holds as far as its nodes lie inside it.
std::vector<int> find_fusion_roots(const Graph& graph);

}  // namespace tinysplit
