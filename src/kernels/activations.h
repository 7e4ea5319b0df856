#pragma once

#include <cstddef>

#include "graph/op_elementwise.h"

namespace tinysplit::native {

// y = activation(x) for `count` floats, of every kind; x may be y.
void activate(const ActivationOp& op, const float* x, float* y, std::size_t count);

}  // namespace tinysplit::native
