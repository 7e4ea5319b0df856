#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"

namespace tinysplit {

// Inputs to learn from, by number: one tensor for each input of the model, in its order and of its
// types and shapes.
struct Samples {
  std::size_t count = 0;
  std::function<Result<std::vector<Tensor>>(std::size_t)> at;
};

}  // namespace tinysplit
