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

// Adds here, in this order: the compiler would else compute many products before the first sum,
// out of more registers than there are.
TINYSPLIT_AVX2_INLINE void add_now(__m256i& sum, __m256i product) {
  asm volatile("vpaddd %1, %0, %0" : "+x"(sum) : "x"(product));
}

// The factors of eight consecutive filters, as StageLanes has them.
struct Rescale {
  __m256i even, odd;  // significands, in the low half of each 64 bits
  __m256i even_nudge, odd_nudge;
  __m256i shift;
};

// In a register: the compiler would else load it again for every sum, and loads bound the kernels.
TINYSPLIT_AVX2_INLINE __m256i load_once(const void* from) {
  __m256i lanes = load_lanes(from);
  asm("" : "+x"(lanes));
  return lanes;
}

// `first`: 0 or 8.
TINYSPLIT_AVX2_INLINE Rescale rescale_of(const StageLanes& lanes, std::size_t first) {
  return {load_once(&lanes.significand[first]), load_once(&lanes.odd_significand[first / 2]),
          load_once(&lanes.even_nudge[first / 2]), load_once(&lanes.odd_nudge[first / 2]),
          load_once(&lanes.right_shift[first])};
}

// The high 32 bits of every 64. Shuffles run on more ports than shifts.
TINYSPLIT_AVX2_INLINE __m256i high_halves(__m256i x) { return _mm256_shuffle_epi32(x, 0xf5); }

// Of sums below 2^30.
template <Rounding rounding>
TINYSPLIT_AVX2_INLINE __m256i rescaled(__m256i sums, const Rescale& by) {
  constexpr bool kAway = rounding == Rounding::kAway;
  const __m256i x = kAway ? _mm256_add_epi32(sums, sums) : sums;
  const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, by.even), by.even_nudge);
  const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(high_halves(x), by.odd), by.odd_nudge);
  __m256i high = _mm256_blend_epi32(high_halves(even), odd, 0xaa);
  if constexpr (kAway) high = _mm256_add_epi32(high, _mm256_srai_epi32(x, 31));
  return _mm256_srav_epi32(high, by.shift);
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

// The first `count` of 16 bytes.
TINYSPLIT_AVX2_INLINE void store_bytes(std::uint8_t* y, __m128i bytes, std::size_t count) {
  alignas(16) std::uint8_t all[kTileFilters];
  _mm_store_si128(reinterpret_cast<__m128i*>(all), bytes);
  std::memcpy(y, all, count);
}

}  // namespace tinysplit::quantized::avx2
