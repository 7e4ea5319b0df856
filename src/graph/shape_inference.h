#pragma once

#include <span>

#include "core/status.h"
#include "graph/graph.h"
#include "graph/op.h"

namespace tinysplit {

// Shape of the output of `op` on `inputs` (order as graph/op.h lists them), after checking that
// they fit together. Errors: INVALID_ARGUMENT that says what does not fit.
Result<Shape> infer_shape(const Op& op, std::span<const Value* const> inputs);

// Multiply-accumulates of one execution of `op`: convolutions, matrix products and
// recurrent layers, 0 for the rest.
std::int64_t count_macs(const Op& op, std::span<const Value* const> inputs, const Shape& output);

// NumPy broadcasting of two shapes. Errors: INVALID_ARGUMENT.
Result<Shape> broadcast_shapes(const Shape& a, const Shape& b);

}  // namespace tinysplit
