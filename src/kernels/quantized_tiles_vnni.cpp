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
    } else {
      run(std::integral_constant<std::size_t, 1>());
    }
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
    made.flat = {gather, flat_depthwise};
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
