#pragma once

#include <cstddef>
#include <vector>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

// The graph as an ONNX model of operator set 17. Inputs and outputs keep the graph's names and
// order of axes ([N,H,W,C]); inside, images are [N,C,H,W] as ONNX defines its operators, with
// transposes where the order changes. A node is named after the layer that it belongs to; where a
// layer takes several, the others are "<layer>/<operator>". Layers that compute nothing leave no
// trace. Quantised values are written as QDQ: integer weights, DequantizeLinear before and
// QuantizeLinear behind each operator that computes; what only moves elements works on integers.
//
// Read back by read_onnx_model() the model gives the same outputs bit for bit, but for operations
// that ONNX has to spell out (docs/onnx.md lists them and by how much they differ).
//
// Errors, which name the layer: UNIMPLEMENTED (what ONNX cannot express: 16-bit quantised values,
// symmetric padding, ...), OUT_OF_RANGE (over limits::kMaxModelFileBytes), INVALID_ARGUMENT (a name
// that is no printable UTF-8). Thread-safe.
Result<std::vector<std::byte>> write_onnx(const Graph& graph);

}  // namespace tinysplit
