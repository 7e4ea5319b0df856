#include "evaluate_output.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "json_output.h"
#include "report/class_accuracy.h"
#include "report/table.h"
#include "report/terminal.h"
#include "report/units.h"

namespace tinysplit {
namespace {

using Json = nlohmann::ordered_json;

using Kind = EvaluationTask::Kind;
constexpr std::size_t kMostEvaluatedClasses = 20;
constexpr std::size_t kClassTableColumns = 60;

const EvaluatedCut& worst_of(const EvaluationResult& evaluation) {
  return *std::ranges::min_element(evaluation.cuts, {}, [](const EvaluatedCut& cut) {
    return cut.errors ? -cut.errors->mean_squared : cut.accuracy;
  });
}

void put_errors(const EvaluatedErrors& errors, const std::string& prefix, Json& object) {
  object[prefix + "mean_squared_error"] = errors.mean_squared;
  object[prefix + "mean_absolute_error"] = errors.mean_absolute;
  if (errors.roc_area) object[prefix + "roc_area"] = *errors.roc_area;
}

// The quality of a cut, as a key or several.
void put_quality(const EvaluatedCut& cut, Json& object) {
  if (cut.errors) return put_errors(*cut.errors, "", object);
  object["accuracy"] = cut.accuracy;
  object["agreement"] = cut.agreement;
}

Json cut_json(const EvaluatedCut& cut) {
  Json object = {{"cut", cut.cut}, {"after", cut.after}};
  put_quality(cut, object);
  object["live_bytes"] = cut.live_bytes;
  object["wire_bytes"] = cut.wire_bytes;
  object["head_s"] = cut.head_s;
  object["codec_s"] = cut.codec_s;
  object["tail_s"] = cut.tail_s;
  return object;
}

Json classes_json(const ConfusionMatrix& confusion) {
  Json classes = Json::array();
  for (const ClassAccuracy& row : accuracy_by_class(confusion)) {
    classes.push_back({{"name", row.name},
                       {"images", row.images},
                       {"right", row.right},
                       {"accuracy", json_number(row.accuracy())}});
  }
  return classes;
}

// What to look at when a model that should know better does not.
std::string chance_text(const ConfusionMatrix& confusion) {
  const std::string note = note_on_chance(confusion);
  if (note.empty()) return "";
  return "Note: " + note +
         ". Are the model's classes these, in this order (labels.txt), and does it take its pixels "
         "as it gets them (preprocessing.json)?\n";
}

std::string images_text(const EvaluationResult& evaluation) {
  return format_count(static_cast<std::int64_t>(evaluation.images)) +
         (evaluation.task == Kind::kClasses ? " images of " : " samples of ") + evaluation.data +
         " (" + evaluation.images_are + ")";
}

std::string number_text(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", number);
  return text.data();
}

const char* task_name(Kind kind) {
  switch (kind) {
    case Kind::kClasses:
      return "classes";
    case Kind::kTargets:
      return "targets";
    case Kind::kReconstruction:
      break;
  }
  return "reconstruction";
}

std::vector<std::string> quality_cells(const EvaluatedCut& cut) {
  if (!cut.errors) return {format_percent(cut.accuracy), format_percent(cut.agreement)};
  return {number_text(cut.errors->mean_squared), number_text(cut.errors->mean_absolute)};
}

std::string summary_of(const EvaluationResult& evaluation) {
  if (!evaluation.reference_errors) {
    return "agreement with " + evaluation.reference + ", whose accuracy is " +
           format_percent(evaluation.reference_accuracy);
  }
  const EvaluatedErrors& errors = *evaluation.reference_errors;
  std::string text = std::string("means of squared and absolute errors against ") +
                     (evaluation.task == Kind::kTargets ? "y" : "the input") + "; those of " +
                     evaluation.reference + " are " + number_text(errors.mean_squared) + " and " +
                     number_text(errors.mean_absolute);
  const std::optional<double>& area = worst_of(evaluation).errors->roc_area;
  if (area) {
    text +=
        "; the squared error tells the second class from the first with an area under the ROC "
        "curve of " +
        number_text(*area);
  }
  return text;
}

}  // namespace

std::string evaluation_json(const EvaluationResult& evaluation) {
  const EvaluatedCut& worst = worst_of(evaluation);
  Json cuts = Json::array();
  for (const EvaluatedCut& cut : evaluation.cuts) cuts.push_back(cut_json(cut));
  Json document = {{"model", evaluation.model},           {"digest", evaluation.digest},
                   {"dataset", evaluation.data},          {"images", evaluation.images},
                   {"images_are", evaluation.images_are}, {"skipped", evaluation.skipped},
                   {"task", task_name(evaluation.task)}};
  put_quality(worst, document);
  document["reference"] = evaluation.reference;
  if (evaluation.reference_errors) {
    put_errors(*evaluation.reference_errors, "reference_", document);
  } else {
    document["reference_accuracy"] = evaluation.reference_accuracy;
    document["classes"] = classes_json(evaluation.confusion);
    document["note"] = note_on_chance(evaluation.confusion);
  }
  document["workers"] = evaluation.workers;
  document["cuts"] = std::move(cuts);
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string evaluation_text(const EvaluationResult& evaluation) {
  using Align = Table::Align;
  const bool has_classes = evaluation.task == Kind::kClasses;
  Table table({{"cut", Align::kRight},
               {"after", Align::kLeft, Table::Fit::kWrap},
               {has_classes ? "accuracy" : "squared error", Align::kRight},
               {has_classes ? "agreement" : "absolute", Align::kRight},
               {"live", Align::kRight, Table::Fit::kDrop},
               {"on the wire", Align::kRight},
               {"head", Align::kRight},
               {"codec", Align::kRight, Table::Fit::kDrop},
               {"tail", Align::kRight}});
  for (const EvaluatedCut& cut : evaluation.cuts) {
    const std::vector<std::string> quality = quality_cells(cut);
    table.add_row({std::to_string(cut.cut), cut.after, quality[0], quality[1],
                   format_bytes(static_cast<double>(cut.live_bytes)), format_bytes(cut.wire_bytes),
                   format_seconds(cut.head_s), format_seconds(cut.codec_s),
                   format_seconds(cut.tail_s)});
  }
  const std::string text = table.to_string(true, 0, output_columns()) + "\n" +
                           images_text(evaluation) + "; " + summary_of(evaluation) +
                           "; times are medians of an image, " +
                           std::to_string(evaluation.workers) +
                           (evaluation.workers == 1 ? " at a time" : " at once") + ".\n";
  if (!has_classes) return text;
  return text + "\n" +
         class_table(evaluation.confusion, kMostEvaluatedClasses, kClassTableColumns) +
         chance_text(evaluation.confusion);
}

Figure evaluation_figure(const EvaluationResult& evaluation) {
  std::vector<double> cuts;
  for (const EvaluatedCut& cut : evaluation.cuts) cuts.push_back(cut.cut);
  const auto series = [&](const char* name, SeriesStyle style, auto value) {
    std::vector<double> numbers;
    for (const EvaluatedCut& cut : evaluation.cuts) numbers.push_back(value(cut));
    return Series{name, cuts, std::move(numbers), style};
  };
  Panel accuracy;
  accuracy.x_label = "cut";
  accuracy.y_unit = Unit::kNone;
  if (evaluation.task == Kind::kClasses) {
    accuracy.title = "Accuracy";
    accuracy.y_label = "percent of images";
    accuracy.y_most = 100.0;
    accuracy.y_from_zero = false;
    accuracy.series = {series("accuracy", SeriesStyle::kLine,
                              [](const EvaluatedCut& cut) { return 100.0 * cut.accuracy; }),
                       series("agreement", SeriesStyle::kPoints,
                              [](const EvaluatedCut& cut) { return 100.0 * cut.agreement; })};
  } else {
    accuracy.title = "Mean squared error";
    accuracy.series = {series("mean squared error", SeriesStyle::kLine,
                              [](const EvaluatedCut& cut) { return cut.errors->mean_squared; })};
  }
  Panel bytes;
  bytes.title = "Bytes of an image at the cut";
  bytes.x_label = "cut";
  bytes.y_unit = Unit::kBytes;
  bytes.series = {series("on the wire", SeriesStyle::kLine,
                         [](const EvaluatedCut& cut) { return cut.wire_bytes; })};
  Panel times;
  times.title = "Time of an image";
  times.x_label = "cut";
  times.series = {
      series("head", SeriesStyle::kStackedBar, [](const EvaluatedCut& cut) { return cut.head_s; }),
      series("codec", SeriesStyle::kStackedBar,
             [](const EvaluatedCut& cut) { return cut.codec_s; }),
      series("tail", SeriesStyle::kStackedBar, [](const EvaluatedCut& cut) { return cut.tail_s; })};
  return {evaluation.model + " cut in two",
          images_text(evaluation) + "; " + summary_of(evaluation),
          {std::move(accuracy), std::move(bytes), std::move(times)}};
}

}  // namespace tinysplit
