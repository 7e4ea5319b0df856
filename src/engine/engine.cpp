#include "engine/engine.h"

#include <string>

#include "core/interval_clock.h"
#include "engine/kernel_cache.h"

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

}  // namespace tinysplit
