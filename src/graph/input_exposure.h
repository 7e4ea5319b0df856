#pragma once

#include <vector>

#include "graph/graph.h"

namespace tinysplit {

// Whether a node hides its inputs: each element of its output depends on several of theirs. Asked
// of shapes and, where they are constants, of weights, since a kernel with a single weight in a
// filter hands on what it reads: the same question gives the same answer for one network in every
// format.
//
// It is no measure of how hard it is to reconstruct an input from the output; what hides nothing
// by this rule is the input itself, seen through functions that anybody with the model can undo.
bool mixes(const Graph& graph, const Node& node);

// For each value, whether it shows a graph input or part of it: the inputs themselves, and what is
// computed of them by nodes that do not mix.
std::vector<bool> find_exposed_values(const Graph& graph);

}  // namespace tinysplit
