#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/shape.h"

namespace tinysplit {

// Operations that move elements, of any dtype. Axes are counted from 0.

// Inputs: one or more, equal but for `axis`.
struct ConcatOp {
  int axis = -1;
};

// Same elements in the same order under `shape`.
struct ReshapeOp {
  Shape shape;
};

// Output axis i is input axis permutation[i].
struct TransposeOp {
  std::vector<int> permutation;
};

enum class PadMode : std::uint8_t {
  kConstant,   // `value`
  kReflect,    // mirrored without the border: c b | a b c | b a
  kSymmetric,  // mirrored with the border: b a | a b c | c b
  kEdge,       // the border repeated
};

// One entry for each axis. `value` is converted to the dtype; of quantised tensors it is the
// stored number.
struct PadOp {
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> after;
  PadMode mode = PadMode::kConstant;
  float value = 0.0f;
};

// Output index i along an axis reads input index begin + i * stride. One entry for each axis;
// strides are not 0 and may be negative.
struct SliceOp {
  std::vector<std::int64_t> begin;
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> size;
};

// Inputs: data, indices (int32 or int64; below zero counts from the end). Output: the shape of data
// with `axis` replaced by the shape of indices. An index out of range is an error of the run.
struct GatherOp {
  int axis = 0;
};

// Input x repeated along each axis.
struct TileOp {
  std::vector<std::int64_t> repeats;
};

// Input x broadcast to `shape` as NumPy does.
struct BroadcastOp {
  Shape shape;
};

enum class ResizeKind : std::uint8_t { kNearest, kBilinear };

// Which input coordinate an output index i reads; s is input size / output size unless the source
// gives another.
enum class ResizeCoordinates : std::uint8_t {
  kHalfPixel,         // (i + 1/2) * s - 1/2
  kPytorchHalfPixel,  // the same, 0 where the output has one cell
  kAlignCorners,      // i * (input size - 1) / (output size - 1)
  kAsymmetric,        // i * s
  kHalfPixelFloor,    // (i + 1/2) * s, TensorFlow's nearest neighbour
};

enum class ResizeRounding : std::uint8_t { kFloor, kCeil, kRoundPreferFloor, kRoundPreferCeil };

// Input x [N,H,W,C]; {height, width} pairs.
struct ResizeOp {
  ResizeKind kind = ResizeKind::kNearest;
  ResizeCoordinates coordinates = ResizeCoordinates::kHalfPixel;
  ResizeRounding rounding = ResizeRounding::kFloor;  // nearest only
  std::array<std::int64_t, 2> size{1, 1};
  std::array<float, 2> scale{0.0f, 0.0f};  // output / input; 0: the ratio of the sizes
};

}  // namespace tinysplit
