#include "engine/kernel_cache.h"

#include "core/numeric.h"
#include "engine/backends.h"
#include "graph/fusion.h"
#include "graph/op_traits.h"

namespace tinysplit {

KernelCache::KernelCache(const Graph& graph, const EngineOptions& options)
    : graph_(graph), options_(options), fusion_roots_(find_fusion_roots(graph)) {}

Result<std::shared_ptr<const Kernel>> KernelCache::get(const Step& step) {
  const std::lock_guard lock(mutex_);
  if (const auto found = kernels_.find(step); found != kernels_.end()) return found->second;

  const Node& root = graph_.nodes()[static_cast<std::size_t>(step.root)];
  KernelSpec spec;
  spec.op = &root.op;
  for (const ValueId input : root.inputs) spec.inputs.push_back(&graph_.value(input));
  spec.output = &graph_.value(step.output);
  spec.clip = clip_of(graph_, step);
  spec.threads = options_.threads;
  if (traits_of(root.op).has_weights && spec.output->dtype == DType::kFloat32) {
    Weights& weights = weights_[{step.root, step.affine}];
    if (weights.prepared == nullptr) {
      weights.prepared = std::make_shared<const PreparedWeights>(prepare_weights(graph_, step));
      weights.growth = growth_of(*weights.prepared);
    }
    spec.weights = weights.prepared;
  }
  Result<std::shared_ptr<const Kernel>> kernel = make_kernel(spec, options_.backend);
  if (!kernel.ok()) {
    const Layer& layer = graph_.layers()[static_cast<std::size_t>(graph_.layer_of_node(step.root))];
    return kernel.status().with_context("layer \"" + layer.name + "\" (" + layer.kind + ")");
  }
  kernels_.emplace(step, *kernel);
  return kernel;
}

Growth KernelCache::growth(const Step& step) const {
  const std::lock_guard lock(mutex_);
  const auto found = weights_.find({step.root, step.affine});
  return found != weights_.end() ? found->second.growth : Growth{kInfinity, kInfinity};
}

}  // namespace tinysplit
