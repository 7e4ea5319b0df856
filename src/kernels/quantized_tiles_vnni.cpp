#include "kernels/quantized_tiles.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <algorithm>
#include <cstring>

#include "kernels/instruction_set.h"
#include "kernels/quantized_avx512.h"
#include "kernels/quantized_blocks.h"
#include "kernels/quantized_stage.h"

namespace tinysplit::quantized {
namespace {

using namespace avx512;

constexpr std::size_t kNarrowFilters = 8;  // that half a vector holds

TINYSPLIT_AVX512 void load(const std::uint8_t* x, bool is_signed, std::size_t count, std::byte* y) {
  const __m512i flip = flip_of(is_signed);
  std::size_t i = 0;
  for (; i + kBytes <= count; i += kBytes) {
    _mm512_storeu_si512(y + i, _mm512_xor_si512(load_lanes(x + i), flip));
  }
  // The cells behind the row keep their zero points.
  const __mmask64 rest = first_bytes(count - i);
  _mm512_mask_storeu_epi8(y + i, rest,
                          _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, x + i), flip));
}

TINYSPLIT_AVX512_INLINE __m512i word_at(const std::byte* a) {
  std::int32_t word;
  std::memcpy(&word, a, sizeof(word));
  return _mm512_set1_epi32(word);
}

template <std::size_t Pixels, std::size_t Tiles>
struct Sums {
  __m512i of[Pixels][Tiles];
};

// What `Tiles` tiles of filters multiply to for `Pixels` pixels from `at` on.
template <std::size_t Pixels, std::size_t Tiles>
TINYSPLIT_AVX512_INLINE void sum_products(const ProductRow& row, std::size_t at,
                                          Sums<Pixels, Tiles>& sums) {
  for (std::size_t t = 0; t < Tiles; ++t) {
    const __m512i bias = load_lanes(&row.stage.lanes[t].bias);
    for (std::size_t m = 0; m < Pixels; ++m) sums.of[m][t] = bias;
  }
  const std::byte* w = row.weights;
  const std::size_t step = row.pixel_step, tile_bytes = row.tile_bytes();
  for (std::size_t r = 0; r < row.num_runs; ++r) {
    const std::byte* a = row.runs[r] + row.offset + at * step;
    for (std::size_t k = 0; k < row.words; ++k, a += kWordBytes, w += kBytes) {
      __m512i weights[Tiles];
      for (std::size_t t = 0; t < Tiles; ++t) weights[t] = load_lanes(w + t * tile_bytes);
      for (std::size_t m = 0; m < Pixels; ++m) {
        const __m512i word = word_at(a + m * step);
        for (std::size_t t = 0; t < Tiles; ++t) {
          sums.of[m][t] = _mm512_dpbusd_epi32(sums.of[m][t], word, weights[t]);
        }
      }
    }
  }
}

// `bytes` holds four tiles' filters of one pixel, or two of two, or one of four.
template <std::size_t Pixels, std::size_t Tiles>
TINYSPLIT_AVX512_INLINE void store(std::uint8_t* y, std::size_t step, __m512i bytes,
                                   __mmask64 filters) {
  if constexpr (Tiles == 4) {
    _mm512_mask_storeu_epi8(y, filters, bytes);
  } else if constexpr (Tiles == 2) {
    const auto mask = static_cast<__mmask32>(filters);
    _mm256_mask_storeu_epi8(y, mask, _mm512_castsi512_si256(bytes));
    if constexpr (Pixels > 1) {
      _mm256_mask_storeu_epi8(y + step, mask, _mm512_extracti64x4_epi64(bytes, 1));
    }
  } else {
    const auto mask = static_cast<__mmask16>(filters);
    _mm_mask_storeu_epi8(y, mask, _mm512_castsi512_si128(bytes));
    if constexpr (Pixels > 1) {
      _mm_mask_storeu_epi8(y + step, mask, _mm512_extracti32x4_epi32(bytes, 1));
    }
    if constexpr (Pixels > 2) {
      _mm_mask_storeu_epi8(y + 2 * step, mask, _mm512_extracti32x4_epi32(bytes, 2));
      _mm_mask_storeu_epi8(y + 3 * step, mask, _mm512_extracti32x4_epi32(bytes, 3));
    }
  }
}

// Pixels: 1, or a multiple of 4 / Tiles.
template <std::size_t Pixels, std::size_t Tiles, Rounding rounding>
TINYSPLIT_AVX512 void product_of(const ProductRow& given, std::size_t at, std::size_t end) {
  const ProductRow row = given;  // which writing the output cannot change
  constexpr std::size_t kGroup = std::min(Pixels, 4 / Tiles);  // pixels of one vector of bytes
  const Bounds bounds = bounds_of(row.stage.zero_point, row.stage.low, row.stage.high);
  const __mmask64 filters = first_bytes(row.filters);
  for (; at < end; at += Pixels) {
    Sums<Pixels, Tiles> sums;
    sum_products(row, at, sums);
    for (std::size_t t = 0; t < Tiles; ++t) {
      const Rescale rescale = rescale_of(row.stage.lanes[t]);
      for (std::size_t m = 0; m < Pixels; ++m) {
        sums.of[m][t] = rescaled<rounding>(sums.of[m][t], rescale);
      }
    }
    std::uint8_t* y = row.output + at * row.output_step;
    for (std::size_t m = 0; m < Pixels; m += kGroup, y += kGroup * row.output_step) {
      const __m512i* const first = &sums.of[m][0];
      constexpr std::size_t kLast = kGroup * Tiles - 1;
      const __m512i bytes =
          stored_in_order(first[0], first[std::min<std::size_t>(1, kLast)],
                          first[std::min<std::size_t>(2, kLast)], first[kLast], bounds);
      store<kGroup, Tiles>(y, row.output_step, bytes, filters);
    }
  }
}

// The first eight lanes twice.
TINYSPLIT_AVX512_INLINE __m512i load_half(const void* from) {
  return _mm512_broadcast_i64x4(_mm256_loadu_si256(static_cast<const __m256i*>(from)));
}

TINYSPLIT_AVX512_INLINE Rescale half_rescale_of(const StageLanes& lanes) {
  return {load_half(&lanes.significand), load_half(&lanes.odd_significand),
          load_half(&lanes.even_nudge), load_half(&lanes.odd_nudge), load_half(&lanes.right_shift)};
}

// What eight filters multiply to for `Pixels` pixels from `at` on: two pixels in each vector.
template <std::size_t Pixels>
TINYSPLIT_AVX512_INLINE void sum_narrow(const ProductRow& row, std::size_t at, __m512i* sums) {
  __m256i half[Pixels];
  const __m256i bias = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(&row.stage.lanes->bias));
  for (auto& sum : half) sum = bias;
  const std::byte* w = row.weights;
  const std::size_t step = row.pixel_step;
  for (std::size_t r = 0; r < row.num_runs; ++r) {
    const std::byte* a = row.runs[r] + row.offset + at * step;
    for (std::size_t k = 0; k < row.words; ++k, a += kWordBytes, w += kBytes) {
      const __m256i weights = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
      for (std::size_t m = 0; m < Pixels; ++m) {
        const __m256i word = _mm512_castsi512_si256(word_at(a + m * step));
        half[m] = _mm256_dpbusd_epi32(half[m], word, weights);
      }
    }
  }
  for (std::size_t m = 0; m < Pixels; m += 2) {
    const __m256i second = half[std::min(m + 1, Pixels - 1)];
    sums[m / 2] = _mm512_inserti64x4(_mm512_castsi256_si512(half[m]), second, 1);
  }
}

template <std::size_t Pixels, Rounding rounding>
TINYSPLIT_AVX512 void narrow_product_of(const ProductRow& given, std::size_t at, std::size_t end) {
  constexpr std::size_t kLast = (Pixels + 1) / 2 - 1;
  const ProductRow row = given;  // which writing the output cannot change
  const Bounds bounds = bounds_of(row.stage.zero_point, row.stage.low, row.stage.high);
  const Rescale rescale = half_rescale_of(*row.stage.lanes);
  for (; at < end; at += Pixels) {
    __m512i sums[kLast + 1];
    sum_narrow<Pixels>(row, at, sums);
    for (auto& sum : sums) sum = rescaled<rounding>(sum, rescale);
    const __m512i bytes =
        stored_in_order(sums[0], sums[std::min<std::size_t>(1, kLast)],
                        sums[std::min<std::size_t>(2, kLast)], sums[kLast], bounds);
    std::uint8_t* y = row.output + at * row.output_step;
    if (row.filters == kNarrowFilters && row.output_step == kNarrowFilters) {
      _mm512_mask_storeu_epi8(y, first_bytes(Pixels * kNarrowFilters), bytes);
      continue;
    }
    alignas(kBytes) std::uint8_t all[kBytes];
    _mm512_store_si512(all, bytes);
    for (std::size_t m = 0; m < Pixels; ++m, y += row.output_step) {
      std::memcpy(y, all + m * kNarrowFilters, row.filters);
    }
  }
}

template <Rounding rounding>
void narrow_product(const ProductRow& row) {
  for_blocks<8, 4, 1>(0, row.pixels, [&](auto pixels, std::size_t at, std::size_t end) {
    narrow_product_of<pixels.value, rounding>(row, at, end);
  });
}

void narrow_product(const ProductRow& row) {
  return row.stage.rounding == Rounding::kAway ? narrow_product<Rounding::kAway>(row)
                                               : narrow_product<Rounding::kFloor>(row);
}

template <std::size_t Tiles, Rounding rounding>
void product_tiles(const ProductRow& row) {
  const auto run = [&](auto pixels, std::size_t at, std::size_t end) {
    product_of<pixels.value, Tiles, rounding>(row, at, end);
  };
  if constexpr (Tiles == 4) {  // as many as the registers hold
    for_blocks<4, 2, 1>(0, row.pixels, run);
  } else {
    for_blocks<8, 4, 2, 1>(0, row.pixels, run);
  }
}

template <std::size_t Tiles>
void product_tiles(const ProductRow& row) {
  return row.stage.rounding == Rounding::kAway ? product_tiles<Tiles, Rounding::kAway>(row)
                                               : product_tiles<Tiles, Rounding::kFloor>(row);
}

void product(const ProductRow& row) {
  ProductRow rest = row;
  std::size_t done = 0;
  const auto run = [&](auto tiles) {
    rest.filters = std::min(row.filters - done, tiles.value * kTileFilters);
    product_tiles<tiles.value>(rest);
    rest.stage.lanes += tiles.value;
    rest.weights += tiles.value * rest.tile_bytes();
    rest.output += tiles.value * kTileFilters;
    done += tiles.value * kTileFilters;
  };
  while (done < row.filters) {
    const std::size_t tiles = (row.filters - done + kTileFilters - 1) / kTileFilters;
    if (tiles >= 4) {
      run(std::integral_constant<std::size_t, 4>());
    } else if (tiles >= 2) {
      run(std::integral_constant<std::size_t, 2>());
    } else if (row.filters - done > kNarrowFilters) {
      run(std::integral_constant<std::size_t, 1>());
    } else {
      rest.filters = row.filters - done;
      return narrow_product(rest);
    }
  }
}

// One factor for all lanes.
TINYSPLIT_AVX512_INLINE Rescale rescale_by(Multiplier factor, Rounding rounding) {
  const VectorFactor lanes = vector_factor(factor, rounding, false);
  const __m512i significand = _mm512_set1_epi32(lanes.significand);
  const __m512i nudge = _mm512_set1_epi64(lanes.nudge);
  return {significand, significand, nudge, nudge, _mm512_set1_epi32(lanes.right_shift)};
}

// An operand of a sum: numbers less their zero point, shifted by kSumBits and rescaled. The larger
// of two operands has the factor one half.
struct SumOperand {
  __m512i zero_point;
  Rescale rescale;
  bool is_half;
};

TINYSPLIT_AVX512_INLINE SumOperand sum_operand(const SumRow::Operand& operand) {
  return {_mm512_set1_epi32(operand.zero_point), rescale_by(operand.factor, Rounding::kAway),
          operand.is_half()};
}

TINYSPLIT_AVX512_INLINE __m512i rescaled(const std::uint8_t* x, bool is_signed,
                                         const SumOperand& by) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  __m512i lanes = is_signed ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
  lanes = _mm512_sub_epi32(lanes, by.zero_point);
  if (by.is_half) return _mm512_slli_epi32(lanes, kSumBits - 1);
  return rescaled<Rounding::kAway>(_mm512_slli_epi32(lanes, kSumBits), by.rescale);
}

template <Rounding rounding>
TINYSPLIT_AVX512 void sum_of(const SumRow& row) {
  const SumOperand left = sum_operand(row.operands[0]), right = sum_operand(row.operands[1]);
  const Rescale rescale = rescale_by(row.factor, rounding);
  const Bounds bounds = bounds_of(row.zero_point, row.low, row.high);
  std::size_t i = 0;
  for (; i + kBytes <= row.count; i += kBytes) {
    __m512i sums[4];
    for (std::size_t v = 0; v < 4; ++v) {
      const std::size_t at = i + v * kLanes;
      const __m512i both =
          _mm512_add_epi32(rescaled(row.operands[0].data + at, row.is_signed, left),
                           rescaled(row.operands[1].data + at, row.is_signed, right));
      sums[v] = rescaled<rounding>(both, rescale);
    }
    _mm512_storeu_si512(row.output + i,
                        stored_in_order(sums[0], sums[1], sums[2], sums[3], bounds));
  }
  avx2_tiles()->sum(row.from(i));
}

void sum(const SumRow& row) {
  return row.low >= row.zero_point ? sum_of<Rounding::kFloor>(row) : sum_of<Rounding::kAway>(row);
}

}  // namespace

const TileKernels* vnni_tiles() {
  if (instruction_set() < InstructionSet::kAvx512Vnni) return nullptr;
  static const TileKernels tiles = [] {
    TileKernels made = *avx2_tiles();  // for weights that do not fit bytes
    made.fours = {4, load, product};
    made.flat = vnni_flat_kernels();
    made.sum = sum;
    return made;
  }();
  return &tiles;
}

}  // namespace tinysplit::quantized

#else

namespace tinysplit::quantized {

const TileKernels* vnni_tiles() { return nullptr; }

}  // namespace tinysplit::quantized

#endif
