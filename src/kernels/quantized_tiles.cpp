#include "kernels/quantized_tiles.h"

#include <algorithm>

namespace tinysplit::quantized {
namespace {

std::uint8_t stored(const OutputStage& stage, std::size_t f, std::int32_t sum) {
  const StageLanes& lanes = stage.lanes[f / kTileFilters];
  const Multiplier factor{lanes.significand[f % kTileFilters], lanes.shift[f % kTileFilters]};
  const std::int32_t y = stage.rounds_once ? multiply_once(sum, factor) : multiply(sum, factor);
  return static_cast<std::uint8_t>(
      std::clamp(wrapping_add(y, stage.zero_point), stage.low, stage.high));
}

// a0*w0 + a1*w1 cannot overflow; the sum of many wraps.
void add_pair(std::int32_t& sum, const std::int16_t* a, const std::int16_t* w) {
  sum = wrapping_add(sum, a[0] * w[0] + a[1] * w[1]);
}

void widen(const std::uint8_t* x, bool is_signed, std::size_t count, std::byte* cells) {
  auto* y = reinterpret_cast<std::int16_t*>(cells);
  if (is_signed) {
    for (std::size_t i = 0; i < count; ++i) y[i] = static_cast<std::int8_t>(x[i]);
  } else {
    for (std::size_t i = 0; i < count; ++i) y[i] = x[i];
  }
}

void interleave(const std::uint8_t* a, const std::uint8_t* b, bool is_signed, std::size_t count,
                std::int16_t* y) {
  for (std::size_t i = 0; i < count; ++i) {
    y[2 * i] = is_signed ? static_cast<std::int8_t>(a[i]) : std::int16_t{a[i]};
    y[2 * i + 1] = is_signed ? static_cast<std::int8_t>(b[i]) : std::int16_t{b[i]};
  }
}

// One tile of filters, from filter `first` on.
void product_of(const ProductRow& row, std::size_t first) {
  const std::byte* const weights = row.weights + first / kTileFilters * row.tile_bytes();
  const std::size_t filters = std::min(kTileFilters, row.filters - first);
  for (std::size_t m = 0; m < row.pixels; ++m) {
    std::array<std::int32_t, kTileFilters> sums = row.stage.lanes[first / kTileFilters].bias;
    const auto* w = reinterpret_cast<const std::int16_t*>(weights);
    for (std::size_t r = 0; r < row.num_runs; ++r) {
      const auto* a =
          reinterpret_cast<const std::int16_t*>(row.runs[r] + row.offset + m * row.pixel_step);
      for (std::size_t k = 0; k < row.words; ++k, w += 2 * kTileFilters) {
        for (std::size_t f = 0; f < kTileFilters; ++f) add_pair(sums[f], a + 2 * k, w + 2 * f);
      }
    }
    std::uint8_t* y = row.output + m * row.output_step + first;
    for (std::size_t f = 0; f < filters; ++f) y[f] = stored(row.stage, first + f, sums[f]);
  }
}

void product(const ProductRow& row) {
  for (std::size_t f = 0; f < row.filters; f += kTileFilters) product_of(row, f);
}

void depthwise(const DepthwiseRow& row) {
  const std::size_t block_weights = row.row_pairs * row.columns * kLaneChannels * 2;
  for (std::size_t m = 0; m < row.pixels; ++m) {
    for (std::size_t c = 0; c < row.channels; ++c) {
      const std::size_t lane = c % kLaneChannels;
      const std::int16_t* w = row.weights + c / kLaneChannels * block_weights + 2 * lane;
      std::int32_t sum = row.stage.lanes[c / kTileFilters].bias[c % kTileFilters];
      for (std::size_t p = 0; p < row.row_pairs; ++p) {
        const std::int16_t* a = row.rows[p] + m * row.pixel_step + 2 * c;
        for (std::size_t k = 0; k < row.columns; ++k, w += 2 * kLaneChannels) {
          add_pair(sum, a + k * row.column_step, w);
        }
      }
      row.output[m * row.channels + c] = stored(row.stage, c, sum);
    }
  }
}

std::int32_t rescaled(const SumRow::Operand& operand, bool is_signed, std::size_t i) {
  const std::uint8_t byte = operand.data[i];
  const std::int32_t x = is_signed ? static_cast<std::int8_t>(byte) : std::int32_t{byte};
  return multiply(wrapping_shift_left(x - operand.zero_point, kSumBits), operand.factor);
}

void sum(const SumRow& row) {
  for (std::size_t i = 0; i < row.count; ++i) {
    const std::int32_t both = wrapping_add(rescaled(row.operands[0], row.is_signed, i),
                                           rescaled(row.operands[1], row.is_signed, i));
    const std::int32_t y = wrapping_add(multiply(both, row.factor), row.zero_point);
    row.output[i] = static_cast<std::uint8_t>(std::clamp(y, row.low, row.high));
  }
}

}  // namespace

const TileKernels& portable_tiles() {
  static constexpr TileKernels kTiles{{2, widen, product}, {}, {}, interleave, depthwise, sum};
  return kTiles;
}

const TileKernels& best_tiles() {
  for (const auto tiles : {vnni_tiles, avx2_tiles}) {
    if (const TileKernels* const found = tiles()) return *found;
  }
  return portable_tiles();
}

}  // namespace tinysplit::quantized
