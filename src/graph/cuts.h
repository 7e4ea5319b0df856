#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace tinysplit {

// What crosses the link when layers [0, cut) run on the device.
struct Cut {
  int cut = 0;  // 0 .. num_layers
  // Values made before the cut and used by a layer after it, in order of definition; none at
  // num_layers. At cut 0 these are the graph inputs.
  std::vector<ValueId> live_tensors;
  std::int64_t live_bytes = 0;  // as stored by the graph, before any codec
  // The raw input, or a value from which it is plain to see (graph/input_exposure.h), is among the
  // live tensors.
  bool reveals_input = false;
  // The cut separates layers that an uncut run would compute as one (a convolution and the batch
  // normalisation folded into it): nothing is gained over its neighbours.
  bool splits_fusion = false;
};

// All num_layers + 1 cuts, in O(values + nodes + total live tensors).
std::vector<Cut> find_cuts(const Graph& graph);

// Live tensors at one cut; precondition 0 <= cut <= num_layers.
std::vector<ValueId> live_tensors(const Graph& graph, int cut);

// Graph outputs made by layers [begin, end), in the order of graph.outputs(). An output that is
// also a graph input counts as made by layer 0.
std::vector<ValueId> outputs_made_by(const Graph& graph, int begin, int end);

}  // namespace tinysplit
