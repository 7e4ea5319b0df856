#include "evaluation/evaluation_task.h"

#include <algorithm>
#include <optional>

#include "evaluation/class_of_output.h"

namespace tinysplit {
namespace {

using Kind = EvaluationTask::Kind;

// The first output of `count` numbers.
std::optional<std::size_t> output_of(const Graph& graph, std::int64_t count) {
  for (std::size_t i = 0; i < graph.outputs().size(); ++i) {
    if (graph.value(graph.outputs()[i]).shape.num_elements() == count) return i;
  }
  return std::nullopt;
}

EvaluationTask classes_by(const Graph& graph, ValueId scores) {
  const auto found = std::ranges::find(graph.outputs(), scores);
  return {Kind::kClasses, static_cast<std::size_t>(found - graph.outputs().begin())};
}

}  // namespace

Result<EvaluationTask> find_task(const Graph& graph, const std::vector<std::string>& labels,
                                 const LabelledImages& data) {
  const bool has_labels = !data.labels.empty();
  if (has_labels) {
    const Result<ValueId> scores =
        find_scores(graph, labels.empty() ? data.classes.size() : labels.size());
    if (scores.ok()) return classes_by(graph, *scores);
  }
  const auto samples = static_cast<std::int64_t>(data.size());
  if (data.targets.shape().rank() > 0 && samples > 0) {
    const auto output = output_of(graph, data.targets.shape().num_elements() / samples);
    if (output) return EvaluationTask{Kind::kTargets, *output};
  }
  if (graph.inputs().size() == 1) {
    const auto output = output_of(graph, graph.value(graph.inputs()[0]).shape.num_elements());
    if (output) return EvaluationTask{Kind::kReconstruction, *output};
  }
  // Some of the model's classes, by their numbers; or an error that says why not.
  if (has_labels) {
    const Result<ValueId> scores = find_scores(graph, count_classes(graph));
    if (scores.ok()) return classes_by(graph, *scores);
    return scores.status();
  }
  return invalid_argument(
      "the data have neither labels nor numbers that an output of the model could be held against");
}

}  // namespace tinysplit
