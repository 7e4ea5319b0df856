#include "training/training_run.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <system_error>

#include "core/file.h"
#include "core/logging.h"

namespace tinysplit::training {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

ScheduleOptions in_steps(const EpochSchedule& schedule, std::int64_t epochs,
                         std::int64_t steps_per_epoch) {
  const auto steps = [&](double count) {
    return static_cast<std::uint64_t>(
        std::llround(std::max(count, 0.0) * static_cast<double>(steps_per_epoch)));
  };
  ScheduleOptions options;
  options.kind = schedule.kind;
  options.rate = schedule.rate;
  const std::uint64_t all = steps(static_cast<double>(epochs));
  // A short training must not be all warm-up: of a single step nothing would be learned.
  options.warmup_steps = std::min(steps(schedule.warmup_epochs), all / 2);
  options.decay_steps =
      std::max<std::uint64_t>(all > options.warmup_steps ? all - options.warmup_steps : 1, 1);
  options.final_rate = schedule.final_rate;
  options.factor = schedule.factor;
  for (const double boundary : schedule.boundaries) options.boundaries.push_back(steps(boundary));
  return options;
}

Status check_options(const TrainingOptions& options, bool has_validation) {
  if (options.epochs < 1) return invalid_argument("training takes at least one epoch");
  if (options.batches.batch < 1) return invalid_argument("a batch has at least one image");
  if (options.patience < 0) return invalid_argument("patience is a number of epochs, 0 for none");
  if (options.patience > 0 && !has_validation) {
    return invalid_argument("to stop early, images for validation are needed");
  }
  return ok_status();
}

bool has_sample_shape(const LabelledImages& data, const Shape& input) {
  const Shape& samples = data.images.shape();
  return samples.rank() > 0 && input.rank() > 0 &&
         std::ranges::equal(samples.dims().subspan(1), input.dims().subspan(1));
}

bool is_augmented(const TrainingOptions& options) {
  return !(options.batches.augmentation == AugmentationOptions{});
}

bool all_finite(const std::vector<Tensor>& tensors) {
  return std::ranges::all_of(tensors, [](const Tensor& tensor) {
    return std::ranges::all_of(tensor.as<float>(),
                               [](float value) { return std::isfinite(value); });
  });
}

Status check_shapes(const std::vector<Tensor>& tensors, const std::vector<ParameterSpec>& specs) {
  const bool fits = std::ranges::equal(tensors, specs, {}, &Tensor::shape, &ParameterSpec::shape);
  return fits ? ok_status() : invalid_argument("the checkpoint is of another network");
}

std::vector<Tensor> copies_of(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> copies;
  for (const Tensor& tensor : tensors) copies.push_back(tensor.clone());
  return copies;
}

}  // namespace

std::string data_id_of(const LabelledImages& train, const LabelledImages* validation) {
  std::string digests;
  for (const LabelledImages* data : {&train, validation}) {
    if (data == nullptr) continue;
    const auto images = data->images.bytes();
    digests += sha256_hex({reinterpret_cast<const char*>(images.data()), images.size()});
    digests += sha256_hex({reinterpret_cast<const char*>(data->labels.data()),
                           data->labels.size() * sizeof(std::int32_t)});
  }
  return sha256_hex(digests);
}

Result<Task> task_of(const Architecture& architecture, std::size_t classes) {
  const auto outputs = std::size_t(architecture.output_shape().num_elements());
  const bool gives_input = outputs == std::size_t(architecture.input_shape().num_elements());
  if (classes < 2 && !gives_input) {
    return invalid_argument(
        "the images are all of one class, so there is nothing to tell apart; add a class of images "
        "that are something else");
  }
  const TrainingOp& last = architecture.operations.back().op;
  const auto* const activation = std::get_if<ActivationOp>(&last);
  const bool is_sigmoid = activation != nullptr && activation->kind == ActivationKind::kSigmoid;
  if (std::holds_alternative<SoftmaxOp>(last)) {
    if (outputs == classes) return Task{TargetKind::kOneOfMany, LossKind::kCrossEntropy};
  } else if (is_sigmoid && (outputs == classes || (outputs == 1 && classes == 2))) {
    return Task{outputs == classes ? TargetKind::kOneOfMany : TargetKind::kYesOrNo,
                LossKind::kBinaryCrossEntropy};
  } else if (gives_input) {
    return Task{TargetKind::kInput, LossKind::kMeanSquaredError};
  }
  return invalid_argument("the network gives " + std::to_string(outputs) + " numbers; for " +
                          std::to_string(classes) +
                          " classes it has to end in as many, of a softmax or of sigmoids");
}

Result<TrainingRun> TrainingRun::create(Network network, const LabelledImages& train,
                                        const LabelledImages* validation,
                                        const TrainingOptions& options, std::string recipe,
                                        const Clock& clock) {
  TINYSPLIT_RETURN_IF_ERROR(check_options(options, validation != nullptr));
  if (options.batches.batch > network.options().batch) {
    return invalid_argument("the network was made for batches of " +
                            std::to_string(network.options().batch) + " images");
  }
  const Architecture& architecture = network.architecture();
  if (architecture.inputs.size() != 1 || !has_sample_shape(train, architecture.input_shape()) ||
      (validation != nullptr && !has_sample_shape(*validation, architecture.input_shape()))) {
    return invalid_argument("the network takes " + architecture.input_shape().to_string() +
                            ", samples of another size do not fit");
  }
  if (!train.are_pixels && is_augmented(options)) {
    return invalid_argument("augmentation changes images, but the data are arrays");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Optimizer optimizer,
                             Optimizer::create(options.optimizer, network.weights().size()));
  TrainingRun run(std::move(network), std::move(optimizer), train, validation, options, clock);
  TINYSPLIT_RETURN_IF_ERROR(check_schedule(run.schedule_));
  run.state_.recipe = std::move(recipe);
  run.state_.data_id = data_id_of(train, validation);
  return run;
}

TrainingRun::TrainingRun(Network network, Optimizer optimizer, const LabelledImages& train,
                         const LabelledImages* validation, const TrainingOptions& options,
                         const Clock& clock)
    : network_(std::move(network)),
      optimizer_(std::move(optimizer)),
      train_(&train),
      validation_(validation),
      options_(options),
      clock_(&clock) {
  options_.batches.shuffle = true;
  steps_per_epoch_ = BatchMaker(train, options_.batches).batches_per_epoch();
  schedule_ = in_steps(options.schedule, options.epochs, steps_per_epoch_);
}

Status TrainingRun::restore(Checkpoint checkpoint) {
  if (checkpoint.data_id != state_.data_id) {
    return invalid_argument("the images have changed since the checkpoint was written");
  }
  const std::vector<ParameterSpec>& specs = network_.architecture().parameters;
  TINYSPLIT_RETURN_IF_ERROR(check_shapes(checkpoint.parameters, specs));
  if (!checkpoint.best_parameters.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(check_shapes(checkpoint.best_parameters, specs));
  }
  if (checkpoint.batch >= steps_per_epoch_ || checkpoint.epoch > options_.epochs ||
      std::ssize(checkpoint.history) != checkpoint.epoch) {
    return invalid_argument("the checkpoint is of another run");
  }
  TINYSPLIT_RETURN_IF_ERROR(
      optimizer_.restore(checkpoint.optimizer_steps, std::move(checkpoint.moments)));
  TINYSPLIT_RETURN_IF_ERROR(set_parameters(checkpoint.parameters));
  network_.set_steps(checkpoint.network_steps);
  checkpoint.recipe = state_.recipe;
  checkpoint.parameters.clear();
  checkpoint.moments.clear();
  state_ = std::move(checkpoint);
  return ok_status();
}

Status TrainingRun::run(const TrainingHooks& hooks) {
  try {
    saved_ns_ = clock_->now_ns();
    TINYSPLIT_RETURN_IF_ERROR(run_epochs(hooks));
    if (options_.patience > 0 && !state_.best_parameters.empty()) {
      return set_parameters(state_.best_parameters);
    }
    return ok_status();
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory to train; try a smaller batch");
  } catch (const std::system_error& error) {
    return resource_exhausted("cannot start a thread: " + std::string(error.what()));
  }
}

Status TrainingRun::run_epochs(const TrainingHooks& hooks) {
  if (state_.epoch == options_.epochs || has_stopped_improving()) return ok_status();
  BatchStream stream(*train_, options_.batches, state_.epoch, state_.batch);
  const bool names_classes = options_.batches.target != TargetKind::kInput;
  const std::int64_t images_per_epoch =
      steps_per_epoch_ * BatchMaker(*train_, options_.batches).batch();
  while (true) {
    if (hooks.should_stop && hooks.should_stop()) {
      TINYSPLIT_RETURN_IF_ERROR(save(hooks));
      return {StatusCode::kCancelled, "stopped at " + place()};
    }
    const std::int64_t begin_ns = clock_->now_ns();
    TINYSPLIT_RETURN_IF_ERROR(run_step(stream.next()));
    const std::int64_t end_ns = clock_->now_ns();
    state_.seconds += seconds_between(begin_ns, end_ns);
    if (hooks.on_step) {
      const auto images = static_cast<double>(state_.images);
      hooks.on_step({state_.epoch, state_.images, images_per_epoch, state_.loss_sum / images,
                     names_classes ? static_cast<double>(state_.right) / images : kNaN});
    }
    if (state_.batch == steps_per_epoch_) {
      TINYSPLIT_RETURN_IF_ERROR(finish_epoch(hooks));
      if (state_.epoch == options_.epochs || has_stopped_improving()) return ok_status();
    } else if (seconds_between(saved_ns_, end_ns) >= options_.checkpoint_seconds) {
      TINYSPLIT_RETURN_IF_ERROR(save(hooks));
    }
  }
}

Status TrainingRun::run_step(const Batch& batch) {
  feed(batch, network_);
  const Result<double> loss = network_.forward_backward(batch.images);
  if (!loss.ok()) {
    if (loss.status().code() != StatusCode::kFailedPrecondition) return loss.status();
    return failed_precondition("the loss is not a finite number at " + place() +
                               "; train with a lower learning rate or a bound on the gradients");
  }
  const std::uint64_t step =
      std::uint64_t(state_.epoch) * std::uint64_t(steps_per_epoch_) + std::uint64_t(state_.batch);
  optimizer_.step(learning_rate(schedule_, step), network_.weights(), network_.gradients());
  network_.weights_changed();
  state_.loss_sum += *loss * static_cast<double>(batch.images);
  state_.images += batch.images;
  if (options_.batches.target != TargetKind::kInput) {
    state_.right += count_right(network_, batch.labels);
  }
  ++state_.batch;
  return ok_status();
}

Status TrainingRun::finish_epoch(const TrainingHooks& hooks) {
  const auto images = static_cast<double>(state_.images);
  const bool names_classes = options_.batches.target != TargetKind::kInput;
  EpochRecord record;
  record.learning_rate = learning_rate(
      schedule_, std::uint64_t(state_.epoch + 1) * std::uint64_t(steps_per_epoch_) - 1);
  record.loss = state_.loss_sum / images;
  record.accuracy = names_classes ? static_cast<double>(state_.right) / images : kNaN;
  record.validation_loss = kNaN;
  record.validation_accuracy = kNaN;
  record.seconds = state_.seconds;
  record.images = state_.images;
  if (validation_ != nullptr) {
    TINYSPLIT_ASSIGN_OR_RETURN(const NetworkScore score,
                               score_network(network_, *validation_, options_.batches));
    record.validation_loss = score.loss;
    if (names_classes) {
      record.validation_accuracy =
          static_cast<double>(score.right) / static_cast<double>(score.images);
    }
  }
  state_.history.push_back(record);
  ++state_.epoch;
  state_.batch = 0;
  state_.loss_sum = 0.0;
  state_.right = 0;
  state_.images = 0;
  state_.seconds = 0.0;
  if (validation_ != nullptr) note_best(record.validation_loss);
  if (hooks.on_epoch) hooks.on_epoch(state_.epoch - 1, record);
  return save(hooks);
}

void TrainingRun::note_best(double validation_loss) {
  const std::int64_t best = state_.best_epoch;
  if (best > 0 && !(validation_loss < state_.history[std::size_t(best - 1)].validation_loss)) {
    return;
  }
  state_.best_epoch = state_.epoch;
  if (options_.patience > 0) state_.best_parameters = copy_parameters();
}

bool TrainingRun::has_stopped_improving() const {
  return options_.patience > 0 && state_.batch == 0 &&
         state_.epoch - state_.best_epoch >= options_.patience;
}

Status TrainingRun::save(const TrainingHooks& hooks) {
  // A checkpoint that cannot be gone on from would take the place of one that can.
  state_.parameters = copy_parameters();
  if (!all_finite(state_.parameters)) {
    state_.parameters.clear();
    return failed_precondition("a weight is not a finite number after " + place() +
                               "; train with a lower learning rate or a bound on the gradients");
  }
  state_.moments = copies_of(optimizer_.moments());
  state_.network_steps = network_.steps();
  state_.optimizer_steps = optimizer_.steps();
  const Status status = hooks.save ? hooks.save(state_) : ok_status();
  state_.parameters.clear();
  state_.moments.clear();
  saved_ns_ = clock_->now_ns();
  return status;
}

std::vector<Tensor> TrainingRun::copy_parameters() const {
  std::vector<Tensor> copies;
  for (std::size_t i = 0; i < network_.architecture().parameters.size(); ++i) {
    copies.push_back(Tensor::copy_of(network_.parameter(i)));
  }
  return copies;
}

Status TrainingRun::set_parameters(const std::vector<Tensor>& parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    TINYSPLIT_RETURN_IF_ERROR(network_.set_parameter(i, parameters[i].view()));
  }
  return ok_status();
}

std::string TrainingRun::place() const {
  return "epoch " + std::to_string(state_.epoch + 1) + ", step " +
         std::to_string(state_.batch + 1) + " of " + std::to_string(steps_per_epoch_);
}

}  // namespace tinysplit::training
