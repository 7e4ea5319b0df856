#pragma once

#include <string>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

enum class KerasFileKind : std::uint8_t {
  kArchive,  // .keras
  kHdf5,     // .h5
};

// A model file of Keras 3 that computes what the graph does: a Functional model whose layers do the
// graph's operations, as few as possible each. `graph` may be a whole model, or a head or tail
// (graph/subgraph.h): what it reads and leaves become the model's inputs and outputs, in order.
//
// Layers are named after the values that they make, where Keras allows the name: letters, digits,
// '_', '-' and '.', first a letter or digit; other characters become '_'. The batch is left open.
// Layers of the source that compute nothing (dropout) are left out. A folded batch normalisation is
// written as one with the same scale and shift, mean 0 and variance 1.
//
// Errors: UNIMPLEMENTED, naming layer and operation (one that Keras has no layer for, a tensor
// without a batch of 1 in front, a quantised model: write it as TensorFlow Lite or ONNX); those of
// write_keras_archive(). Thread-safe.
Result<std::string> write_keras_model(const Graph& graph, KerasFileKind kind);

}  // namespace tinysplit
