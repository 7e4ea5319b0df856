#include "training/fine_tuning.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tinysplit::training {
namespace {

// Raw pixels make the first layer's weights so small that steps which suit the others would be far
// too large for them.
PixelScale scale_for(const Architecture& architecture, const PixelScaling& scaling) {
  if (scaling == PixelScaling{}) {
    const Result<PixelScale> own = pixel_scale_of(architecture);
    if (own.ok()) return *own;
  }
  return {scaling, {}};
}

// What lies before a kernel that the scale was put into has other numbers in the file's network.
void forget_scaled(const Architecture& architecture, const PixelScale& scale,
                   std::vector<ActivationRange>& ranges) {
  if (!scale.kernel) return;
  const auto first = architecture.layers.begin();
  const auto kernel = first + std::ptrdiff_t(architecture.parameters[*scale.kernel].layer);
  std::erase_if(ranges, [&](const ActivationRange& range) {
    return std::find_if(first, kernel, [&](const ArchitectureLayer& layer) {
             return layer.name == range.layer;
           }) != kernel;
  });
}

TrainingOptions training_options(const FineTuningOptions& options, const PixelScaling& scaling,
                                 TargetKind target) {
  TrainingOptions training;
  training.epochs = options.epochs;
  training.optimizer.kind = OptimizerKind::kAdam;
  training.schedule.kind = ScheduleKind::kCosine;
  training.schedule.rate = options.learning_rate;
  training.schedule.warmup_epochs = 0.0;
  training.batches.batch = options.batch;
  training.batches.seed = options.seed;
  training.batches.scaling = scaling;
  training.batches.target = target;
  return training;
}

}  // namespace

Result<FineTuned> fine_tune(const TrainedModel& model, const LabelledImages& images,
                            const PixelScaling& scaling, const FineTuningOptions& options,
                            const TrainingHooks& hooks) {
  const Architecture& architecture = *model.architecture;
  TINYSPLIT_ASSIGN_OR_RETURN(const Task task, task_of(architecture, images.classes.size()));
  const PixelScale scale = scale_for(architecture, scaling);
  NetworkOptions network_options;
  network_options.batch = options.batch;
  network_options.threads = options.threads;
  network_options.seed = options.seed;
  network_options.loss.kind = task.loss;
  network_options.fake_quantize = true;
  TINYSPLIT_ASSIGN_OR_RETURN(Network network, Network::create(model.architecture, network_options));
  TINYSPLIT_RETURN_IF_ERROR(set_weights(model, scale, network));
  TINYSPLIT_ASSIGN_OR_RETURN(
      TrainingRun run,
      TrainingRun::create(std::move(network), images, nullptr,
                          training_options(options, scale.scaling, task.target), ""));
  TINYSPLIT_RETURN_IF_ERROR(run.run(hooks));
  FineTuned tuned;
  TINYSPLIT_ASSIGN_OR_RETURN(tuned.keras_file, keras_file_of(run.network(), scale));
  tuned.ranges = run.network().ranges();
  forget_scaled(architecture, scale, tuned.ranges);
  tuned.history = run.history();
  return tuned;
}

}  // namespace tinysplit::training
