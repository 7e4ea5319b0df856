#pragma once

#include <cstdint>
#include <span>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

// Whether a tensor that another machine quantised so stands for the numbers that `value` would: its
// scales and zero points must be the model's own, to the bit. Errors: INVALID_ARGUMENT, which names
// the tensor and both.
Status expect_quantization(const Value& value, std::span<const float> scale,
                           std::span<const std::int32_t> zero_point, int axis);

}  // namespace tinysplit
