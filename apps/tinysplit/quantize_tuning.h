#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "datasets/preprocessing.h"
#include "graph/graph.h"
#include "quantization/range.h"
#include "training/fine_tuning.h"

namespace tinysplit {

// A fine-tuned network, in float32, and what its int8 numbers are to range over.
struct TunedModel {
  std::shared_ptr<const Graph> graph;
  Ranges ranges;           // by names of the graph's values, where training saw them
  std::size_t images = 0;  // that it was trained on
  double loss = 0.0;       // mean of the last epoch
};

// Trains `model`, of which `graph` was read and whose labels.txt is `labels`, further on the
// training part of `data`, with a bar on the terminal and a line for each epoch on standard output
// unless `json` is to be all of it. Errors: those of load_data_for(), number_as_model() and
// training::fine_tune().
Result<TunedModel> tune_model(const training::TrainedModel& model, const Graph& graph,
                              const std::vector<std::string>& labels, const std::string& data,
                              const Preprocessing& preprocessing,
                              const training::FineTuningOptions& options, bool json);

}  // namespace tinysplit
