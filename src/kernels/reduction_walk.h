#pragma once

#include <algorithm>
#include <vector>

#include "kernels/walk.h"

namespace tinysplit::native {

// Operand 0 is a dense tensor of `input`'s shape, operand 1 one in which every axis of `axes` has
// size 1.
inline Walk<2> reduction_walk(const Shape& input, const std::vector<int>& axes) {
  Shape kept = input;
  for (const int axis : axes) kept[axis] = 1;
  Strides strides = dense_strides(kept);
  for (const int axis : axes) strides[static_cast<std::size_t>(axis)] = 0;
  return make_walk<2>(input, {dense_strides(input), strides});
}

// A tensor seen as [outer, size, inner] around one axis.
struct AxisView {
  std::size_t outer = 1;
  std::size_t size = 1;
  std::size_t inner = 1;

  AxisView(const Shape& shape, int axis) : size(usize(shape[axis])) {
    for (int i = 0; i < axis; ++i) outer *= usize(shape[i]);
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= usize(shape[i]);
  }
};

// Folds map(x[i]) into one number on eight lanes, which keeps rounding errors small and lets the
// loop be a vector one.
template <typename Acc, typename T, typename Map, typename Combine>
Acc fold_row(const T* x, std::size_t count, Acc start, Map map, Combine combine) {
  constexpr std::size_t kLanes = 8;
  std::size_t i = 0;
  if (count >= 2 * kLanes) {
    Acc lanes[kLanes];
    for (std::size_t k = 0; k < kLanes; ++k) lanes[k] = map(x[k]);
    for (i = kLanes; i + kLanes <= count; i += kLanes) {
      for (std::size_t k = 0; k < kLanes; ++k) lanes[k] = combine(lanes[k], map(x[i + k]));
    }
    for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
      for (std::size_t k = 0; k < half; ++k) lanes[k] = combine(lanes[k], lanes[k + half]);
    }
    start = combine(start, lanes[0]);
  }
  for (; i < count; ++i) start = combine(start, map(x[i]));
  return start;
}

// Folds map(x) of every element of a dense tensor into `into`, which holds its start.
template <typename Acc, typename T, typename Map, typename Combine>
void fold(const Walk<2>& walk, const T* x, Acc* into, Map map, Combine combine) {
  const std::size_t width = walk.width();
  const bool reduces = walk.step(1) == 0;
  walk.for_each_row([&](const auto& at) {
    Acc* to = into + at[1];
    if (reduces) {
      *to = fold_row(x, width, *to, map, combine);
    } else {
      for (std::size_t i = 0; i < width; ++i) to[i] = combine(to[i], map(x[i]));
    }
    x += width;
  });
}

}  // namespace tinysplit::native
