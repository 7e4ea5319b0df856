#pragma once

// What the AVX-512 kernels for quantised numbers share. Only for files that are compiled for
// x86-64.

#if !defined(__clang__)
// GCC 12 takes the lanes that its own headers leave undefined for a mistake of ours.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/quantized_tiles.h"

#define TINYSPLIT_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,bmi2")))
#define TINYSPLIT_AVX512_INLINE                                                            \
  inline __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,bmi2"), \
                        always_inline))

namespace tinysplit::quantized {

// For CPUs with VNNI.
FlatKernels vnni_flat_kernels();

}  // namespace tinysplit::quantized

namespace tinysplit::quantized::avx512 {

inline constexpr std::size_t kLanes = 16;  // of 32 bits
inline constexpr std::size_t kBytes = 64;
static_assert(kLanes == kTileFilters && kBytes == kFlatCells);

TINYSPLIT_AVX512_INLINE __m512i load_lanes(const void* from) { return _mm512_loadu_si512(from); }

// The first `count` of 64, and all from 64 on.
TINYSPLIT_AVX512_INLINE __mmask64 first_bytes(std::size_t count) {
  return count >= kBytes ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
}

// What makes bytes of activations unsigned.
TINYSPLIT_AVX512_INLINE __m512i flip_of(bool is_signed) {
  return _mm512_set1_epi8(is_signed ? static_cast<char>(0x80) : char{0});
}

// The factors of sixteen filters, as StageLanes has them.
struct Rescale {
  __m512i even, odd;  // significands, in the low half of each 64 bits
  __m512i even_nudge, odd_nudge;
  __m512i shift;
};

// In a register: the compiler would else load it again for every sum, and loads are what bounds
// the kernels.
TINYSPLIT_AVX512_INLINE __m512i load_once(const void* from) {
  __m512i lanes = load_lanes(from);
  asm("" : "+v"(lanes));
  return lanes;
}

TINYSPLIT_AVX512_INLINE Rescale rescale_of(const StageLanes& lanes) {
  return {load_once(&lanes.significand), load_once(&lanes.odd_significand),
          load_once(&lanes.even_nudge), load_once(&lanes.odd_nudge), load_once(&lanes.right_shift)};
}

// Of sums below 2^30.
template <Rounding rounding>
TINYSPLIT_AVX512_INLINE __m512i rescaled(__m512i sums, const Rescale& by) {
  constexpr bool kAway = rounding == Rounding::kAway;
  constexpr __mmask16 kEven = 0x5555;
  const __m512i x = kAway ? _mm512_add_epi32(sums, sums) : sums;
  const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, by.even), by.even_nudge);
  // The high 32 bits of every 64 by a shuffle: those run on more ports than shifts.
  const __m512i high_halves = _mm512_shuffle_epi32(x, _MM_PERM_DDBB);
  const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(high_halves, by.odd), by.odd_nudge);
  __m512i high = _mm512_mask_shuffle_epi32(odd, kEven, even, _MM_PERM_CDAB);
  if constexpr (kAway) high = _mm512_add_epi32(high, _mm512_srai_epi32(x, 31));
  return _mm512_srav_epi32(high, by.shift);
}

// Bounds less 128 where they are above 127, so that signed bytes hold them.
struct Bounds {
  __m512i zero_point;  // int16
  __m512i low, high;   // int8
  __m512i flip;        // gives the stored byte
};

TINYSPLIT_AVX512_INLINE Bounds bounds_of(std::int32_t zero_point, std::int32_t low,
                                         std::int32_t high) {
  const std::int32_t offset = high > 127 ? 128 : 0;
  return {_mm512_set1_epi16(static_cast<std::int16_t>(zero_point - offset)),
          _mm512_set1_epi8(static_cast<char>(low - offset)),
          _mm512_set1_epi8(static_cast<char>(high - offset)),
          _mm512_set1_epi8(static_cast<char>(offset))};
}

// Stored numbers from four vectors of rescaled sums: in every 128 bits four of a, b, c and d each.
// Saturating on the way changes nothing: the bounds are within a byte.
TINYSPLIT_AVX512_INLINE __m512i stored(__m512i a, __m512i b, __m512i c, __m512i d,
                                       const Bounds& bounds) {
  const __m512i first = _mm512_adds_epi16(_mm512_packs_epi32(a, b), bounds.zero_point);
  const __m512i second = _mm512_adds_epi16(_mm512_packs_epi32(c, d), bounds.zero_point);
  __m512i bytes = _mm512_packs_epi16(first, second);
  bytes = _mm512_min_epi8(_mm512_max_epi8(bytes, bounds.low), bounds.high);
  return _mm512_xor_si512(bytes, bounds.flip);
}

// The same in order: a, b, c, d.
TINYSPLIT_AVX512_INLINE __m512i stored_in_order(__m512i a, __m512i b, __m512i c, __m512i d,
                                                const Bounds& bounds) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, stored(a, b, c, d, bounds));
}

}  // namespace tinysplit::quantized::avx512
