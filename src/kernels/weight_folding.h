#pragma once

#include "graph/graph.h"
#include "kernels/kernel.h"

namespace tinysplit {

// The float32 weights of a convolution, transposed convolution or dense node, with the scale and
// shift of the ChannelAffineOp node `affine` (null for none) multiplied in. Whoever folds weights,
// to run them or to write them to a file, does it here, so that all compute with the same bits.
PreparedWeights fold_weights(const Graph& graph, const Node& root, const Node* affine);

}  // namespace tinysplit
