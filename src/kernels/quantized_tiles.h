#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/quantized_arithmetic.h"

namespace tinysplit::quantized {

// The inner loops of convolutions and dense layers on 8-bit numbers, exact for every input. The
// zero point of x is folded into the bias: cells outside of the image hold the zero point.
//
// Activations and weights meet in words of 32 bits, whose products are added to one accumulator:
// two int16, or four bytes. Bytes of activations are unsigned, those of int8 128 above what is
// stored; the bias makes up for it.

inline constexpr std::size_t kWordBytes = 4;
inline constexpr std::size_t kTileFilters = 16;

// How vector code rescales a sum; the factor is below one half.
enum class Rounding : std::uint8_t {
  // floor((sum * significand + nudge) / 2^(32 + right_shift)): multiply_once(), and multiply()
  // where the result is clipped at 0 or above, so that negative halves may go either way.
  kFloor,
  // floor((2 * sum * significand + nudge) / 2^32), less 1 for a negative sum, shifted to the right
  // by right_shift: multiply(), whose negative halves go away from zero.
  kAway,
};

// What rescales the sums of kTileFilters filters, in the order in which they are computed.
struct alignas(64) StageLanes {
  std::array<std::int32_t, kTileFilters> bias;         // zero point of x folded in
  std::array<std::int32_t, kTileFilters> significand;  // of the Multiplier
  std::array<std::int32_t, kTileFilters> shift;        // of the Multiplier
  // As Rounding takes them; even and odd: of filters 0, 2, ... and of filters 1, 3, ...
  std::array<std::int64_t, kTileFilters / 2> odd_significand;
  std::array<std::int64_t, kTileFilters / 2> even_nudge;
  std::array<std::int64_t, kTileFilters / 2> odd_nudge;
  std::array<std::int32_t, kTileFilters> right_shift;
};

// From accumulators to stored numbers.
struct OutputStage {
  const StageLanes* lanes = nullptr;
  Rounding rounding = Rounding::kAway;
  std::int32_t zero_point = 0;
  std::int32_t low = 0;
  std::int32_t high = 0;
  bool rounds_once = false;  // by multiply_once rather than multiply
};

// Output pixels of one row by all filters of a group. A patch consists of `num_runs` runs of
// `words` words.
struct ProductRow {
  const std::byte* const* runs = nullptr;  // of the first pixel
  std::size_t offset = 0;                  // bytes added to every run
  std::size_t num_runs = 0;
  std::size_t words = 0;
  std::size_t pixel_step = 0;          // bytes from one pixel's run to the next one's
  const std::byte* weights = nullptr;  // [filter / kTileFilters][run][word][kTileFilters][cell]
  OutputStage stage;
  std::uint8_t* output = nullptr;  // of the first pixel
  std::size_t output_step = 0;     // bytes from one pixel to the next
  std::size_t pixels = 0;
  std::size_t filters = 0;

  std::size_t tile_bytes() const { return num_runs * words * kTileFilters * kWordBytes; }
};

// Products of one kind of words.
struct ProductKernels {
  std::size_t cells = 0;  // of a word: 2 (int16) or 4 (bytes)
  // `count` stored numbers, signed or not, to cells of activations.
  void (*load)(const std::uint8_t* x, bool is_signed, std::size_t count, std::byte* y) = nullptr;
  void (*product)(const ProductRow& row) = nullptr;

  std::size_t cell_bytes() const { return kWordBytes / cells; }
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

// One row of a depthwise convolution, or two at once, whose cells (channels of one pixel after the
// other) lie side by side for each tap of the kernel, as bytes. Cells are computed in blocks of
// kFlatCells; within one, word w of vector v belongs to cell flat_cell(v, w): where interleaving
// the bytes of four taps puts it.
inline constexpr std::size_t kFlatCells = 64;
inline constexpr std::size_t kFlatVectors = kFlatCells / kTileFilters;
constexpr std::size_t flat_cell(std::size_t vector, std::size_t word) {
  return word / 4 * 16 + vector * 4 + word % 4;
}
struct FlatRows {
  const std::uint8_t* const* taps = nullptr;  // [fours][4]: what the first cell takes from each
  std::size_t fours = 0;
  const std::byte* weights = nullptr;  // [block][four][row][vector][word][4]
  std::size_t blocks = 0;              // after which weights and stage repeat
  OutputStage stage;                   // [block][vector][word]
  std::array<std::uint8_t*, 2> output{};
  std::size_t rows = 1;
  std::size_t cells = 0;
};

struct FlatKernels {
  // `count` groups of `bytes` bytes, `step` bytes apart, to unsigned bytes side by side.
  void (*gather)(const std::uint8_t* x, std::size_t step, std::size_t bytes, std::size_t count,
                 bool is_signed, std::uint8_t* y) = nullptr;
  // May read kFlatCells bytes behind each tap's last cell.
  void (*depthwise)(const FlatRows& rows) = nullptr;
};

// y = a + b, each operand rescaled after a shift to the left by kSumBits.
inline constexpr int kSumBits = 20;
struct SumRow {
  struct Operand {
    const std::uint8_t* data = nullptr;
    std::int32_t zero_point = 0;
    Multiplier factor;  // at most one half

    bool is_half() const { return factor.significand == 1 << 30 && factor.shift == 0; }
  };
  std::array<Operand, 2> operands;
  bool is_signed = true;
  Multiplier factor;
  std::int32_t zero_point = 0;
  std::int32_t low = 0;
  std::int32_t high = 0;
  std::uint8_t* output = nullptr;
  std::size_t count = 0;

  // What is left from element `i` on.
  SumRow from(std::size_t i) const {
    SumRow rest = *this;
    for (Operand& operand : rest.operands) operand.data += i;
    rest.output += i;
    rest.count -= i;
    return rest;
  }
};

struct TileKernels {
  ProductKernels pairs;  // int16
  ProductKernels fours;  // bytes, for weights that fit int8; no functions where there are none
  FlatKernels flat;      // the same
  // y[2 * i] = a[i], y[2 * i + 1] = b[i].
  void (*interleave)(const std::uint8_t* a, const std::uint8_t* b, bool is_signed,
                     std::size_t count, std::int16_t* y) = nullptr;
  void (*depthwise)(const DepthwiseRow& row) = nullptr;
  void (*sum)(const SumRow& row) = nullptr;
};

// In portable C++.
const TileKernels& portable_tiles();

// With AVX2, and with AVX-512 and VNNI on top, where ByteWeights::suits_vectors holds, and the
// factor of a sum is below one half; null where the CPU (or TINYSPLIT_MAX_ISA) has none.
const TileKernels* avx2_tiles();
const TileKernels* vnni_tiles();

// The fastest of them on this CPU. All compute the same bits.
const TileKernels& best_tiles();

}  // namespace tinysplit::quantized
