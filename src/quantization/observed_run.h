#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "engine/engine.h"
#include "graph/graph.h"
#include "quantization/samples.h"

namespace tinysplit {

// The float32 inputs of `graph`, then the float32 values that its layers hand on, each once.
std::vector<std::string> real_values(const Graph& graph);

// Runs a network on samples and shows values from inside it as real numbers. Not thread-safe;
// movable.
class ObservedRun {
 public:
  // `names`: of values of `graph`, float32 or quantised for the whole tensor, each once.
  // Errors: NOT_FOUND (no such value), those of Engine.
  static Result<ObservedRun> create(const Graph& graph, std::vector<std::string> names);

  const std::vector<std::string>& names() const { return names_; }

  // Float32 samples are quantised where the graph's inputs are.
  // Errors: INVALID_ARGUMENT (a sample that does not fit), those of the sample.
  Status run(const Samples& samples, std::size_t sample);

  // The value names()[i] of the last run; valid until the next one.
  std::span<const float> numbers(std::size_t i) const { return numbers_[i].as<float>(); }

 private:
  ObservedRun() = default;

  std::shared_ptr<const Graph> graph_;
  std::vector<std::string> names_;
  std::unique_ptr<Segment> segment_;
  std::vector<int> sources_;  // of names_: output of the segment, or -1 - input
  std::vector<Tensor> numbers_;
};

}  // namespace tinysplit
