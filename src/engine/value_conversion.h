#pragma once

#include "core/status.h"
#include "core/tensor.h"
#include "graph/graph.h"

namespace tinysplit {

// `tensor` in the type of `value`: itself, integers and booleans as float32, or float32 quantised
// as `value` says (rounded half away from zero, cut to the range). Shapes are not looked at.
// Errors: INVALID_ARGUMENT (any other two types).
Result<Tensor> convert_for(Tensor tensor, const Value& value);

// The numbers that the elements of `value` stand for, as float32: integers converted, quantised
// ones scaled. Precondition: `tensor` is of the type of `value`, which is not float16.
Tensor real_numbers(const Tensor& tensor, const Value& value);

}  // namespace tinysplit
