#pragma once

#include <string>
#include <vector>

#include "core/tensor.h"
#include "graph/graph.h"

namespace tinysplit::test {

// How the operations of two graphs differ: kinds and options, what they read (constants bit for
// bit), shapes, types and quantisation; not the layers that they belong to, nor names. Empty where
// they do not. Lists the first few differences, one a line.
std::string difference_of_graphs(const Graph& a, const Graph& b);

// What the engine makes of `inputs`, in the order of the graph's outputs; empty after a failure,
// which is reported.
std::vector<Tensor> outputs_of(const std::shared_ptr<const Graph>& graph,
                               const std::vector<Tensor>& inputs);

}  // namespace tinysplit::test
