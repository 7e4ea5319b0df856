#pragma once

#include "graph/graph.h"
#include "quantization/range.h"

namespace tinysplit {

// The ranges to quantise a fine-tuned network with: those of `trained` where it has one, since its
// weights were trained against them, and `calibrated` elsewhere; but what only moves or pools the
// numbers of a value, and so has its scale, stays within that value's range. `folded` is a network
// that fold_operations() made; ranges of other values are left out.
Ranges with_trained(const Graph& folded, const Ranges& calibrated, const Ranges& trained);

}  // namespace tinysplit
