#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "core/limits.h"
#include "core/numeric.h"
#include "core/shape.h"

namespace tinysplit::native {

using Strides = std::array<std::ptrdiff_t, limits::kMaxRank>;

// Elements from one index to the next along each axis of a dense row-major tensor.
Strides dense_strides(const Shape& shape);

// The same for an operand that is broadcast to `output`: 0 along axes over which it repeats.
Strides broadcast_strides(const Shape& operand, const Shape& output);

// Calls visit(offset_0, offset_1, ...) for every index of `shape` without its last axis, in
// row-major order; offsets are those of operands with the given strides.
template <std::size_t Operands, typename Visit>
void for_each_row(const Shape& shape, const std::array<Strides, Operands>& strides, Visit visit) {
  std::size_t rows = 1;
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) rows *= usize(shape[axis]);
  std::array<std::int64_t, limits::kMaxRank> index{};
  std::array<std::ptrdiff_t, Operands> at{};
  for (std::size_t row = 0; row < rows; ++row) {
    visit(at);
    for (int axis = shape.rank() - 2; axis >= 0; --axis) {
      const std::size_t a = static_cast<std::size_t>(axis);
      for (std::size_t k = 0; k < Operands; ++k) at[k] += strides[k][a];
      if (++index[a] < shape[axis]) break;
      for (std::size_t k = 0; k < Operands; ++k) at[k] -= strides[k][a] * shape[axis];
      index[a] = 0;
    }
  }
}

}  // namespace tinysplit::native
