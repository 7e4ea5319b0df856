#include "kernels/strides.h"

namespace tinysplit::native {

Strides dense_strides(const Shape& shape) {
  Strides strides{};
  std::ptrdiff_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  return strides;
}

Strides broadcast_strides(const Shape& operand, const Shape& output) {
  const Strides dense = dense_strides(operand);
  Strides strides{};
  for (int axis = 0; axis < operand.rank(); ++axis) {
    const int at = output.rank() - operand.rank() + axis;
    strides[static_cast<std::size_t>(at)] =
        operand[axis] == 1 ? 0 : dense[static_cast<std::size_t>(axis)];
  }
  return strides;
}

}  // namespace tinysplit::native
