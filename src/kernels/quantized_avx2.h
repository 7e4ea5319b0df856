#pragma once

// What the AVX2 kernels for quantised numbers share. Only for files that are compiled for x86-64.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/quantized_tiles.h"

#define TINYSPLIT_AVX2 __attribute__((target("avx2")))
#define TINYSPLIT_AVX2_INLINE inline __attribute__((target("avx2"), always_inline))

namespace tinysplit::quantized::avx2 {

inline constexpr std::size_t kLanes = 8;  // of 32 bits

TINYSPLIT_AVX2_INLINE __m256i load_lanes(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

// The factors of eight consecutive filters. All are below one half and sums below 2^30 (see
// PackedStage::has_small_factors), so rounding terms may be added before the shift.
struct Rescale {
  __m256i even, odd;              // significands, in the low half of each 64 bits
  __m256i even_nudge, odd_nudge;  // one half of what the first rounding keeps, 64 bits
  __m256i shift;                  // to the right, from 1 on
  __m256i half;                   // of the shift's unit
};

enum class Rounding : std::uint8_t {
  kTwice,         // multiply() of quantized_arithmetic.h
  kTwiceClipped,  // the same where the result is clipped at 0: negative halves may go either way
  kOnce,          // multiply_once()
};

inline Rounding rounding_of(const OutputStage& stage) {
  if (stage.rounds_once) return Rounding::kOnce;
  return stage.low < stage.zero_point ? Rounding::kTwice : Rounding::kTwiceClipped;
}

template <Rounding kind>
TINYSPLIT_AVX2_INLINE Rescale rescale_of(const OutputStage& stage, std::size_t f) {
  Rescale rescale;
  rescale.even = load_lanes(stage.significand + f);
  rescale.odd = _mm256_srli_epi64(rescale.even, 32);
  rescale.shift = _mm256_sub_epi32(_mm256_setzero_si256(), load_lanes(stage.shift + f));
  rescale.even_nudge = rescale.odd_nudge = _mm256_set1_epi64x(std::int64_t{1} << 30);
  if constexpr (kind == Rounding::kOnce) {
    const __m256i even_shift = _mm256_blend_epi32(rescale.shift, _mm256_setzero_si256(), 0xaa);
    rescale.even_nudge = _mm256_sllv_epi64(rescale.even_nudge, even_shift);
    rescale.odd_nudge = _mm256_sllv_epi64(rescale.odd_nudge, _mm256_srli_epi64(rescale.shift, 32));
  }
  const __m256i one = _mm256_set1_epi32(1);
  rescale.half = _mm256_sllv_epi32(one, _mm256_sub_epi32(rescale.shift, one));
  return rescale;
}

template <Rounding kind>
TINYSPLIT_AVX2_INLINE __m256i rescaled(__m256i sums, const Rescale& by) {
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(sums, by.even), by.even_nudge);
  const __m256i odd =
      _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(sums, 32), by.odd), by.odd_nudge);
  __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_add_epi64(odd, odd), 0xaa);
  if constexpr (kind == Rounding::kOnce) return _mm256_srav_epi32(high, by.shift);
  if constexpr (kind == Rounding::kTwice) {
    // Halves go away from zero: negative ones need a little less to be added.
    high = _mm256_add_epi32(high, _mm256_srai_epi32(high, 31));
  }
  return _mm256_srav_epi32(_mm256_add_epi32(high, by.half), by.shift);
}

// Bounds less 128 where they are above 127, so that signed bytes hold them.
struct Bounds {
  __m256i zero_point;  // int16
  __m256i low, high;   // int8
  __m256i flip;        // gives the stored byte
};

TINYSPLIT_AVX2_INLINE Bounds bounds_of(const OutputStage& stage) {
  const std::int32_t offset = stage.high > 127 ? 128 : 0;
  return {_mm256_set1_epi16(static_cast<std::int16_t>(stage.zero_point - offset)),
          _mm256_set1_epi8(static_cast<char>(stage.low - offset)),
          _mm256_set1_epi8(static_cast<char>(stage.high - offset)),
          _mm256_set1_epi8(static_cast<char>(offset))};
}

// Stored numbers from four vectors of rescaled sums, in order. Saturating on the way changes
// nothing: the bounds are within a byte.
TINYSPLIT_AVX2_INLINE __m256i stored(__m256i a, __m256i b, __m256i c, __m256i d,
                                     const Bounds& bounds) {
  const __m256i first = _mm256_adds_epi16(_mm256_packs_epi32(a, b), bounds.zero_point);
  const __m256i second = _mm256_adds_epi16(_mm256_packs_epi32(c, d), bounds.zero_point);
  __m256i bytes = _mm256_packs_epi16(first, second);
  bytes = _mm256_min_epi8(_mm256_max_epi8(bytes, bounds.low), bounds.high);
  bytes = _mm256_xor_si256(bytes, bounds.flip);
  // Packing leaves a b c d | a b c d, four of each.
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// The first `count` bytes, at most 16.
TINYSPLIT_AVX2_INLINE void store_bytes(std::uint8_t* y, __m128i bytes, std::size_t count) {
  if (count == kTileFilters) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y), bytes);
  } else if (count == kLanes) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(y), bytes);
  } else {
    alignas(16) std::uint8_t all[kTileFilters];
    _mm_store_si128(reinterpret_cast<__m128i*>(all), bytes);
    std::memcpy(y, all, count);
  }
}

}  // namespace tinysplit::quantized::avx2
