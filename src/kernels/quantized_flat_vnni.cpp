#include "kernels/quantized_tiles.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <algorithm>

#include "kernels/quantized_avx512.h"

// Depthwise convolutions over flat rows of bytes.
namespace tinysplit::quantized {
namespace {

using namespace avx512;

TINYSPLIT_AVX512 void gather(const std::uint8_t* x, std::size_t step, std::size_t bytes,
                             std::size_t count, bool is_signed, std::uint8_t* y) {
  const __m512i flip = flip_of(is_signed);
  const std::size_t whole = bytes / kBytes * kBytes;
  const __mmask64 rest = first_bytes(bytes - whole);
  for (std::size_t n = 0; n < count; ++n, x += step, y += bytes) {
    for (std::size_t i = 0; i < whole; i += kBytes) {
      _mm512_storeu_si512(y + i, _mm512_xor_si512(load_lanes(x + i), flip));
    }
    if (rest == 0) continue;
    _mm512_mask_storeu_epi8(y + whole, rest,
                            _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, x + whole), flip));
  }
}

// The bytes of four taps side by side for each of 64 cells, in the order of flat_cell.
struct Interleaved {
  __m512i vector[kFlatVectors];
};

TINYSPLIT_AVX512_INLINE Interleaved interleaved(const std::uint8_t* const* taps, std::size_t at) {
  const __m512i a = load_lanes(taps[0] + at), b = load_lanes(taps[1] + at);
  const __m512i c = load_lanes(taps[2] + at), d = load_lanes(taps[3] + at);
  const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
  const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
  return {{_mm512_unpacklo_epi16(ab_low, cd_low), _mm512_unpackhi_epi16(ab_low, cd_low),
           _mm512_unpacklo_epi16(ab_high, cd_high), _mm512_unpackhi_epi16(ab_high, cd_high)}};
}

// What a block of cells multiplies to, and the block one period behind it, which has the same
// channels: one period is `step` cells.
template <std::size_t Rows, std::size_t Periods>
struct FlatSums {
  __m512i of[Periods][Rows][kFlatVectors];
};

template <std::size_t Rows, std::size_t Periods>
TINYSPLIT_AVX512_INLINE void sum_taps(const FlatRows& rows, std::size_t at, std::size_t step,
                                      const StageLanes* lanes, const std::byte* w,
                                      FlatSums<Rows, Periods>& sums) {
  for (std::size_t v = 0; v < kFlatVectors; ++v) {
    const __m512i bias = load_lanes(&lanes[v].bias);
    for (auto& period : sums.of) {
      for (auto& row : period) row[v] = bias;
    }
  }
  for (std::size_t f = 0; f < rows.fours; ++f) {
    Interleaved x[Periods];
    for (std::size_t p = 0; p < Periods; ++p) x[p] = interleaved(rows.taps + 4 * f, at + p * step);
    for (std::size_t r = 0; r < Rows; ++r) {
      for (std::size_t v = 0; v < kFlatVectors; ++v, w += kBytes) {
        const __m512i weights = load_once(w);
        for (std::size_t p = 0; p < Periods; ++p) {
          sums.of[p][r][v] = _mm512_dpbusd_epi32(sums.of[p][r][v], x[p].vector[v], weights);
        }
      }
    }
  }
}

template <std::size_t Rows, std::size_t Periods, Rounding rounding>
TINYSPLIT_AVX512_INLINE void depthwise_block(const FlatRows& rows, std::size_t at, std::size_t step,
                                             const StageLanes* lanes, const std::byte* w,
                                             const Bounds& bounds) {
  FlatSums<Rows, Periods> sums;
  sum_taps(rows, at, step, lanes, w, sums);
  for (std::size_t v = 0; v < kFlatVectors; ++v) {
    const Rescale rescale = rescale_of(lanes[v]);
    for (auto& period : sums.of) {
      for (auto& row : period) row[v] = rescaled<rounding>(row[v], rescale);
    }
  }
  for (std::size_t p = 0; p < Periods; ++p, at += step) {
    const __mmask64 cells = first_bytes(rows.cells - at);
    for (std::size_t r = 0; r < Rows; ++r) {
      const auto& row = sums.of[p][r];
      _mm512_mask_storeu_epi8(rows.output[r] + at, cells,
                              stored(row[0], row[1], row[2], row[3], bounds));
    }
  }
}

template <std::size_t Rows, Rounding rounding>
TINYSPLIT_AVX512 void depthwise_rows(const FlatRows& given) {
  const FlatRows rows = given;  // which writing the output cannot change
  const Bounds bounds = bounds_of(rows.stage.zero_point, rows.stage.low, rows.stage.high);
  const std::size_t period = rows.blocks * kFlatCells;
  const std::size_t block_bytes = rows.fours * Rows * kFlatVectors * kBytes;
  for (std::size_t start = 0; start < rows.cells; start += 2 * period) {
    const StageLanes* lanes = rows.stage.lanes;
    const std::byte* w = rows.weights;
    const std::size_t end = std::min(start + period, rows.cells);
    for (std::size_t at = start; at < end; at += kFlatCells) {
      if (at + period < rows.cells) {
        depthwise_block<Rows, 2, rounding>(rows, at, period, lanes, w, bounds);
      } else {
        depthwise_block<Rows, 1, rounding>(rows, at, period, lanes, w, bounds);
      }
      lanes += kFlatVectors;
      w += block_bytes;
    }
  }
}

template <Rounding rounding>
void depthwise_rows(const FlatRows& rows) {
  return rows.rows == 2 ? depthwise_rows<2, rounding>(rows) : depthwise_rows<1, rounding>(rows);
}

void flat_depthwise(const FlatRows& rows) {
  return rows.stage.rounding == Rounding::kAway ? depthwise_rows<Rounding::kAway>(rows)
                                                : depthwise_rows<Rounding::kFloor>(rows);
}

}  // namespace

FlatKernels vnni_flat_kernels() { return {gather, flat_depthwise}; }

}  // namespace tinysplit::quantized

#endif
