#include "kernels/quantized_tiles.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>

#define TINYSPLIT_AVX2 __attribute__((target("avx2")))
#define TINYSPLIT_AVX2_INLINE inline __attribute__((target("avx2"), always_inline))

namespace tinysplit::quantized {
namespace {

constexpr std::size_t kLanes = 8;  // of 32 bits

TINYSPLIT_AVX2_INLINE __m256i load_lanes(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

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

// The factors of eight consecutive filters. All are below one half and sums below 2^30 (see
// PackedStage::has_small_factors), so rounding terms may be added before the shift.
struct Rescale {
  __m256i even, odd;  // significands, in the low half of each 64 bits
  __m256i shift;      // to the right, from 1 on
  __m256i half;       // of the shift's unit
};

TINYSPLIT_AVX2_INLINE Rescale rescale_of(const OutputStage& stage, std::size_t f) {
  Rescale rescale;
  rescale.even = load_lanes(stage.significand + f);
  rescale.odd = _mm256_srli_epi64(rescale.even, 32);
  rescale.shift = _mm256_sub_epi32(_mm256_setzero_si256(), load_lanes(stage.shift + f));
  const __m256i one = _mm256_set1_epi32(1);
  rescale.half = _mm256_sllv_epi32(one, _mm256_sub_epi32(rescale.shift, one));
  return rescale;
}

// multiply() of quantized_arithmetic.h for eight sums.
TINYSPLIT_AVX2_INLINE __m256i rescaled(__m256i sums, const Rescale& by) {
  const __m256i nudge = _mm256_set1_epi64x(std::int64_t{1} << 30);
  __m256i even = _mm256_add_epi64(_mm256_mul_epi32(sums, by.even), nudge);
  __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(sums, 32), by.odd);
  odd = _mm256_add_epi64(odd, nudge);
  even = _mm256_srli_epi64(even, 31);
  odd = _mm256_add_epi64(odd, odd);
  const __m256i high = _mm256_blend_epi32(even, odd, 0xaa);
  // Halves go away from zero: negative ones need a little less to be added.
  const __m256i half = _mm256_add_epi32(by.half, _mm256_srai_epi32(high, 31));
  return _mm256_srav_epi32(_mm256_add_epi32(high, half), by.shift);
}

struct Bounds {
  __m256i zero_point, low, high;  // int16
};

TINYSPLIT_AVX2_INLINE Bounds bounds_of(const OutputStage& stage) {
  return {_mm256_set1_epi16(static_cast<std::int16_t>(stage.zero_point)),
          _mm256_set1_epi16(static_cast<std::int16_t>(stage.low)),
          _mm256_set1_epi16(static_cast<std::int16_t>(stage.high))};
}

// Sixteen stored numbers from two vectors of rescaled sums. Saturating to int16 on the way changes
// nothing: the bounds are within a byte.
TINYSPLIT_AVX2_INLINE __m128i stored(__m256i first, __m256i second, const Bounds& bounds) {
  __m256i words = _mm256_packs_epi32(first, second);
  words = _mm256_adds_epi16(words, bounds.zero_point);
  words = _mm256_min_epi16(_mm256_max_epi16(words, bounds.low), bounds.high);
  // The low byte of each word, signed or not, then the lanes in order: a b | a b of four each.
  words = _mm256_and_si256(words, _mm256_set1_epi16(0xff));
  const __m128i bytes =
      _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  return _mm_shuffle_epi32(bytes, 0b11011000);
}

TINYSPLIT_AVX2_INLINE __m256i pair_at(const std::int16_t* a) {
  std::int32_t pair;
  std::memcpy(&pair, a, sizeof(pair));
  return _mm256_set1_epi32(pair);
}

TINYSPLIT_AVX2_INLINE void store_filters(std::uint8_t* y, __m128i bytes, std::size_t filters) {
  if (filters == kTileFilters) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y), bytes);
  } else if (filters == kLanes) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(y), bytes);
  } else {
    alignas(16) std::uint8_t all[kTileFilters];
    _mm_store_si128(reinterpret_cast<__m128i*>(all), bytes);
    std::memcpy(y, all, filters);
  }
}

// `Vectors` of 8 filters each; with one, the second half of the tile holds no filters.
template <std::size_t Pixels, std::size_t Vectors>
TINYSPLIT_AVX2 void product_of(const ProductTile& tile) {
  __m256i sums[Pixels][Vectors];
  for (std::size_t v = 0; v < Vectors; ++v) {
    const __m256i bias = load_lanes(tile.stage.bias + v * kLanes);
    for (std::size_t m = 0; m < Pixels; ++m) sums[m][v] = bias;
  }
  const std::int16_t* w = tile.weights;
  const std::size_t step = tile.pixel_step;
  for (std::size_t r = 0; r < tile.num_runs; ++r) {
    const std::int16_t* a = tile.runs[r] + tile.offset;
    for (std::size_t k = 0; k < tile.pairs; ++k, a += 2, w += 2 * kTileFilters) {
      __m256i weights[Vectors];
      for (std::size_t v = 0; v < Vectors; ++v) weights[v] = load_lanes(w + v * 2 * kLanes);
      for (std::size_t m = 0; m < Pixels; ++m) {
        const __m256i pair = pair_at(a + m * step);
        for (std::size_t v = 0; v < Vectors; ++v) {
          sums[m][v] = _mm256_add_epi32(sums[m][v], _mm256_madd_epi16(pair, weights[v]));
        }
      }
    }
  }
  for (std::size_t v = 0; v < Vectors; ++v) {
    const Rescale rescale = rescale_of(tile.stage, v * kLanes);
    for (std::size_t m = 0; m < Pixels; ++m) sums[m][v] = rescaled(sums[m][v], rescale);
  }
  const Bounds bounds = bounds_of(tile.stage);
  for (std::size_t m = 0; m < Pixels; ++m) {
    store_filters(tile.output + m * tile.output_step,
                  stored(sums[m][0], sums[m][Vectors - 1], bounds), tile.filters);
  }
}

template <std::size_t Vectors>
void product_by_pixels(const ProductTile& tile) {
  switch (tile.pixels) {
    case 1:
      return product_of<1, Vectors>(tile);
    case 2:
      return product_of<2, Vectors>(tile);
    case 3:
      return product_of<3, Vectors>(tile);
    default:
      return product_of<kTilePixels, Vectors>(tile);
  }
}

void product(const ProductTile& tile) {
  return tile.filters > kLanes ? product_by_pixels<2>(tile) : product_by_pixels<1>(tile);
}

// Eight channels of `Pixels` consecutive pixels.
template <std::size_t Pixels>
TINYSPLIT_AVX2_INLINE void depthwise_pixels(const DepthwiseRow& row, const std::int16_t* a,
                                            const std::int16_t* w, __m256i bias,
                                            const Rescale& rescale, const Bounds& bounds,
                                            std::uint8_t* y, std::size_t channels) {
  __m256i sums[Pixels];
  for (std::size_t m = 0; m < Pixels; ++m) sums[m] = bias;
  for (std::size_t p = 0; p < row.row_pairs; ++p, a += row.row_step) {
    const std::int16_t* cell = a;
    for (std::size_t k = 0; k < row.columns; ++k, w += 2 * kLanes, cell += row.column_step) {
      const __m256i weights = load_lanes(w);
      for (std::size_t m = 0; m < Pixels; ++m) {
        const __m256i pairs = load_lanes(cell + m * row.pixel_step);
        sums[m] = _mm256_add_epi32(sums[m], _mm256_madd_epi16(pairs, weights));
      }
    }
  }
  for (std::size_t m = 0; m < Pixels; ++m) sums[m] = rescaled(sums[m], rescale);
  for (std::size_t m = 0; m < Pixels; m += 2) {
    const std::size_t second = std::min(m + 1, Pixels - 1);
    const __m128i bytes = stored(sums[m], sums[second], bounds);
    store_filters(y + m * row.channels, bytes, channels);
    if (second > m) store_filters(y + second * row.channels, _mm_srli_si128(bytes, 8), channels);
  }
}

TINYSPLIT_AVX2 void depthwise(const DepthwiseRow& row) {
  constexpr std::size_t kPixels = 4;
  const std::int16_t* w = row.weights;
  for (std::size_t c = 0; c < row.channels; c += kLanes) {
    OutputStage stage = row.stage;
    stage.bias += c;
    stage.significand += c;
    stage.shift += c;
    const __m256i bias = load_lanes(stage.bias);
    const Rescale rescale = rescale_of(stage, 0);
    const Bounds bounds = bounds_of(stage);
    const std::size_t channels = std::min(kLanes, row.channels - c);
    const std::int16_t* a = row.rows + 2 * c;
    std::uint8_t* y = row.output + c;
    std::size_t m = 0;
    for (; m + kPixels <= row.pixels; m += kPixels) {
      depthwise_pixels<kPixels>(row, a + m * row.pixel_step, w, bias, rescale, bounds,
                                y + m * row.channels, channels);
    }
    for (; m < row.pixels; ++m) {
      depthwise_pixels<1>(row, a + m * row.pixel_step, w, bias, rescale, bounds,
                          y + m * row.channels, channels);
    }
    w += row.row_pairs * row.columns * kLanes * 2;
  }
}

std::array<std::int32_t, kLanes> filled(std::int32_t x) {
  std::array<std::int32_t, kLanes> lanes;
  lanes.fill(x);
  return lanes;
}

// An operand of a sum. Its factor may be one half, with nothing to shift: `adjusts` is 0 then.
struct SumOperand {
  __m256i zero_point, factor, shift, half, adjusts;
};

TINYSPLIT_AVX2_INLINE SumOperand sum_operand(const SumRow::Operand& operand) {
  const int shift = -operand.factor.shift;
  return {_mm256_set1_epi32(operand.zero_point), _mm256_set1_epi32(operand.factor.significand),
          _mm256_set1_epi32(shift), _mm256_set1_epi32(shift > 0 ? 1 << (shift - 1) : 0),
          _mm256_set1_epi32(shift > 0 ? -1 : 0)};
}

TINYSPLIT_AVX2_INLINE __m256i rescaled(const std::uint8_t* x, bool is_signed,
                                       const SumOperand& by) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(x));
  __m256i lanes = is_signed ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes);
  lanes = _mm256_slli_epi32(_mm256_sub_epi32(lanes, by.zero_point), kSumBits);
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
  const Rescale rescale = rescale_of(stage, 0);
  const Bounds bounds = bounds_of(stage);
  std::size_t i = 0;
  for (; i + 2 * kLanes <= row.count; i += 2 * kLanes) {
    __m256i sums[2];
    for (std::size_t v = 0; v < 2; ++v) {
      const std::size_t at = i + v * kLanes;
      const __m256i both =
          _mm256_add_epi32(rescaled(row.operands[0].data + at, row.is_signed, left),
                           rescaled(row.operands[1].data + at, row.is_signed, right));
      sums[v] = rescaled(both, rescale);
    }
    store_filters(row.output + i, stored(sums[0], sums[1], bounds), kTileFilters);
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
