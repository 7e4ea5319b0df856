#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace tinysplit::quantized {

// Rows of an image in the form in which a kernel reads them: each is made once and kept while the
// kernel lies on it. Memory: `rows` rows of `row_bytes`, then one for rows outside of the image.
class RowRing {
 public:
  RowRing(std::byte* memory, std::size_t rows, std::size_t row_bytes, std::int64_t image_rows)
      : memory_(memory),
        rows_(static_cast<std::int64_t>(rows)),
        row_bytes_(row_bytes),
        image_rows_(image_rows) {}

  // Calls make(row, memory) for rows of [top, top + rows) that are in the image and not made yet.
  // Tops do not decrease.
  template <typename Make>
  void move_to(std::int64_t top, Make make) {
    const std::int64_t end = std::min(top + rows_, image_rows_);
    for (next_ = std::max({next_, top, std::int64_t{0}}); next_ < end; ++next_) {
      make(next_, slot(next_));
    }
  }

  const std::byte* row(std::int64_t row) const {
    const bool inside = row >= 0 && row < image_rows_;
    return inside ? slot(row) : memory_ + static_cast<std::size_t>(rows_) * row_bytes_;
  }

 private:
  std::byte* slot(std::int64_t row) const {
    return memory_ + static_cast<std::size_t>(row % rows_) * row_bytes_;
  }

  std::byte* memory_;
  std::int64_t rows_;
  std::size_t row_bytes_;
  std::int64_t image_rows_;
  std::int64_t next_ = 0;  // the first row that was never made
};

}  // namespace tinysplit::quantized
