#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "core/tensor.h"

namespace tinysplit::training {

// A part of a plan's memory. Reserved while a handle to it exists, so during planning; the memory
// itself lives as long as the plan.
using Block = std::shared_ptr<float>;

// Memory that is handed out while steps are planned in the order in which they will run: a block
// whose handles are gone serves a later step again.
class PlanMemory {
 public:
  // `count` floats, 64-byte aligned, with room to read a vector past the end.
  Block take(std::size_t count);
  std::size_t bytes() const { return bytes_; }

 private:
  struct Pool {
    std::vector<Tensor> tensors;
    std::multimap<std::size_t, float*> free;  // by size in floats
  };
  std::shared_ptr<Pool> pool_ = std::make_shared<Pool>();
  std::size_t bytes_ = 0;
};

}  // namespace tinysplit::training
