#pragma once

#include <memory>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

// A float32 network in the form in which 8-bit arithmetic runs it, computing the same but for
// rounding. A layer of the result is one operation, behind it at most a clip (relu, relu6, ...):
//
// - batch normalisation is multiplied into the weights of the convolution or dense layer before it;
//   a rescaling by one factor into those behind it, where no padding comes between;
// - what is left of them, hard sigmoid and linear activations become convolutions of one cell for
//   each channel, exact to the last weight where a product and a sum would round twice;
// - swish becomes a sigmoid and a product, as TensorFlow Lite has no such operator.
//
// Layers keep the name of the source layer that their operation stands in (further operations of
// one source layer have the operation's name behind it), values keep theirs; layers that compute
// nothing are left out. Errors: INVALID_ARGUMENT (the model is quantised already), and those of
// GraphBuilder.
Result<std::shared_ptr<const Graph>> fold_operations(const Graph& graph);

}  // namespace tinysplit
