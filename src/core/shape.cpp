#include "core/shape.h"

#include <algorithm>
#include <cassert>

namespace tinysplit {

Shape::Shape(std::initializer_list<std::int64_t> dims) : rank_(static_cast<int>(dims.size())) {
  assert(dims.size() <= limits::kMaxRank);
  std::copy(dims.begin(), dims.end(), dims_.begin());
}

Result<Shape> Shape::create(std::span<const std::int64_t> dims) {
  if (dims.size() > limits::kMaxRank) {
    return out_of_range("a tensor has " + std::to_string(dims.size()) + " dimensions, at most " +
                        std::to_string(limits::kMaxRank) + " are supported");
  }
  Shape shape;
  shape.rank_ = static_cast<int>(dims.size());
  std::int64_t elements = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0) {
      return out_of_range("dimension " + std::to_string(i) + " of a tensor is " +
                          std::to_string(dims[i]) + ", it must not be negative");
    }
    shape.dims_[i] = dims[i];
    if (dims[i] == 0) continue;
    if (elements > limits::kMaxElements / dims[i]) {
      return out_of_range("a tensor of shape with dimension " + std::to_string(dims[i]) +
                          " has more than " + std::to_string(limits::kMaxElements) + " elements");
    }
    elements *= dims[i];
  }
  return shape;
}

std::int64_t Shape::num_elements() const {
  std::int64_t elements = 1;
  for (std::int64_t dim : dims()) elements *= dim;
  return elements;
}

std::string Shape::to_string() const {
  std::string text = "[";
  for (int i = 0; i < rank_; ++i) {
    if (i > 0) text += ",";
    text += std::to_string((*this)[i]);
  }
  return text + "]";
}

bool operator==(const Shape& a, const Shape& b) { return std::ranges::equal(a.dims(), b.dims()); }

}  // namespace tinysplit
