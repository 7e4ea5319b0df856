#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace tinysplit {

// The cuts 0 .. N that differ from the one before in what the device computes or sends: not those
// inside a group of layers that run as one, nor those after a layer that computes nothing.
std::vector<int> distinct_cuts(const Graph& graph);

// The last layer before a cut, for people: "(edge only)", "block1_relu", "(device only)".
std::string describe_cut(const Graph& graph, int cut);

}  // namespace tinysplit
