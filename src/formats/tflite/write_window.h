#pragma once

#include <array>

#include "formats/tflite/node_writer.h"
#include "graph/op.h"

namespace tinysplit::tflite {

using Pair = std::array<std::int64_t, 2>;

// An image as a windowed operator is to read it, and the padding that the operator is to say.
struct PaddedImage {
  TensorId tensor;
  schema::Padding padding;
};

// SAME or VALID where that puts the windows in the same places; else the image with a border of
// `border` (the stored number, where it is quantised) in front, and VALID.
PaddedImage pad_for_window(NodeWriter& writer, const Spatial2d& spatial, const Pair& window,
                           float border);

// x with cells of the number `value` before and behind each axis. Stored numbers where quantised.
TensorId pad(NodeWriter& writer, TensorId x, std::span<const std::int64_t> before,
             std::span<const std::int64_t> after, float value);

// {before, after} of each axis as PAD takes them.
TensorId paddings(NodeWriter& writer, std::span<const std::int64_t> before,
                  std::span<const std::int64_t> after);

// A scalar constant of the type of `like`.
TensorId stored_number(NodeWriter& writer, const ElementType& like, float value);

// The number that PAD puts around a tensor of that type.
float pad_value_of(const ElementType& type);

}  // namespace tinysplit::tflite
