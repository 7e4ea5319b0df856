#pragma once

#include <cstdint>

#include "core/tensor.h"
#include "graph/graph.h"

namespace tinysplit::tflite {

// [a,b,c] of `from`, row-major, as [b,a,c] with the given shape. `from` may be unaligned.
// Precondition: the shape has as many elements as `from`.
Tensor swap_axes(const TensorView& from, std::int64_t a, std::int64_t b, const Shape& shape);

// A copy under another shape of as many elements. Bytes of bools become 0 or 1.
Tensor copied(const TensorView& from, const Shape& shape);

// float32 of float16 or of quantised integers; the axis of the quantisation counts in from.shape.
// Precondition: the dtype is float16, or an integer and the quantisation fits.
Tensor to_float(const TensorView& from, const Quantization* quantization);

}  // namespace tinysplit::tflite
