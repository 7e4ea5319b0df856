#include "engine/engine.h"

#include <map>
#include <string>

#include "core/interval_clock.h"
#include "engine/kernel_cache.h"
#include "engine/steps.h"

namespace tinysplit {

Engine::Engine(std::shared_ptr<const Graph> graph, const EngineOptions& options)
    : graph_(std::move(graph)), kernels_(std::make_unique<KernelCache>(*graph_, options)) {}

Engine::~Engine() = default;

Result<std::shared_ptr<Engine>> Engine::create(std::shared_ptr<const Graph> graph,
                                               const EngineOptions& options) {
  if (options.threads < 1 || options.threads > 256) {
    return invalid_argument("an engine needs 1 to 256 threads, not " +
                            std::to_string(options.threads));
  }
  // Finds the clock's rate here, and not within the first run that is timed.
  interval_clock();
  return std::shared_ptr<Engine>(new Engine(std::move(graph), options));
}

std::vector<MissingKernel> Engine::find_missing_kernels() {
  std::map<int, Status> missing;
  const auto try_steps = [&](int begin, int end) {
    for (const Step& step : plan_steps(*graph_, kernels_->fusion_roots(), begin, end)) {
      const Status made = kernels_->get(step).status();
      if (!made.ok()) missing.emplace(graph_->layer_of_node(step.root), made);
    }
  };
  try_steps(0, graph_->num_layers());
  for (int layer = 0; layer < graph_->num_layers(); ++layer) try_steps(layer, layer + 1);
  std::vector<MissingKernel> list;
  for (auto& [layer, reason] : missing) list.push_back({layer, std::move(reason)});
  return list;
}

}  // namespace tinysplit
