#pragma once

#include "core/status.h"
#include "formats/tflite/tflite_generated.h"
#include "graph/op.h"

namespace tinysplit::tflite {

// Geometry of a window of `size` cells on the axes 1 and 2 of `input`, padded as TensorFlow does:
// SAME gives ceil(input / stride) places, the odd cell of padding goes behind.
// Errors: INVALID_ARGUMENT (an option out of range), UNIMPLEMENTED (another padding).
Result<Spatial2d> make_window(schema::Padding padding, const Shape& input,
                              const std::array<std::int64_t, 2>& size,
                              const std::array<std::int64_t, 2>& stride,
                              const std::array<std::int64_t, 2>& dilation);

}  // namespace tinysplit::tflite
