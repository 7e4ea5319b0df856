#include "kernels/quantized_tiles.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <algorithm>
#include <cstring>

#include "kernels/instruction_set.h"
#include "kernels/quantized_avx2.h"
#include "kernels/quantized_blocks.h"
#include "kernels/quantized_stage.h"

namespace tinysplit::quantized {
namespace {

using namespace avx2;

TINYSPLIT_AVX2_INLINE __m256i widened(const std::uint8_t* x, bool is_signed) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  return is_signed ? _mm256_cvtepi8_epi16(bytes) : _mm256_cvtepu8_epi16(bytes);
}

TINYSPLIT_AVX2 void widen(const std::uint8_t* x, bool is_signed, std::size_t count,
                          std::byte* cells) {
  auto* y = reinterpret_cast<std::int16_t*>(cells);
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

TINYSPLIT_AVX2_INLINE __m256i pair_at(const std::byte* a) {
  std::int32_t pair;
  std::memcpy(&pair, a, sizeof(pair));
  return _mm256_set1_epi32(pair);
}

template <std::size_t Pixels, std::size_t Vectors>
struct Sums {
  __m256i of[Pixels][Vectors];
};

// Where the numbers of consecutive pixels go.
struct Output {
  std::uint8_t* y;
  std::size_t step;     // bytes from one pixel to the next
  std::size_t filters;  // that are stored: no more than the vectors of a pixel hold
};

template <std::size_t Pixels>
TINYSPLIT_AVX2_INLINE void store_eights(const Output& to, __m256i bytes) {
  const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
  std::uint8_t* y = to.y;
  if (to.filters == kLanes) {
    const auto second = [](std::uint8_t * at, __m128i pair) __attribute__((always_inline)) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(at), _mm_unpackhi_epi64(pair, pair));
    };
    _mm_storel_epi64(reinterpret_cast<__m128i*>(y), low);
    if constexpr (Pixels > 1) second(y + to.step, low);
    if constexpr (Pixels > 2) _mm_storel_epi64(reinterpret_cast<__m128i*>(y + 2 * to.step), high);
    if constexpr (Pixels > 3) second(y + 3 * to.step, high);
    return;
  }
  store_bytes(y, low, to.filters);
  if constexpr (Pixels > 1) store_bytes(y + to.step, _mm_srli_si128(low, 8), to.filters);
  if constexpr (Pixels > 2) store_bytes(y + 2 * to.step, high, to.filters);
  if constexpr (Pixels > 3) {
    store_bytes(y + 3 * to.step, _mm_srli_si128(high, 8), to.filters);
  }
}

template <std::size_t Pixels>
TINYSPLIT_AVX2_INLINE void store_sixteens(const Output& to, __m256i bytes) {
  const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
  if (to.filters == kTileFilters) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to.y), low);
    if constexpr (Pixels > 1) _mm_storeu_si128(reinterpret_cast<__m128i*>(to.y + to.step), high);
    return;
  }
  store_bytes(to.y, low, to.filters);
  if constexpr (Pixels > 1) store_bytes(to.y + to.step, high, to.filters);
}

// Stores rescaled sums, as many pixels at a time as give one vector of bytes.
template <std::size_t From, std::size_t Pixels, std::size_t Vectors>
TINYSPLIT_AVX2_INLINE void store(const Sums<Pixels, Vectors>& y, const Bounds& bounds, Output to) {
  constexpr std::size_t kGroup = std::min(Pixels - From, 4 / Vectors);
  constexpr std::size_t kLast = kGroup * Vectors - 1;
  const __m256i* const first = &y.of[From][0];
  const __m256i bytes = stored(first[0], first[std::min<std::size_t>(1, kLast)],
                               first[std::min<std::size_t>(2, kLast)], first[kLast], bounds);
  if constexpr (Vectors == 1) {
    store_eights<kGroup>(to, bytes);
  } else {
    store_sixteens<kGroup>(to, bytes);
  }
  if constexpr (From + kGroup < Pixels) {
    to.y += kGroup * to.step;
    store<From + kGroup, Pixels, Vectors>(y, bounds, to);
  }
}

// `first`: of the filters in the lanes, 0 or 8.
template <std::size_t Pixels, std::size_t Vectors, Rounding rounding>
TINYSPLIT_AVX2_INLINE void finish(Sums<Pixels, Vectors>& sums, const StageLanes& lanes,
                                  std::size_t first, const Bounds& bounds, const Output& to) {
  for (std::size_t v = 0; v < Vectors; ++v) {
    const Rescale rescale = rescale_of(lanes, first + v * kLanes);
    for (auto& pixel : sums.of) pixel[v] = rescaled<rounding>(pixel[v], rescale);
  }
  store<0, Pixels, Vectors>(sums, bounds, to);
}

// `tile`: a row of no more than kTileFilters filters.
// What two vectors of 8 filters, or one, multiply to for `Pixels` pixels from `at` on.
template <std::size_t Pixels, std::size_t Vectors>
TINYSPLIT_AVX2_INLINE void sum_products(const ProductRow& tile, std::size_t at,
                                        Sums<Pixels, Vectors>& sums) {
  for (std::size_t v = 0; v < Vectors; ++v) {
    const __m256i bias = load_lanes(&tile.stage.lanes->bias[v * kLanes]);
    for (std::size_t m = 0; m < Pixels; ++m) sums.of[m][v] = bias;
  }
  const std::byte* w = tile.weights;
  const std::size_t step = tile.pixel_step;
  for (std::size_t r = 0; r < tile.num_runs; ++r) {
    const std::byte* a = tile.runs[r] + tile.offset + at * step;
    for (std::size_t k = 0; k < tile.words; ++k) {
      __m256i weights[Vectors];
      for (std::size_t v = 0; v < Vectors; ++v) {
        weights[v] = load_lanes(w + v * kLanes * kWordBytes);
      }
      for (std::size_t m = 0; m < Pixels; ++m) {
        const __m256i pair = pair_at(a + m * step);
        for (std::size_t v = 0; v < Vectors; ++v) {
          add_now(sums.of[m][v], _mm256_madd_epi16(pair, weights[v]));
        }
      }
      a += kWordBytes;
      w += kTileFilters * kWordBytes;
    }
  }
}

template <std::size_t Pixels, std::size_t Vectors, Rounding rounding>
TINYSPLIT_AVX2 void product_of(const ProductRow& given, std::size_t at, std::size_t end) {
  const ProductRow tile = given;  // which writing the output cannot change
  const Bounds bounds = bounds_of(tile.stage);
  for (; at < end; at += Pixels) {
    Sums<Pixels, Vectors> sums;
    sum_products(tile, at, sums);
    const Output to{tile.output + at * tile.output_step, tile.output_step, tile.filters};
    finish<Pixels, Vectors, rounding>(sums, *tile.stage.lanes, 0, bounds, to);
  }
}

template <std::size_t Vectors, Rounding rounding>
void product_tile(const ProductRow& tile) {
  const auto run = [&](auto pixels, std::size_t at, std::size_t end) {
    product_of<pixels.value, Vectors, rounding>(tile, at, end);
  };
  if constexpr (Vectors == 2) {  // six fill the registers; one or two alone wait for themselves
    std::size_t rest = tile.pixels % 6;
    if (rest > 0 && rest < 3 && tile.pixels > 6) rest += 6;
    if (rest < tile.pixels) run(std::integral_constant<std::size_t, 6>(), 0, tile.pixels - rest);
    for_blocks<4, 3, 2, 1>(tile.pixels - rest, tile.pixels, run);
  } else {
    for_blocks<8, 4, 2, 1>(0, tile.pixels, run);
  }
}

template <std::size_t Vectors>
void product_tile(const ProductRow& tile) {
  return tile.stage.rounding == Rounding::kAway ? product_tile<Vectors, Rounding::kAway>(tile)
                                                : product_tile<Vectors, Rounding::kFloor>(tile);
}

void product(const ProductRow& row) {
  ProductRow tile = row;
  for (std::size_t f = 0; f < row.filters; f += kTileFilters) {
    tile.filters = std::min(kTileFilters, row.filters - f);
    tile.filters > kLanes ? product_tile<2>(tile) : product_tile<1>(tile);
    ++tile.stage.lanes;
    tile.weights += tile.tile_bytes();
    tile.output += kTileFilters;
  }
}

// Eight channels of `Pixels` consecutive pixels. The loops are not unrolled for usual kernels: the
// compiler would then sum all products in a tree, out of more registers than there are.
template <std::size_t Pixels>
TINYSPLIT_AVX2_INLINE void sum_depthwise(const DepthwiseRow& row, std::size_t at,
                                         const std::int16_t* w, Sums<Pixels, 1>& sums) {
  const std::size_t columns = row.columns, column_step = row.column_step;
  const std::size_t pixel_step = row.pixel_step;
  for (std::size_t p = 0; p < row.row_pairs; ++p) {
    const std::int16_t* cell = row.rows[p] + at;
    for (std::size_t k = 0; k < columns; ++k, w += 2 * kLanes, cell += column_step) {
      const __m256i weights = load_lanes(w);
      for (std::size_t m = 0; m < Pixels; ++m) {
        const __m256i activations = load_lanes(cell + m * pixel_step);
        sums.of[m][0] = _mm256_add_epi32(sums.of[m][0], _mm256_madd_epi16(activations, weights));
      }
    }
  }
}

template <std::size_t Pixels, Rounding rounding>
TINYSPLIT_AVX2 void depthwise_of(const DepthwiseRow& given, std::size_t at, std::size_t end) {
  const DepthwiseRow row = given;  // which writing the output cannot change
  const Bounds bounds = bounds_of(row.stage);
  for (; at < end; at += Pixels) {
    const std::int16_t* w = row.weights;
    const std::size_t start = at * row.pixel_step;
    for (std::size_t c = 0; c < row.channels; c += kLanes) {
      const StageLanes& lanes = row.stage.lanes[c / kTileFilters];
      const std::size_t first = c % kTileFilters;
      Sums<Pixels, 1> sums;
      const __m256i bias = load_lanes(&lanes.bias[first]);
      for (std::size_t m = 0; m < Pixels; ++m) sums.of[m][0] = bias;
      sum_depthwise<Pixels>(row, start + 2 * c, w, sums);
      w += row.row_pairs * row.columns * kLanes * 2;
      const Output to{row.output + at * row.channels + c, row.channels,
                      std::min(kLanes, row.channels - c)};
      finish<Pixels, 1, rounding>(sums, lanes, first, bounds, to);
    }
  }
}

template <Rounding rounding>
void depthwise_row(const DepthwiseRow& row) {
  for_blocks<8, 4, 2, 1>(0, row.pixels, [&](auto pixels, std::size_t at, std::size_t end) {
    depthwise_of<pixels.value, rounding>(row, at, end);
  });
}

void depthwise(const DepthwiseRow& row) {
  return row.stage.rounding == Rounding::kAway ? depthwise_row<Rounding::kAway>(row)
                                               : depthwise_row<Rounding::kFloor>(row);
}

// One factor for all lanes.
TINYSPLIT_AVX2_INLINE Rescale rescale_by(Multiplier factor) {
  const VectorFactor lanes = vector_factor(factor, Rounding::kAway, false);
  const __m256i significand = _mm256_set1_epi32(lanes.significand);
  const __m256i nudge = _mm256_set1_epi64x(lanes.nudge);
  return {significand, significand, nudge, nudge, _mm256_set1_epi32(lanes.right_shift)};
}

// An operand of a sum: numbers less their zero point, shifted by kSumBits and rescaled. The larger
// of two operands has the factor one half.
struct SumOperand {
  __m256i zero_point;
  Rescale rescale;
  bool is_half;
};

TINYSPLIT_AVX2_INLINE SumOperand sum_operand(const SumRow::Operand& operand) {
  return {_mm256_set1_epi32(operand.zero_point), rescale_by(operand.factor), operand.is_half()};
}

TINYSPLIT_AVX2_INLINE __m256i rescaled(const std::uint8_t* x, bool is_signed,
                                       const SumOperand& by) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(x));
  __m256i lanes = is_signed ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes);
  lanes = _mm256_sub_epi32(lanes, by.zero_point);
  if (by.is_half) return _mm256_slli_epi32(lanes, kSumBits - 1);
  return rescaled<Rounding::kAway>(_mm256_slli_epi32(lanes, kSumBits), by.rescale);
}

TINYSPLIT_AVX2 void sum(const SumRow& row) {
  const SumOperand left = sum_operand(row.operands[0]), right = sum_operand(row.operands[1]);
  const Rescale rescale = rescale_by(row.factor);
  OutputStage stage;
  stage.zero_point = row.zero_point, stage.low = row.low, stage.high = row.high;
  const Bounds bounds = bounds_of(stage);
  std::size_t i = 0;
  for (; i + 4 * kLanes <= row.count; i += 4 * kLanes) {
    __m256i sums[4];
    for (std::size_t v = 0; v < 4; ++v) {
      const std::size_t at = i + v * kLanes;
      const __m256i both =
          _mm256_add_epi32(rescaled(row.operands[0].data + at, row.is_signed, left),
                           rescaled(row.operands[1].data + at, row.is_signed, right));
      sums[v] = rescaled<Rounding::kAway>(both, rescale);
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(row.output + i),
                        stored(sums[0], sums[1], sums[2], sums[3], bounds));
  }
  portable_tiles().sum(row.from(i));
}

}  // namespace

const TileKernels* avx2_tiles() {
  static constexpr TileKernels kTiles{{2, widen, product}, {}, {}, interleave, depthwise, sum};
  return instruction_set() >= InstructionSet::kAvx2 ? &kTiles : nullptr;
}

}  // namespace tinysplit::quantized

#else

namespace tinysplit::quantized {

const TileKernels* avx2_tiles() { return nullptr; }

}  // namespace tinysplit::quantized

#endif
