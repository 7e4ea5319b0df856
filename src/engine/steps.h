#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "graph/graph.h"
#include "kernels/kernel.h"

namespace tinysplit {

// One operation of a segment's program: a node and what is computed together with it.
struct Step {
  int root = -1;    // node
  int affine = -1;  // node folded into the weights, or -1
  int clip = -1;    // node applied as output stage, or -1
  ValueId output = -1;

  friend auto operator<=>(const Step&, const Step&) = default;
};

// The steps of layers [begin, end), fused as far as their nodes lie inside. What
// only renames memory is left out.
std::vector<Step> plan_steps(const Graph& graph, const std::vector<int>& fusion_roots, int begin,
                             int end);

// Whether the node only renames memory: a reshape of anything but a constant.
bool shares_memory(const Graph& graph, const Node& node);

// The weights that `step` runs with. Precondition: its root has_weights (graph/op_traits.h).
PreparedWeights prepare_weights(const Graph& graph, const Step& step);

std::optional<Clip> clip_of(const Graph& graph, const Step& step);

}  // namespace tinysplit
