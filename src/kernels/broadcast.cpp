#include <algorithm>
#include <array>

#include "kernels/native_bodies.h"

namespace tinysplit::native {
namespace {

// Walks an output in row-major order with the step that each operand takes along every axis; an
// axis over which an operand is repeated has step 0.
struct Walk {
  std::array<std::size_t, limits::kMaxRank> extent{};
  std::array<std::array<std::size_t, limits::kMaxRank>, 2> step{};
  int rank = 0;
  std::size_t count = 0;
  bool same = false;  // both operands have the output's shape
};

std::array<std::size_t, limits::kMaxRank> steps_of(const Shape& operand, const Shape& output) {
  std::array<std::size_t, limits::kMaxRank> steps{};
  std::size_t stride = 1;
  for (int i = operand.rank() - 1; i >= 0; --i) {
    const std::size_t axis = static_cast<std::size_t>(output.rank() - operand.rank() + i);
    steps[axis] = operand[i] == 1 ? 0 : stride;
    stride *= static_cast<std::size_t>(operand[i]);
  }
  return steps;
}

Walk make_walk(const Shape& a, const Shape& b, const Shape& output) {
  Walk walk;
  walk.rank = output.rank();
  walk.count = static_cast<std::size_t>(output.num_elements());
  walk.same = a == output && b == output;
  walk.step = {steps_of(a, output), steps_of(b, output)};
  for (int i = 0; i < output.rank(); ++i) {
    walk.extent[static_cast<std::size_t>(i)] = static_cast<std::size_t>(output[i]);
  }
  return walk;
}

template <typename Function>
void run_rows(const Walk& walk, const float* a, const float* b, float* __restrict y,
              Function function) {
  const std::size_t last = static_cast<std::size_t>(walk.rank) - 1;
  const std::size_t width = walk.extent[last];
  std::array<std::size_t, limits::kMaxRank> index{};
  std::size_t at_a = 0, at_b = 0;
  for (std::size_t row = 0; row < walk.count; row += width) {
    for (std::size_t i = 0; i < width; ++i) {
      y[row + i] = function(a[at_a + i * walk.step[0][last]], b[at_b + i * walk.step[1][last]]);
    }
    for (std::size_t axis = last; axis-- > 0;) {
      at_a += walk.step[0][axis];
      at_b += walk.step[1][axis];
      if (++index[axis] < walk.extent[axis]) break;
      at_a -= walk.step[0][axis] * walk.extent[axis];
      at_b -= walk.step[1][axis] * walk.extent[axis];
      index[axis] = 0;
    }
  }
}

template <typename Function>
FloatBody walk_body(const Walk& walk, Function function) {
  if (walk.same) {
    return
        [count = walk.count, function](std::span<const float* const> inputs, float* __restrict y) {
          const float* __restrict a = inputs[0];
          const float* __restrict b = inputs[1];
          for (std::size_t i = 0; i < count; ++i) y[i] = function(a[i], b[i]);
        };
  }
  return [walk, function](std::span<const float* const> inputs, float* y) {
    run_rows(walk, inputs[0], inputs[1], y, function);
  };
}

FloatBody binary_body(BinaryKind kind, const Walk& walk) {
  switch (kind) {
    case BinaryKind::kAdd:
      return walk_body(walk, [](float a, float b) { return a + b; });
    case BinaryKind::kSubtract:
      return walk_body(walk, [](float a, float b) { return a - b; });
    case BinaryKind::kMultiply:
      return walk_body(walk, [](float a, float b) { return a * b; });
    case BinaryKind::kDivide:
      return walk_body(walk, [](float a, float b) { return a / b; });
    case BinaryKind::kMaximum:
      return walk_body(walk, [](float a, float b) { return a > b ? a : b; });
    case BinaryKind::kMinimum:
      return walk_body(walk, [](float a, float b) { return a < b ? a : b; });
    default:
      return {};
  }
  return {};
}

}  // namespace

Body broadcast_body(const KernelSpec& spec) {
  const bool prelu = std::holds_alternative<PreluOp>(*spec.op);
  const auto* binary = std::get_if<BinaryOp>(spec.op);
  if (!prelu && binary == nullptr) return {};
  if (!is_float(spec)) return {};
  const Walk walk = make_walk(spec.inputs[0]->shape, spec.inputs[1]->shape, spec.output->shape);
  if (prelu) {
    return body_of(walk_body(walk, [](float x, float slope) { return x > 0.0f ? x : slope * x; }));
  }
  return body_of(binary_body(binary->kind, walk));
}

}  // namespace tinysplit::native
