#pragma once

#include <cstddef>

namespace tinysplit::native {

// A matrix inside of a float tensor: element (i, k) is data[i * row_step + k * column_step].
struct MatrixView {
  const float* data = nullptr;
  std::ptrdiff_t row_step = 0;
  std::ptrdiff_t column_step = 1;
};

// c += a b, with a [rows,inner], b [inner,columns], c [rows,columns] of rows `c_step` apart. Every
// element is summed up in the order of `inner`, whatever the sizes. `scratch`: gemm_scratch(inner)
// bytes, 64-byte aligned.
void gemm(std::size_t rows, std::size_t columns, std::size_t inner, const MatrixView& a,
          const MatrixView& b, float* c, std::ptrdiff_t c_step, std::byte* scratch);

std::size_t gemm_scratch(std::size_t inner);

}  // namespace tinysplit::native
