#include "core/tensor.h"

#include <cassert>
#include <cstring>
#include <new>

namespace tinysplit {

void Tensor::AlignedDelete::operator()(std::byte* data) const {
  ::operator delete[](data, std::align_val_t{kAlignment});
}

Tensor::Tensor(DType dtype, const Shape& shape) : dtype_(dtype), shape_(shape) {
  const std::size_t size = num_bytes() + kTailPadding;
  data_.reset(static_cast<std::byte*>(::operator new[](size, std::align_val_t{kAlignment})));
  std::memset(data_.get(), 0, size);
}

Tensor Tensor::copy_of(const TensorView& view) {
  Tensor copy(view.dtype, view.shape);
  if (const std::size_t size = view.num_bytes(); size > 0) {
    std::memcpy(copy.data(), view.data, size);
  }
  return copy;
}

void Tensor::reshape(const Shape& shape) {
  assert(shape.num_elements() == shape_.num_elements());
  shape_ = shape;
}

}  // namespace tinysplit
