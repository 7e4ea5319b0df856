#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"

namespace tinysplit::onnx_format {

// How one axis is resized by weights that are the same everywhere along the other axes.
struct AxisResize {
  std::int64_t from = 1, to = 1;
  float scale = 1.0f;  // to / from, as the file states it
  bool cubic = false;  // else linear
  bool antialias = false;
  bool exclude_outside = false;
  float cubic_a = -0.75f;
  std::string coordinates;  // coordinate_transformation_mode
};

// [from,to]: column k holds the weights of what output k is the sum of, as ONNX Runtime has them.
// Errors: UNIMPLEMENTED (coordinates).
Result<Tensor> resize_matrix(const AxisResize& axis);

// The same for the mode nearest: which element output k is, by the rounding of `nearest_mode`.
Result<std::vector<std::int64_t>> nearest_elements(const AxisResize& axis,
                                                   const std::string& nearest_mode);

}  // namespace tinysplit::onnx_format
