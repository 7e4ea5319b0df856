#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/steps.h"
#include "kernels/kernel.h"
#include "kernels/magnitude.h"

namespace tinysplit {

// The prepared kernels of one model: each is made when a segment first asks for it. Thread-safe.
class KernelCache {
 public:
  // `graph` must outlive the cache and every kernel of it.
  KernelCache(const Graph& graph, const EngineOptions& options);

  const std::vector<int>& fusion_roots() const { return fusion_roots_; }

  // Errors: UNIMPLEMENTED (no backend has the operation), naming the layer.
  Result<std::shared_ptr<const Kernel>> get(const Step& step);

  // Of a step with float32 weights whose kernel was made; else infinite.
  Growth growth(const Step& step) const;

 private:
  struct Weights {
    std::shared_ptr<const PreparedWeights> prepared;
    Growth growth;
  };

  const Graph& graph_;
  EngineOptions options_;
  std::vector<int> fusion_roots_;
  mutable std::mutex mutex_;
  std::map<Step, std::shared_ptr<const Kernel>> kernels_;
  // By root and affine: a kernel with and one without an output stage share their weights.
  std::map<std::pair<int, int>, Weights> weights_;
};

}  // namespace tinysplit
