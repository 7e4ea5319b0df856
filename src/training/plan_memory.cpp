#include "training/plan_memory.h"

namespace tinysplit::training {

Block PlanMemory::take(std::size_t count) {
  // A free block much larger than needed is better left for what needs it.
  constexpr std::size_t kMostWaste = 4;
  float* data = nullptr;
  std::size_t size = count;
  const auto found = pool_->free.lower_bound(count);
  if (found != pool_->free.end() && found->first / kMostWaste <= count) {
    size = found->first;
    data = found->second;
    pool_->free.erase(found);
  } else {
    pool_->tensors.emplace_back(DType::kFloat32, Shape{static_cast<std::int64_t>(count)});
    data = pool_->tensors.back().as<float>().data();
    bytes_ += count * sizeof(float);
  }
  const std::weak_ptr<Pool> pool = pool_;
  return Block(data, [pool, size](float* freed) {
    if (const auto alive = pool.lock()) alive->free.emplace(size, freed);
  });
}

}  // namespace tinysplit::training
