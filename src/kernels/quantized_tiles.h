#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/quantized_arithmetic.h"

namespace tinysplit::quantized {

// The inner loops of convolutions and dense layers on 8-bit numbers. Activations are widened to
// int16 and multiplied in pairs (a0*w0 + a1*w1 into int32), which is exact for every input. The
// zero point of x is folded into the bias: cells outside of the image hold the zero point.

inline constexpr std::size_t kTileFilters = 16;

// From accumulators to stored numbers, for kTileFilters consecutive filters at `bias` and so on.
struct OutputStage {
  const std::int32_t* bias = nullptr;         // zero point folded in
  const std::int32_t* significand = nullptr;  // of the Multiplier
  const std::int32_t* shift = nullptr;        // of the Multiplier
  std::int32_t zero_point = 0;
  std::int32_t low = 0;
  std::int32_t high = 0;
  bool rounds_once = false;  // by multiply_once rather than multiply
};

// Output pixels of one row by up to kTileFilters filters. A patch consists of `num_runs`
// runs of 2 * pairs consecutive activations.
struct ProductTile {
  const std::int16_t* const* runs = nullptr;  // of the first pixel
  std::size_t offset = 0;                     // added to every run
  std::size_t num_runs = 0;
  std::size_t pairs = 0;
  std::size_t pixel_step = 0;             // activations from one pixel's run to the next one's
  const std::int16_t* weights = nullptr;  // [run][pair][kTileFilters][2]
  OutputStage stage;
  std::uint8_t* output = nullptr;  // of the first pixel
  std::size_t output_step = 0;     // bytes from one pixel to the next
  std::size_t pixels = 0;
  std::size_t filters = 0;
};

// One row of a depthwise convolution. Rows of the image come interleaved in pairs, each as
// [cell][channel][2], channels padded to a multiple of kLaneChannels.
inline constexpr std::size_t kLaneChannels = 8;
struct DepthwiseRow {
  const std::int16_t* const* rows = nullptr;  // of row_pairs
  std::size_t row_pairs = 0;
  std::size_t columns = 0;      // of the kernel
  std::size_t column_step = 0;  // int16 from one column of the kernel to the next
  std::size_t pixel_step = 0;   // int16 from one output pixel's first cell to the next one's
  const std::int16_t* weights = nullptr;  // [channel / 8][pair][column][8][2]
  OutputStage stage;                      // of channel 0
  std::uint8_t* output = nullptr;
  std::size_t channels = 0;
  std::size_t pixels = 0;
};

// y = a + b, each operand rescaled after a shift to the left by kSumBits.
inline constexpr int kSumBits = 20;
struct SumRow {
  struct Operand {
    const std::uint8_t* data = nullptr;
    std::int32_t zero_point = 0;
    Multiplier factor;  // at most one half
  };
  std::array<Operand, 2> operands;
  bool is_signed = true;
  Multiplier factor;
  std::int32_t zero_point = 0;
  std::int32_t low = 0;
  std::int32_t high = 0;
  std::uint8_t* output = nullptr;
  std::size_t count = 0;
};

struct TileKernels {
  // count bytes, signed or not, to int16.
  void (*widen)(const std::uint8_t* x, bool is_signed, std::size_t count, std::int16_t* y);
  // y[2 * i] = a[i], y[2 * i + 1] = b[i].
  void (*interleave)(const std::uint8_t* a, const std::uint8_t* b, bool is_signed,
                     std::size_t count, std::int16_t* y);
  void (*product)(const ProductTile& tile);
  void (*depthwise)(const DepthwiseRow& row);
  void (*sum)(const SumRow& row);
};

// In portable C++.
const TileKernels& portable_tiles();

// With AVX2, where PackedStage::has_small_factors and ByteWeights::has_small_sums hold, and the
// factor of a sum is below one half; null where the CPU has none.
const TileKernels* avx2_tiles();

// The fastest of them on this CPU. All compute the same bits.
const TileKernels& best_tiles();

}  // namespace tinysplit::quantized
