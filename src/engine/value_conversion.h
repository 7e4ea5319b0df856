#pragma once

#include "core/status.h"
#include "core/tensor.h"
#include "graph/graph.h"

namespace tinysplit {

// `tensor` in the type of `value`: itself; any as float32, or as float16, to which it is rounded;
// or float32 quantised as `value` says (rounded half away from zero, cut to the range). Shapes are
// not looked at. Errors: INVALID_ARGUMENT (any other two types).
Result<Tensor> convert_for(Tensor tensor, const Value& value);

// The numbers that the elements of `value` stand for, as float32: integers converted, quantised
// ones scaled. Precondition: `tensor` is of the type of `value`.
Tensor real_numbers(const Tensor& tensor, const Value& value);

}  // namespace tinysplit
