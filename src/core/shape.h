#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "core/limits.h"
#include "core/status.h"

namespace tinysplit {

// Dimensions of a tensor, outermost first ([N,H,W,C] for images), at most limits::kMaxRank of them.
// Every dimension is >= 0; a scalar has rank 0 and one element. A plain value without allocation.
class Shape {
 public:
  Shape() = default;
  // Precondition: at most kMaxRank dimensions. For untrusted numbers use Shape::create.
  Shape(std::initializer_list<std::int64_t> dims);

  // Checks rank, sign, and that the product of the dimensions is at most limits::kMaxElements.
  // Errors: OUT_OF_RANGE.
  static Result<Shape> create(std::span<const std::int64_t> dims);

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return dims_[static_cast<std::size_t>(axis)]; }
  std::int64_t& operator[](int axis) { return dims_[static_cast<std::size_t>(axis)]; }
  std::span<const std::int64_t> dims() const { return {dims_.data(), std::size_t(rank_)}; }
  std::int64_t num_elements() const;

  // "[1,28,28,1]".
  std::string to_string() const;

  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::array<std::int64_t, limits::kMaxRank> dims_{};
  int rank_ = 0;
};

}  // namespace tinysplit
