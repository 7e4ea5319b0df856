#pragma once

#include "kernels/native_bodies.h"
#include "kernels/walk.h"

namespace tinysplit::native {

// The usual steps are spelled out so that each becomes a vector loop.
template <typename In, typename Out, typename Function>
void binary_row(const In* a, std::ptrdiff_t step_a, const In* b, std::ptrdiff_t step_b,
                Out* __restrict y, std::size_t width, Function function) {
  if (step_a == 1 && step_b == 1) {
    for (std::size_t i = 0; i < width; ++i) y[i] = function(a[i], b[i]);
  } else if (step_a == 1 && step_b == 0) {
    const In right = *b;
    for (std::size_t i = 0; i < width; ++i) y[i] = function(a[i], right);
  } else if (step_a == 0 && step_b == 1) {
    const In left = *a;
    for (std::size_t i = 0; i < width; ++i) y[i] = function(left, b[i]);
  } else {
    for (std::size_t i = 0; i < width; ++i, a += step_a, b += step_b) y[i] = function(*a, *b);
  }
}

// y = function(a, b) with NumPy broadcasting.
template <typename In, typename Out, typename Function>
Body binary_rows(const KernelSpec& spec, Function function) {
  const auto walk =
      broadcast_walk<2>({spec.inputs[0]->shape, spec.inputs[1]->shape}, spec.output->shape);
  return [walk, function](std::span<const std::byte* const> inputs, std::byte* output) {
    const In* a = reinterpret_cast<const In*>(inputs[0]);
    const In* b = reinterpret_cast<const In*>(inputs[1]);
    Out* y = reinterpret_cast<Out*>(output);
    walk.for_each_row([&](const auto& at) {
      binary_row(a + at[0], walk.step(0), b + at[1], walk.step(1), y, walk.width(), function);
      y += walk.width();
    });
    return ok_status();
  };
}

}  // namespace tinysplit::native
