#include "evaluate_output.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "report/table.h"
#include "report/terminal.h"
#include "report/units.h"

namespace tinysplit {
namespace {

using Json = nlohmann::ordered_json;

const EvaluatedCut& worst_of(const EvaluationResult& evaluation) {
  return *std::ranges::min_element(evaluation.cuts, {}, &EvaluatedCut::accuracy);
}

Json cut_json(const EvaluatedCut& cut) {
  return {{"cut", cut.cut},
          {"after", cut.after},
          {"accuracy", cut.accuracy},
          {"agreement", cut.agreement},
          {"live_bytes", cut.live_bytes},
          {"wire_bytes", cut.wire_bytes},
          {"head_s", cut.head_s},
          {"codec_s", cut.codec_s},
          {"tail_s", cut.tail_s}};
}

std::string images_text(const EvaluationResult& evaluation) {
  return format_count(static_cast<std::int64_t>(evaluation.images)) + " images of " +
         evaluation.data;
}

}  // namespace

std::string evaluation_json(const EvaluationResult& evaluation) {
  const EvaluatedCut& worst = worst_of(evaluation);
  Json cuts = Json::array();
  for (const EvaluatedCut& cut : evaluation.cuts) cuts.push_back(cut_json(cut));
  Json document = {{"model", evaluation.model},
                   {"digest", evaluation.digest},
                   {"dataset", evaluation.data},
                   {"images", evaluation.images},
                   {"skipped", evaluation.skipped},
                   {"accuracy", worst.accuracy},
                   {"agreement", worst.agreement},
                   {"reference", evaluation.reference},
                   {"reference_accuracy", evaluation.reference_accuracy},
                   {"workers", evaluation.workers},
                   {"cuts", std::move(cuts)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string evaluation_text(const EvaluationResult& evaluation) {
  using Align = Table::Align;
  Table table({{"cut", Align::kRight},
               {"after", Align::kLeft, Table::Fit::kWrap},
               {"accuracy", Align::kRight},
               {"agreement", Align::kRight},
               {"live", Align::kRight, Table::Fit::kDrop},
               {"on the wire", Align::kRight},
               {"head", Align::kRight},
               {"codec", Align::kRight, Table::Fit::kDrop},
               {"tail", Align::kRight}});
  for (const EvaluatedCut& cut : evaluation.cuts) {
    table.add_row({std::to_string(cut.cut), cut.after, format_percent(cut.accuracy),
                   format_percent(cut.agreement), format_bytes(static_cast<double>(cut.live_bytes)),
                   format_bytes(cut.wire_bytes), format_seconds(cut.head_s),
                   format_seconds(cut.codec_s), format_seconds(cut.tail_s)});
  }
  return table.to_string(true, 0, output_columns()) + "\n" + images_text(evaluation) +
         "; agreement with " + evaluation.reference + ", whose accuracy is " +
         format_percent(evaluation.reference_accuracy) + "; times are medians of an image, " +
         std::to_string(evaluation.workers) +
         (evaluation.workers == 1 ? " at a time" : " at once") + ".\n";
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
  accuracy.title = "Accuracy";
  accuracy.x_label = "cut";
  accuracy.y_label = "percent of images";
  accuracy.y_unit = Unit::kNone;
  accuracy.y_most = 100.0;
  accuracy.series = {series("accuracy", SeriesStyle::kLine,
                            [](const EvaluatedCut& cut) { return 100.0 * cut.accuracy; }),
                     series("agreement", SeriesStyle::kPoints,
                            [](const EvaluatedCut& cut) { return 100.0 * cut.agreement; })};
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
          images_text(evaluation) + "; agreement with " + evaluation.reference,
          {std::move(accuracy), std::move(bytes), std::move(times)}};
}

}  // namespace tinysplit
