#include "quantize_tuning.h"

#include "dataset_input.h"
#include "evaluation/model_classes.h"
#include "formats/keras/keras_reader.h"
#include "train_output.h"

namespace tinysplit {

Result<TunedModel> tune_model(const training::TrainedModel& model, const Graph& graph,
                              const std::vector<std::string>& labels, const std::string& data,
                              const Preprocessing& preprocessing,
                              const training::FineTuningOptions& options, bool json) {
  TINYSPLIT_ASSIGN_OR_RETURN(const PixelScaling scaling, common_scaling(preprocessing));
  TINYSPLIT_ASSIGN_OR_RETURN(LabelledImages images,
                             load_data_for(graph, preprocessing, data, Split::kTrain, 0));
  if (!images.are_pixels) return unimplemented("fine-tuning is on images, not on arrays");
  TINYSPLIT_RETURN_IF_ERROR(number_as_model(graph, labels, images).status());
  TrainingDisplay display(options.epochs, json);
  training::TrainingHooks hooks;
  hooks.on_step = [&](const training::TrainingProgress& progress) { display.show_step(progress); };
  hooks.on_epoch = [&](std::int64_t epoch, const training::EpochRecord& record) {
    display.show_epoch(epoch, record);
  };
  const Result<training::FineTuned> tuned = fine_tune(model, images, scaling, options, hooks);
  display.finish();
  if (!tuned.ok()) return tuned.status().with_context("fine-tuning");
  TunedModel result;
  TINYSPLIT_ASSIGN_OR_RETURN(result.graph, read_keras_model_bytes(tuned->keras_file, graph.name()));
  for (const training::ActivationRange& range : tuned->ranges) {
    result.ranges[range.layer] = {range.low, range.high};
  }
  result.images = images.size();
  result.loss = tuned->history.back().loss;
  return result;
}

}  // namespace tinysplit
