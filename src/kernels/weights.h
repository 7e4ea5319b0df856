#pragma once

#include <cstring>
#include <optional>

#include "kernels/clip.h"
#include "kernels/native_bodies.h"

namespace tinysplit::native {

// Where a convolution or dense kernel finds its weights: prepared ones, or its own inputs.
class WeightPointers {
 public:
  explicit WeightPointers(const KernelSpec& spec)
      : prepared_(spec.weights), has_bias_(spec.inputs.size() > 2) {}

  const float* kernel(Inputs inputs) const {
    return prepared_ ? prepared_->kernel.as<float>().data()
                     : reinterpret_cast<const float*>(inputs[1]);
  }
  // Null for none.
  const float* bias(Inputs inputs) const {
    if (prepared_) return prepared_->bias.as<float>().data();
    return has_bias_ ? reinterpret_cast<const float*>(inputs[2]) : nullptr;
  }

 private:
  std::shared_ptr<const PreparedWeights> prepared_;
  bool has_bias_;
};

// Every row of y [rows,columns] is the bias, or zero.
inline void fill_bias(const float* bias, std::size_t rows, std::size_t columns, float* y) {
  if (bias == nullptr) {
    std::memset(y, 0, rows * columns * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < rows; ++i) {
    std::memcpy(y + i * columns, bias, columns * sizeof(float));
  }
}

inline void apply_clip(const std::optional<Clip>& bounds, float* y, std::size_t count) {
  if (bounds) clip(*bounds, y, count);
}

}  // namespace tinysplit::native
