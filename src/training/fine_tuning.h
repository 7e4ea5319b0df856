#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"
#include "datasets/dataset.h"
#include "datasets/preprocessing.h"
#include "training/fake_quantization.h"
#include "training/trained_model.h"
#include "training/training_run.h"

namespace tinysplit::training {

struct FineTuningOptions {
  std::int64_t epochs = 1;
  double learning_rate = 1e-4;  // of the first step; falls to 0 by a cosine
  std::int64_t batch = 64;
  std::uint64_t seed = 1;  // of the order of the images and of dropout
  int threads = 1;         // of a step, 1 to limits::kMaxTrainingThreads
};

// A model that was trained on as an int8 network computes it.
struct FineTuned {
  std::string keras_file;               // with its float32 weights, a .keras archive
  std::vector<ActivationRange> ranges;  // of its activations, as the file's layers give them
  std::vector<EpochRecord> history;
};

// Trains `model` further, rounded as in an int8 network (see fake_quantization.h), with Adam on
// images scaled as `scaling` says that the model takes them. Normalisations keep their statistics.
// The same arguments give the same bits on the same CPU. Errors: those of task_of(), Network and
// TrainingRun.
Result<FineTuned> fine_tune(const TrainedModel& model, const LabelledImages& images,
                            const PixelScaling& scaling, const FineTuningOptions& options,
                            const TrainingHooks& hooks = {});

}  // namespace tinysplit::training
