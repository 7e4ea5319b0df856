#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "training/batches.h"
#include "training/checkpoint.h"
#include "training/network.h"
#include "training/network_score.h"
#include "training/optimizer.h"
#include "training/schedule.h"

namespace tinysplit::training {

// A schedule of the learning rate in epochs; schedule.h has its meaning.
struct EpochSchedule {
  ScheduleKind kind = ScheduleKind::kCosine;
  double rate = 2e-3;
  double warmup_epochs = 1.0;  // at most half of all are
  double final_rate = 0.0;
  double factor = 0.1;
  std::vector<double> boundaries;
};

struct TrainingOptions {
  std::int64_t epochs = 10;
  OptimizerOptions optimizer;
  EpochSchedule schedule;
  BatchOptions batches;  // `shuffle` is of no meaning
  // Stops after so many epochs without a lower validation loss, and goes back to the best one; 0:
  // never.
  std::int64_t patience = 0;
  double checkpoint_seconds = 60.0;  // between checkpoints; there is one after each epoch anyway
};

// How far a run is, after a step.
struct TrainingProgress {
  std::int64_t epoch = 0;   // from 0
  std::int64_t images = 0;  // of this epoch
  std::int64_t images_per_epoch = 0;
  double loss = 0.0;      // mean of this epoch so far
  double accuracy = 0.0;  // NaN where the network names no classes
};

// What a run tells while it goes; all may be empty.
struct TrainingHooks {
  std::function<void(const TrainingProgress&)> on_step;
  std::function<void(std::int64_t epoch, const EpochRecord&)> on_epoch;  // epoch from 0
  // Asked before each step: whether to write a checkpoint and stop.
  std::function<bool()> should_stop;
  // Keeps a checkpoint; its error ends the run.
  std::function<Status(const Checkpoint&)> save;
};

// Trains a network on labelled images: epochs of steps, validation after each, checkpoints. The
// same network, data, options and number of threads give the same bits on the same CPU, however
// often the run is stopped and goes on from a checkpoint. Not thread-safe.
class TrainingRun {
 public:
  // `train` and `validation` (null for none) must outlive the run and be of one size and set of
  // classes that fit the network. `recipe` goes into the checkpoints.
  // Errors: INVALID_ARGUMENT (images and network that do not fit, options).
  static Result<TrainingRun> create(Network network, const LabelledImages& train,
                                    const LabelledImages* validation,
                                    const TrainingOptions& options, std::string recipe,
                                    const Clock& clock = SteadyClock::instance());

  // Goes on from a checkpoint of a run that was created alike.
  // Errors: INVALID_ARGUMENT (of other data or another network).
  Status restore(Checkpoint checkpoint);

  // Trains to the end, by epochs or early. Errors: CANCELLED (should_stop; a checkpoint was saved),
  // FAILED_PRECONDITION (the loss or a weight is not a finite number: the last checkpoint is from
  // before), RESOURCE_EXHAUSTED (memory), and those of hooks.save.
  Status run(const TrainingHooks& hooks);

  Network& network() { return network_; }
  const Network& network() const { return network_; }
  const std::vector<EpochRecord>& history() const { return state_.history; }
  // Epoch of the lowest validation loss, counted from 1; 0 without validation.
  std::int64_t best_epoch() const { return state_.best_epoch; }

 private:
  TrainingRun(Network network, Optimizer optimizer, const LabelledImages& train,
              const LabelledImages* validation, const TrainingOptions& options, const Clock& clock);

  Status run_epochs(const TrainingHooks& hooks);
  Status run_step(const Batch& batch);
  Status finish_epoch(const TrainingHooks& hooks);
  void note_best(double validation_loss);
  bool has_stopped_improving() const;
  Status save(const TrainingHooks& hooks);
  std::vector<Tensor> copy_parameters() const;
  Status set_parameters(const std::vector<Tensor>& parameters);
  std::string place() const;  // "epoch 3, step 17"

  Network network_;
  Optimizer optimizer_;
  const LabelledImages* train_;
  const LabelledImages* validation_;
  TrainingOptions options_;
  ScheduleOptions schedule_;
  std::int64_t steps_per_epoch_;
  const Clock* clock_;
  Checkpoint state_;  // its parameters, moments and steps are filled in when it is saved
  std::int64_t saved_ns_ = 0;
};

// SHA-256 of what a run learns from.
std::string data_id_of(const LabelledImages& train, const LabelledImages* validation);

// What the outputs of `architecture` can become for `classes` classes, and which loss suits them:
// cross-entropy of a softmax, binary cross-entropy of sigmoids, squared error of an image given
// back. Errors: INVALID_ARGUMENT (says what the network gives and what the data need).
struct Task {
  TargetKind target = TargetKind::kOneOfMany;
  LossKind loss = LossKind::kCrossEntropy;
};
Result<Task> task_of(const Architecture& architecture, std::size_t classes);

}  // namespace tinysplit::training
