#pragma once

#include <cstdint>
#include <functional>

#include "kernels/kernel.h"
#include "kernels/quantized_kernels.h"

// Functions of int16 activations, by tables of their own with straight lines in between.
namespace tinysplit::quantized {

// What a logistic function or hyperbolic tangent makes of a stored number. Empty where TensorFlow
// Lite computes none: zero points other than 0, an output scale other than 2^-15.
std::function<std::int32_t(std::int32_t)> wide_sigmoid_map(const KernelSpec& spec);
std::function<std::int32_t(std::int32_t)> wide_tanh_map(const KernelSpec& spec);

Body wide_softmax_body(const KernelSpec& spec);

}  // namespace tinysplit::quantized
