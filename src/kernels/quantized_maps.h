#pragma once

#include <cstdint>
#include <functional>

#include "kernels/kernel.h"
#include "kernels/quantized_kernels.h"

namespace tinysplit::quantized {

// What a function of one number does to a stored one.
using Map = std::function<std::int32_t(std::int32_t)>;

// `map` of every element, of a table of all 256 where the numbers are bytes. Precondition: input 0
// and the output are both bytes or both int16.
Body mapped_body(const KernelSpec& spec, const Map& map);

// round(f(x) / scale) + zero point through single precision, as TensorFlow Lite fills its tables.
Map table_map(const KernelSpec& spec, const std::function<float(float)>& function);

}  // namespace tinysplit::quantized
