#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"
#include "datasets/dataset.h"
#include "graph/graph.h"

namespace tinysplit {

// What the outputs of a model are held against.
struct EvaluationTask {
  enum class Kind : std::uint8_t {
    kClasses,         // the labels of the data
    kTargets,         // the numbers of the data
    kReconstruction,  // the inputs
  };
  Kind kind = Kind::kClasses;
  std::size_t output = 0;  // that is looked at, as Graph::outputs() has them

  bool counts_classes() const { return kind == Kind::kClasses; }
};

// The first that data and model have in common of: an output for the classes of the data, or as
// many as `labels` (the model's labels.txt) names; an output with as many numbers as the data have
// for each sample; one with as many as the input. Errors: INVALID_ARGUMENT (nothing of these).
Result<EvaluationTask> find_task(const Graph& graph, const std::vector<std::string>& labels,
                                 const LabelledImages& data);

}  // namespace tinysplit
