#include "kernels/gemm.h"

#include <algorithm>
#include <cstring>

#include "kernels/instruction_set.h"

namespace tinysplit::native {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kPanel = 2 * kLanes;  // columns of b that a block of registers covers

namespace portable {
#define TINYSPLIT_TARGET
#include "kernels/gemm_panel.inc"
#undef TINYSPLIT_TARGET
}  // namespace portable

#if defined(__x86_64__)
namespace avx2 {
#define TINYSPLIT_TARGET __attribute__((target("avx2,fma")))
#include "kernels/gemm_panel.inc"
#undef TINYSPLIT_TARGET
}  // namespace avx2
#endif

struct Panels {
  // All rows of a panel of c.
  void (*panel)(std::size_t rows, std::size_t inner, MatrixView a, const float* b,
                std::ptrdiff_t b_step, float* c, std::ptrdiff_t c_step);
  // One row by many columns, with more sums at once to hide the latency of their additions. Returns
  // how many columns it did.
  std::size_t (*wide_row)(std::size_t columns, std::size_t inner, const MatrixView& a,
                          const float* b, std::ptrdiff_t b_step, float* c);
};

// Of the best instruction set that the CPU has, so always the same on one machine.
const Panels& panels() {
  static const Panels chosen = [] {
#if defined(__x86_64__)
    if (has_avx2()) return Panels{avx2::panel, avx2::wide_row};
#endif
    return Panels{portable::panel, portable::wide_row};
  }();
  return chosen;
}

// `count` columns of b side by side, zeros to the panel's width.
void pack(std::size_t inner, std::size_t count, const MatrixView& b, float* panel) {
  if (count < kPanel) std::memset(panel, 0, inner * kPanel * sizeof(float));
  if (b.column_step == 1) {
    for (std::size_t k = 0; k < inner; ++k) {
      std::memcpy(panel + k * kPanel, b.data + static_cast<std::ptrdiff_t>(k) * b.row_step,
                  count * sizeof(float));
    }
    return;
  }
  // In tiles that read and write whole cache lines.
  for (std::size_t start = 0; start < inner; start += kPanel) {
    const std::size_t end = std::min(inner, start + kPanel);
    for (std::size_t j = 0; j < count; ++j) {
      const float* from = b.data + static_cast<std::ptrdiff_t>(j) * b.column_step;
      for (std::size_t k = start; k < end; ++k) {
        panel[k * kPanel + j] = from[static_cast<std::ptrdiff_t>(k) * b.row_step];
      }
    }
  }
}

// The last columns of c, fewer than a panel, by way of a copy of each row.
void narrow_panel(std::size_t rows, std::size_t count, std::size_t inner, MatrixView a,
                  const float* b, float* c, std::ptrdiff_t c_step) {
  constexpr std::size_t kRows = 6;
  float copy[kRows * kPanel];
  while (rows > 0) {
    const std::size_t here = std::min(rows, kRows);
    std::memset(copy, 0, sizeof(copy));
    for (std::size_t i = 0; i < here; ++i) {
      std::memcpy(copy + i * kPanel, c + static_cast<std::ptrdiff_t>(i) * c_step,
                  count * sizeof(float));
    }
    panels().panel(here, inner, a, b, kPanel, copy, kPanel);
    for (std::size_t i = 0; i < here; ++i) {
      std::memcpy(c + static_cast<std::ptrdiff_t>(i) * c_step, copy + i * kPanel,
                  count * sizeof(float));
    }
    rows -= here;
    a.data += static_cast<std::ptrdiff_t>(here) * a.row_step;
    c += static_cast<std::ptrdiff_t>(here) * c_step;
  }
}

}  // namespace

std::size_t gemm_scratch(std::size_t inner) { return inner * kPanel * sizeof(float); }

void gemm(std::size_t rows, std::size_t columns, std::size_t inner, const MatrixView& a,
          const MatrixView& b, float* c, std::ptrdiff_t c_step, std::byte* scratch) {
  // A panel that many rows read is worth being made contiguous once it leaves the nearest cache.
  constexpr std::size_t kPackedRows = 12, kNearBytes = 32 << 10;
  const bool far = inner * columns * sizeof(float) > kNearBytes;
  const bool packs = b.column_step != 1 || (rows >= kPackedRows && far);
  float* packed = reinterpret_cast<float*>(scratch);
  std::size_t done = 0;
  if (rows == 1 && !packs) done = panels().wide_row(columns, inner, a, b.data, b.row_step, c);
  for (; done < columns; done += kPanel) {
    const std::size_t count = std::min(kPanel, columns - done);
    MatrixView from = b;
    from.data += static_cast<std::ptrdiff_t>(done) * b.column_step;
    if (!packs && count == kPanel) {
      panels().panel(rows, inner, a, from.data, b.row_step, c + done, c_step);
      continue;
    }
    pack(inner, count, from, packed);
    if (count == kPanel) {
      panels().panel(rows, inner, a, packed, kPanel, c + done, c_step);
    } else {
      narrow_panel(rows, count, inner, a, packed, c + done, c_step);
    }
  }
}

}  // namespace tinysplit::native
