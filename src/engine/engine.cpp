#include "engine/engine.h"

#include <string>

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
  return std::shared_ptr<Engine>(new Engine(std::move(graph), options));
}

}  // namespace tinysplit
