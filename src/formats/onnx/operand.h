#pragma once

#include <memory>
#include <optional>

#include "core/tensor.h"
#include "graph/graph.h"

namespace tinysplit::onnx_format {

// What an operation reads: a value of the graph that is being built, or a constant that is not
// (yet) part of it.
struct Operand {
  ValueId id = -1;
  std::shared_ptr<const Tensor> constant;
  std::optional<Quantization> quantization;  // of a constant

  bool is_constant() const { return constant != nullptr; }
  bool exists() const { return id >= 0 || is_constant(); }
};

// How the axes of a tensor lie in memory. Where there are spatial axes (rank 3 to 5), channels last
// is [N,H,W,C]; one-dimensional data is then an image of height 1, [N,1,L,C]. For other ranks both
// layouts are the same.
enum class Layout : std::uint8_t { kFile, kChannelsLast };

constexpr bool has_channels_last(int rank) { return rank >= 3 && rank <= 5; }

// Where an axis of the file's order lies in the channels last order of a tensor of that rank.
constexpr int axis_in_channels_last(int axis, int rank) {
  if (!has_channels_last(rank) || axis == 0) return axis;
  const int last = rank == 3 ? 3 : rank - 1;
  if (axis == 1) return last;
  return rank == 3 ? axis : axis - 1;
}

Operand operand_of(Tensor tensor, std::optional<Quantization> quantization = std::nullopt);

// One float32, of rank 0.
Operand scalar_operand(float value);

}  // namespace tinysplit::onnx_format
