#include "kernels/quantized_tiles.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "kernels/quantized_avx2.h"

namespace tinysplit::quantized {
namespace {

using namespace avx2;

TINYSPLIT_AVX2_INLINE __m256i widened(const std::uint8_t* x, bool is_signed) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  return is_signed ? _mm256_cvtepi8_epi16(bytes) : _mm256_cvtepu8_epi16(bytes);
}

TINYSPLIT_AVX2 void widen(const std::uint8_t* x, bool is_signed, std::size_t count,
                          std::int16_t* y) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), widened(x + i, is_signed));
  }
  // The cells behind the row keep their zero points.
  for (; i < count; ++i) y[i] = is_signed ? static_cast<std::int8_t>(x[i]) : std::int16_t{x[i]};
}

TINYSPLIT_AVX2 void interleave(const std::uint8_t* a, const std::uint8_t* b, bool is_signed,
                               std::size_t count, std::int16_t* y) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i));
    const __m128i z = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i));
    const __m128i low = _mm_unpacklo_epi8(x, z), high = _mm_unpackhi_epi8(x, z);
    auto* to = reinterpret_cast<__m256i*>(y + 2 * i);
    _mm256_storeu_si256(to, is_signed ? _mm256_cvtepi8_epi16(low) : _mm256_cvtepu8_epi16(low));
    _mm256_storeu_si256(to + 1,
                        is_signed ? _mm256_cvtepi8_epi16(high) : _mm256_cvtepu8_epi16(high));
  }
  for (; i < count; ++i) {
    y[2 * i] = is_signed ? static_cast<std::int8_t>(a[i]) : std::int16_t{a[i]};
    y[2 * i + 1] = is_signed ? static_cast<std::int8_t>(b[i]) : std::int16_t{b[i]};
  }
}

TINYSPLIT_AVX2_INLINE __m256i pair_at(const std::int16_t* a) {
  std::int32_t pair;
  std::memcpy(&pair, a, sizeof(pair));
  return _mm256_set1_epi32(pair);
}

// Stores eight filters of each of `Pixels` pixels that lie `step` bytes apart.
template <std::size_t Pixels>
TINYSPLIT_AVX2_INLINE void store_pixels(std::uint8_t* y, std::size_t step, const __m256i* sums,
                                        const Bounds& bounds, std::size_t filters) {
  if constexpr (Pixels > 4) {
    store_pixels<4>(y, step, sums, bounds, filters);
    store_pixels<Pixels - 4>(y + 4 * step, step, sums + 4, bounds, filters);
  } else {
    const __m256i bytes = stored(sums[0], sums[Pixels > 1 ? 1 : 0], sums[Pixels > 2 ? 2 : 0],
                                 sums[Pixels > 3 ? 3 : 0], bounds);
    const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
    store_bytes(y, low, filters);
    if constexpr (Pixels > 1) store_bytes(y + step, _mm_srli_si128(low, 8), filters);
    if constexpr (Pixels > 2) store_bytes(y + 2 * step, high, filters);
    if constexpr (Pixels > 3) store_bytes(y + 3 * step, _mm_srli_si128(high, 8), filters);
  }
}

// Calls run(n, begin, end) with blocks of n pixels, n a constant, for all of a row. Six fill the
// registers; few are left over on their own, where each would wait for the one before it.
template <typename Run>
void for_blocks(std::size_t pixels, Run run) {
  constexpr std::size_t kBlock = 6;
  std::size_t rest = pixels % kBlock;
  if (rest > 0 && rest < 3 && pixels > kBlock) rest += kBlock;
  std::size_t at = pixels - rest;
  run(std::integral_constant<std::size_t, kBlock>(), std::size_t{0}, at);
  if (rest > kBlock || rest == 4) {
    run(std::integral_constant<std::size_t, 4>(), at, at + 4);
    at += 4;
  }
  switch (pixels - at) {
    case 1:
      return run(std::integral_constant<std::size_t, 1>(), at, pixels);
    case 2:
      return run(std::integral_constant<std::size_t, 2>(), at, pixels);
    case 3:
      return run(std::integral_constant<std::size_t, 3>(), at, pixels);
    case 4:
      return run(std::integral_constant<std::size_t, 4>(), at, pixels);
    case 5:
      return run(std::integral_constant<std::size_t, 5>(), at, pixels);
  }
}

template <std::size_t Pixels, std::size_t Vectors>
struct Sums {
  __m256i of[Pixels][Vectors];
};

// What two vectors of 8 filters, or one, multiply to for `Pixels` pixels from `at` on.
template <std::size_t Pixels, std::size_t Vectors>
TINYSPLIT_AVX2_INLINE void sum_products(const ProductTile& tile, std::size_t at,
                                        Sums<Pixels, Vectors>& sums) {
  for (std::size_t v = 0; v < Vectors; ++v) {
    const __m256i bias = load_lanes(tile.stage.bias + v * kLanes);
    for (std::size_t m = 0; m < Pixels; ++m) sums.of[m][v] = bias;
  }
  const std::int16_t* w = tile.weights;
  const std::size_t step = tile.pixel_step;
  for (std::size_t r = 0; r < tile.num_runs; ++r) {
    const std::int16_t* a = tile.runs[r] + tile.offset + at * step;
    for (std::size_t k = 0; k < tile.pairs; ++k, a += 2, w += 2 * kTileFilters) {
      __m256i weights[Vectors];
      for (std::size_t v = 0; v < Vectors; ++v) weights[v] = load_lanes(w + v * 2 * kLanes);
      for (std::size_t m = 0; m < Pixels; ++m) {
        const __m256i pair = pair_at(a + m * step);
        for (std::size_t v = 0; v < Vectors; ++v) {
          sums.of[m][v] = _mm256_add_epi32(sums.of[m][v], _mm256_madd_epi16(pair, weights[v]));
        }
      }
    }
  }
}

template <std::size_t Pixels, std::size_t Vectors, Rounding kind>
TINYSPLIT_AVX2 void product_of(const ProductTile& tile, std::size_t at, std::size_t end) {
  Rescale rescale[Vectors];
  for (std::size_t v = 0; v < Vectors; ++v) rescale[v] = rescale_of<kind>(tile.stage, v * kLanes);
  const Bounds bounds = bounds_of(tile.stage);
  for (; at < end; at += Pixels) {
    Sums<Pixels, Vectors> sums;
    sum_products(tile, at, sums);
    for (std::size_t v = 0; v < Vectors; ++v) {
      for (std::size_t m = 0; m < Pixels; ++m) {
        sums.of[m][v] = rescaled<kind>(sums.of[m][v], rescale[v]);
      }
    }
    std::uint8_t* y = tile.output + at * tile.output_step;
    if constexpr (Vectors == 1) {
      store_pixels<Pixels>(y, tile.output_step, &sums.of[0][0], bounds, tile.filters);
    } else {
      for (std::size_t m = 0; m < Pixels; m += 2, y += 2 * tile.output_step) {
        const std::size_t second = std::min(m + 1, Pixels - 1);
        const __m256i bytes =
            stored(sums.of[m][0], sums.of[m][1], sums.of[second][0], sums.of[second][1], bounds);
        store_bytes(y, _mm256_castsi256_si128(bytes), tile.filters);
        if (second > m) {
          store_bytes(y + tile.output_step, _mm256_extracti128_si256(bytes, 1), tile.filters);
        }
      }
    }
  }
}

template <std::size_t Vectors, Rounding kind>
void product_row(const ProductTile& tile) {
  for_blocks(tile.pixels, [&](auto pixels, std::size_t at, std::size_t end) {
    product_of<pixels.value, Vectors, kind>(tile, at, end);
  });
}

template <std::size_t Vectors>
void product_rows(const ProductTile& tile) {
  switch (rounding_of(tile.stage)) {
    case Rounding::kTwice:
      return product_row<Vectors, Rounding::kTwice>(tile);
    case Rounding::kTwiceClipped:
      return product_row<Vectors, Rounding::kTwiceClipped>(tile);
    case Rounding::kOnce:
      return product_row<Vectors, Rounding::kOnce>(tile);
  }
}

void product(const ProductTile& tile) {
  return tile.filters > kLanes ? product_rows<2>(tile) : product_rows<1>(tile);
}

// Eight channels of `Pixels` consecutive pixels. The loops are not unrolled for usual kernels: the
// compiler would then sum all products in a tree, out of more registers than there are.
template <std::size_t Pixels>
TINYSPLIT_AVX2_INLINE void sum_depthwise(const DepthwiseRow& row, std::size_t at,
                                         const std::int16_t* w, __m256i* sums) {
  const std::size_t columns = row.columns, column_step = row.column_step;
  const std::size_t pixel_step = row.pixel_step;
  for (std::size_t p = 0; p < row.row_pairs; ++p) {
    const std::int16_t* cell = row.rows[p] + at;
    for (std::size_t k = 0; k < columns; ++k, w += 2 * kLanes, cell += column_step) {
      const __m256i weights = load_lanes(w);
      for (std::size_t m = 0; m < Pixels; ++m) {
        const __m256i activations = load_lanes(cell + m * pixel_step);
        sums[m] = _mm256_add_epi32(sums[m], _mm256_madd_epi16(activations, weights));
      }
    }
  }
}

template <std::size_t Pixels, Rounding kind>
TINYSPLIT_AVX2 void depthwise_of(const DepthwiseRow& row, std::size_t at, std::size_t end) {
  const Bounds bounds = bounds_of(row.stage);
  for (; at < end; at += Pixels) {
    const std::int16_t* w = row.weights;
    const std::size_t start = at * row.pixel_step;
    for (std::size_t c = 0; c < row.channels; c += kLanes) {
      __m256i sums[Pixels];
      const __m256i bias = load_lanes(row.stage.bias + c);
      for (std::size_t m = 0; m < Pixels; ++m) sums[m] = bias;
      sum_depthwise<Pixels>(row, start + 2 * c, w, sums);
      w += row.row_pairs * row.columns * kLanes * 2;
      const Rescale rescale = rescale_of<kind>(row.stage, c);
      for (std::size_t m = 0; m < Pixels; ++m) sums[m] = rescaled<kind>(sums[m], rescale);
      store_pixels<Pixels>(row.output + at * row.channels + c, row.channels, sums, bounds,
                           std::min(kLanes, row.channels - c));
    }
  }
}

template <Rounding kind>
void depthwise_row(const DepthwiseRow& row) {
  for_blocks(row.pixels, [&](auto pixels, std::size_t at, std::size_t end) {
    depthwise_of<pixels.value, kind>(row, at, end);
  });
}

void depthwise(const DepthwiseRow& row) {
  return rounding_of(row.stage) == Rounding::kTwice ? depthwise_row<Rounding::kTwice>(row)
                                                    : depthwise_row<Rounding::kTwiceClipped>(row);
}

std::array<std::int32_t, kLanes> filled(std::int32_t x) {
  std::array<std::int32_t, kLanes> lanes;
  lanes.fill(x);
  return lanes;
}

// An operand of a sum. Its factor may be one half, with nothing to shift: `adjusts` is 0 then.
struct SumOperand {
  __m256i zero_point, factor, shift, half, adjusts;
  bool is_half;
};

TINYSPLIT_AVX2_INLINE SumOperand sum_operand(const SumRow::Operand& operand) {
  const int shift = -operand.factor.shift;
  return {_mm256_set1_epi32(operand.zero_point),
          _mm256_set1_epi32(operand.factor.significand),
          _mm256_set1_epi32(shift),
          _mm256_set1_epi32(shift > 0 ? 1 << (shift - 1) : 0),
          _mm256_set1_epi32(shift > 0 ? -1 : 0),
          shift == 0 && operand.factor.significand == 1 << 30};
}

TINYSPLIT_AVX2_INLINE __m256i rescaled(const std::uint8_t* x, bool is_signed,
                                       const SumOperand& by) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(x));
  __m256i lanes = is_signed ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes);
  lanes = _mm256_sub_epi32(lanes, by.zero_point);
  if (by.is_half) return _mm256_slli_epi32(lanes, kSumBits - 1);
  lanes = _mm256_slli_epi32(lanes, kSumBits);
  const __m256i nudge = _mm256_set1_epi64x(std::int64_t{1} << 30);
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(lanes, by.factor), nudge);
  __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(lanes, 32), by.factor);
  odd = _mm256_add_epi64(odd, nudge);
  const __m256i high =
      _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_add_epi64(odd, odd), 0xaa);
  const __m256i down = _mm256_and_si256(_mm256_srai_epi32(high, 31), by.adjusts);
  return _mm256_srav_epi32(_mm256_add_epi32(high, _mm256_add_epi32(by.half, down)), by.shift);
}

TINYSPLIT_AVX2 void sum(const SumRow& row) {
  const SumOperand left = sum_operand(row.operands[0]), right = sum_operand(row.operands[1]);
  const std::array<std::int32_t, kLanes> significand = filled(row.factor.significand);
  const std::array<std::int32_t, kLanes> shift = filled(row.factor.shift);
  const OutputStage stage{nullptr, significand.data(), shift.data(), row.zero_point, row.low,
                          row.high};
  const Rescale rescale = rescale_of<Rounding::kTwice>(stage, 0);
  const Bounds bounds = bounds_of(stage);
  std::size_t i = 0;
  for (; i + 4 * kLanes <= row.count; i += 4 * kLanes) {
    __m256i sums[4];
    for (std::size_t v = 0; v < 4; ++v) {
      const std::size_t at = i + v * kLanes;
      const __m256i both =
          _mm256_add_epi32(rescaled(row.operands[0].data + at, row.is_signed, left),
                           rescaled(row.operands[1].data + at, row.is_signed, right));
      sums[v] = rescaled<Rounding::kTwice>(both, rescale);
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(row.output + i),
                        stored(sums[0], sums[1], sums[2], sums[3], bounds));
  }
  SumRow rest = row;
  rest.operands[0].data += i;
  rest.operands[1].data += i;
  rest.output += i;
  rest.count -= i;
  portable_tiles().sum(rest);
}

}  // namespace

const TileKernels* avx2_tiles() {
  static constexpr TileKernels kTiles{widen, interleave, product, depthwise, sum};
  return __builtin_cpu_supports("avx2") ? &kTiles : nullptr;
}

}  // namespace tinysplit::quantized

#else

namespace tinysplit::quantized {

const TileKernels* avx2_tiles() { return nullptr; }

}  // namespace tinysplit::quantized

#endif
