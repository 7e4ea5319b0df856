#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/tensor.h"
#include "training/architecture.h"

namespace tinysplit::training {

// One parameter in memory, in Keras' layout.
struct Parameter {
  Shape shape;
  float* values = nullptr;
  float* gradient = nullptr;  // null if it is not trained
};

// All parameters of a network: those that are trained side by side, their gradients likewise, and
// the others.
class Parameters {
 public:
  // Starts from the initialisers of the architecture.
  Parameters(const Architecture& architecture, std::uint64_t seed);

  const Parameter& operator[](std::size_t index) const { return parameters_[index]; }
  std::span<float> weights() { return weights_.as<float>(); }
  std::span<float> gradients() { return gradients_.as<float>(); }

  // Adds the penalties of the architecture to the gradients, and returns what they add to the loss.
  double penalize(const Architecture& architecture);

  // Counts how often weights were changed from outside, so that copies know when they are stale.
  std::uint64_t version() const { return version_; }
  void changed() { ++version_; }

 private:
  Tensor weights_;
  Tensor gradients_;
  Tensor others_;
  std::vector<Parameter> parameters_;
  std::uint64_t version_ = 1;
};

}  // namespace tinysplit::training
