#pragma once

#include <cstddef>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

// The bytes of a TensorFlow Lite model (schema version 3) that computes what the graph does, for
// LiteRT and TensorFlow Lite Micro. Float32 graphs of any reader, and quantised ones with the
// scales and zero points that they have; inputs and outputs keep their element types, so the head
// of an int8 model hands on int8.
//
// Operators stand in the order of the graph's nodes. What the engine folds is folded (a channel
// affine into the weights before it), clips are fused into the operator before them where
// TensorFlow Lite knows such an activation, paddings that are neither SAME nor VALID become a PAD.
// Operations without an operator of their own become several; of quantised numbers by way of
// float32. Tensors have the names of the graph's values, and one signature, "serving_default",
// those of its inputs and outputs. The same graph gives the same bytes; constants are aligned to 16
// bytes, those with equal bytes stored once; operators have the lowest version that fits.
//
// Errors: UNIMPLEMENTED (layer and operation named, and what TensorFlow Lite lacks), OUT_OF_RANGE
// (over limits::kMaxModelFileBytes), RESOURCE_EXHAUSTED (memory). Thread-safe.
Result<std::vector<std::byte>> write_tflite(const Graph& graph);

}  // namespace tinysplit
