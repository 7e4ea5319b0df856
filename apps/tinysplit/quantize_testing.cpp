#include "quantize_testing.h"

#include <algorithm>
#include <numeric>
#include <thread>

#include "dataset_input.h"
#include "evaluation/evaluation.h"
#include "evaluation/model_classes.h"
#include "report/progress.h"

namespace tinysplit {
namespace {

Result<CutEvaluation> evaluate_all(const std::shared_ptr<const Graph>& graph,
                                   const std::string& what, const EvaluationData& data) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto engine, Engine::create(graph));
  EvaluationOptions options;
  options.workers = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  Progress progress("testing " + what, static_cast<std::int64_t>(data.images.size()), "samples");
  options.on_images = [&](std::size_t count) {
    progress.advance(static_cast<std::int64_t>(count));
  };
  return evaluate_uncut(*engine, data, options);
}

double mean_square(const CutEvaluation& evaluation) {
  const std::vector<float>& squares = evaluation.squared_errors;
  return std::accumulate(squares.begin(), squares.end(), 0.0) /
         static_cast<double>(std::max<std::size_t>(squares.size(), 1));
}

}  // namespace

Status test_quantized(const QuantizationTest& test, const QuantizedModel& model,
                      const QuantizedModel* untuned, QuantizationReport& report) {
  TINYSPLIT_ASSIGN_OR_RETURN(const TestImages tested, test_images_of(test.data, false));
  TINYSPLIT_ASSIGN_OR_RETURN(
      LabelledImages images,
      load_data_for(*test.graph, test.preprocessing, test.data, tested.split, test.samples));
  TINYSPLIT_ASSIGN_OR_RETURN(const EvaluationTask task,
                             find_task(*test.graph, test.labels, images));
  if (task.counts_classes()) {
    TINYSPLIT_RETURN_IF_ERROR(number_as_model(*test.graph, test.labels, images).status());
  }
  const EvaluationData data{images, test.preprocessing, task};
  TINYSPLIT_ASSIGN_OR_RETURN(const CutEvaluation before, evaluate_all(test.graph, "float32", data));
  TINYSPLIT_ASSIGN_OR_RETURN(const CutEvaluation after, evaluate_all(model.graph, "int8", data));
  if (!task.counts_classes()) {
    report.errors = {images.size(), mean_square(before), mean_square(after),
                     task.kind == EvaluationTask::Kind::kReconstruction};
    return ok_status();
  }
  report.accuracy = {images.size(),
                     tested.are,
                     equal_share(before.predictions, images.labels),
                     equal_share(after.predictions, images.labels),
                     equal_share(before.predictions, after.predictions),
                     std::nullopt};
  if (untuned == nullptr) return ok_status();
  TINYSPLIT_ASSIGN_OR_RETURN(const CutEvaluation other,
                             evaluate_all(untuned->graph, "int8 before fine-tuning", data));
  report.accuracy->untuned_int8 = equal_share(other.predictions, images.labels);
  return ok_status();
}

}  // namespace tinysplit
