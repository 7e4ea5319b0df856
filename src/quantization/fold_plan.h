#pragma once

#include <vector>

#include "graph/graph.h"

namespace tinysplit {

// Which operations of a network an 8-bit one computes together; see fold_operations().
struct FoldPlan {
  // For each node. Of a root: the nodes that it takes in, or -1.
  std::vector<int> affine;
  std::vector<int> clip;
  // The node is taken in by a root before it.
  std::vector<bool> is_absorbed;
  // A channel affine that all its readers take into their weights.
  std::vector<bool> goes_forward;
};

FoldPlan plan_folding(const Graph& graph);

// Whether the weights are constants that may be rewritten: of a convolution, transposed convolution
// or dense layer.
bool has_foldable_weights(const Graph& graph, const Node& node);

}  // namespace tinysplit
