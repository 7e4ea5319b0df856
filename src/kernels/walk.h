#pragma once

#include "kernels/strides.h"

namespace tinysplit::native {

// An index space and how far each operand moves along its axes, with as few axes as possible: axes
// of size 1 are gone, and neighbours that every operand crosses in one stride are one. Never of
// rank 0.
template <std::size_t Operands>
struct Walk {
  Shape shape;
  std::array<Strides, Operands> strides{};

  std::size_t width() const { return usize(shape[shape.rank() - 1]); }
  std::ptrdiff_t step(std::size_t operand) const {
    return strides[operand][static_cast<std::size_t>(shape.rank() - 1)];
  }
  template <typename Visit>
  void for_each_row(Visit visit) const {
    native::for_each_row<Operands>(shape, strides, visit);
  }
};

template <std::size_t Operands>
Walk<Operands> make_walk(const Shape& shape, const std::array<Strides, Operands>& strides) {
  std::array<std::int64_t, limits::kMaxRank> dims{};
  Walk<Operands> walk;
  std::size_t rank = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    const std::size_t from = static_cast<std::size_t>(axis);
    bool merges = rank > 0;
    for (std::size_t k = 0; k < Operands && merges; ++k) {
      merges = walk.strides[k][rank - 1] == strides[k][from] * shape[axis];
    }
    if (!merges) ++rank;
    dims[rank - 1] = (merges ? dims[rank - 1] : 1) * shape[axis];
    for (std::size_t k = 0; k < Operands; ++k) walk.strides[k][rank - 1] = strides[k][from];
  }
  if (rank == 0) dims[rank++] = 1;
  // Cannot fail: no more axes or elements than `shape` has.
  walk.shape = Shape::create({dims.data(), rank}).value();
  return walk;
}

// Over `output`, for operands that are broadcast to it.
template <std::size_t Operands>
Walk<Operands> broadcast_walk(const std::array<Shape, Operands>& operands, const Shape& output) {
  std::array<Strides, Operands> strides;
  for (std::size_t k = 0; k < Operands; ++k) strides[k] = broadcast_strides(operands[k], output);
  return make_walk<Operands>(output, strides);
}

}  // namespace tinysplit::native
