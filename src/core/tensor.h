#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "core/dtype.h"
#include "core/shape.h"

namespace tinysplit {

// A tensor that somebody else owns: dense, row-major. The data must outlive the view.
struct TensorView {
  DType dtype = DType::kFloat32;
  Shape shape;
  const std::byte* data = nullptr;

  std::size_t num_bytes() const { return std::size_t(shape.num_elements()) * dtype_size(dtype); }
  std::span<const std::byte> bytes() const { return {data, num_bytes()}; }
  template <typename T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data), std::size_t(shape.num_elements())};
  }
};

// An owned tensor: dense, row-major, 64-byte aligned, zeroed, with kTailPadding readable bytes
// after the last element (vector kernels may read past the end). Movable; copies are explicit by
// clone().
class Tensor {
 public:
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::size_t kTailPadding = 64;

  Tensor() = default;
  Tensor(DType dtype, const Shape& shape);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::size_t num_bytes() const { return std::size_t(shape_.num_elements()) * dtype_size(dtype_); }

  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  std::span<std::byte> bytes() { return {data_.get(), num_bytes()}; }
  std::span<const std::byte> bytes() const { return {data_.get(), num_bytes()}; }
  template <typename T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(data_.get()), std::size_t(shape_.num_elements())};
  }
  template <typename T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data_.get()), std::size_t(shape_.num_elements())};
  }

  TensorView view() const { return {dtype_, shape_, data_.get()}; }
  Tensor clone() const { return copy_of(view()); }
  static Tensor copy_of(const TensorView& view);

  // Same bytes under another shape. Precondition: equal number of elements.
  void reshape(const Shape& shape);

 private:
  struct AlignedDelete {
    void operator()(std::byte* data) const;
  };
  DType dtype_ = DType::kFloat32;
  Shape shape_;
  std::unique_ptr<std::byte[], AlignedDelete> data_;
};

// A tensor with the name of the graph value that it holds.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

}  // namespace tinysplit
