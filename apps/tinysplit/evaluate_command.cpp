#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

#include "commands.h"
#include "core/file.h"
#include "dataset_input.h"
#include "evaluate_output.h"
#include "evaluation/evaluation.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "graph/cut_names.h"
#include "model_input.h"
#include "report/progress.h"
#include "report/svg_chart.h"

namespace tinysplit {
namespace {

struct EvaluateOptions {
  std::string model;
  std::string data;
  std::string cut;
  bool all_cuts = false;
  std::string reference;
  std::string split = "test";
  std::size_t limit = 0;
  int workers = 0;
  std::string svg;
  bool json = false;
  ReadOptions reading;
};

// A model with what it needs to run on images.
struct EvaluatedModel {
  std::shared_ptr<const Graph> graph;
  std::shared_ptr<Engine> engine;
  PixelScaling scaling;
  std::vector<std::string> labels;  // of its classes; empty without a labels.txt
};

Result<EvaluatedModel> load_model(const std::string& given, const ReadOptions& reading) {
  EvaluatedModel model;
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(given));
  TINYSPLIT_ASSIGN_OR_RETURN(model.graph, read_model(folder.model_path, reading));
  TINYSPLIT_ASSIGN_OR_RETURN(model.scaling, pixel_scaling_of(folder.model_path));
  model.labels = folder.labels;
  TINYSPLIT_ASSIGN_OR_RETURN(model.engine, Engine::create(model.graph));
  return model;
}

Result<Split> split_of(const EvaluateOptions& options) {
  for (const Split split : {Split::kTrain, Split::kValidation, Split::kAll}) {
    if (options.split == split_name(split)) return split;
  }
  // Data without parts is all held out.
  TINYSPLIT_ASSIGN_OR_RETURN(const bool has_test, has_test_part(options.data));
  return has_test ? Split::kTest : Split::kAll;
}

Result<std::vector<int>> cuts_of(const EvaluateOptions& options, const Graph& graph) {
  const int layers = graph.num_layers();
  if (!options.all_cuts) {
    int cut = layers;
    if (!options.cut.empty()) {
      TINYSPLIT_ASSIGN_OR_RETURN(cut, parse_cut(options.cut, layer_names(graph)));
    }
    return std::vector<int>{cut};
  }
  std::vector<int> cuts;
  for (int cut = 0; cut <= layers; ++cut) cuts.push_back(cut);
  return cuts;
}

Result<std::vector<std::int32_t>> reference_classes(const EvaluateOptions& options,
                                                    const EvaluatedModel& model,
                                                    const LabelledImages& images,
                                                    const EvaluationOptions& running) {
  if (options.reference.empty()) return classify(*model.engine, {images, model.scaling}, running);
  TINYSPLIT_ASSIGN_OR_RETURN(const EvaluatedModel reference,
                             load_model(options.reference, options.reading));
  Result<std::vector<std::int32_t>> classes =
      classify(*reference.engine, {images, reference.scaling}, running);
  const std::string context = "reference " + options.reference;
  if (!classes.ok()) return classes.status().with_context(context);
  if (reference.labels.empty() || model.labels.empty()) return classes;
  const Result<ClassMatch> match =
      match_classes(reference.labels, ClassNumbers::kOfData, model.labels, model.labels.size());
  if (!match.ok()) return match.status().with_context(context);
  for (std::int32_t& named : *classes) named = match->model_class[std::size_t(named)];
  return classes;
}

EvaluatedCut summed_up(const CutEvaluation& cut, const Graph& graph, const LabelledImages& images,
                       std::span<const std::int32_t> reference) {
  EvaluatedCut result;
  result.cut = cut.cut;
  result.after = cut.cut == 0 ? "(input)" : graph.layers()[std::size_t(cut.cut) - 1].name;
  result.accuracy = equal_share(cut.predictions, images.labels);
  result.agreement = equal_share(cut.predictions, reference);
  result.live_bytes = cut.live_bytes;
  result.wire_bytes = cut.wire_bytes;
  result.head_s = cut.head_s;
  result.codec_s = cut.codec_s;
  result.tail_s = cut.tail_s;
  return result;
}

Status evaluate(const EvaluateOptions& options) {
  if (!options.svg.empty()) TINYSPLIT_RETURN_IF_ERROR(check_can_write(options.svg));
  TINYSPLIT_ASSIGN_OR_RETURN(const EvaluatedModel model,
                             load_model(options.model, options.reading));
  const Graph& graph = *model.graph;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<int> cuts, cuts_of(options, graph));
  TINYSPLIT_ASSIGN_OR_RETURN(const Split split, split_of(options));
  TINYSPLIT_ASSIGN_OR_RETURN(LabelledImages images,
                             load_images_for(graph, options.data, split, options.limit));
  TINYSPLIT_RETURN_IF_ERROR(match_classes_of(graph, model.labels, options.data, images));

  EvaluationOptions running;
  running.workers = options.workers > 0
                        ? options.workers
                        : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const std::size_t runs = cuts.size() + 1;
  Progress progress("reference", static_cast<std::int64_t>(runs * images.size()), "images");
  running.on_images = [&](std::size_t count) {
    progress.advance(static_cast<std::int64_t>(count));
  };
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int32_t> reference,
                             reference_classes(options, model, images, running));
  EvaluationResult evaluation;
  for (const int cut : cuts) {
    progress.set_label("cut " + std::to_string(cut));
    TINYSPLIT_ASSIGN_OR_RETURN(const CutEvaluation result,
                               evaluate_cut(*model.engine, cut, {images, model.scaling}, running));
    evaluation.cuts.push_back(summed_up(result, graph, images, reference));
  }
  progress.finish();
  evaluation.model = graph.name();
  evaluation.digest = graph.digest();
  evaluation.data = options.data;
  evaluation.reference =
      "the uncut " + (options.reference.empty() ? graph.name() : options.reference);
  evaluation.reference_accuracy = equal_share(reference, images.labels);
  evaluation.images = images.size();
  evaluation.skipped = images.skipped.size();
  evaluation.workers = running.workers;
  if (!options.svg.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(
        write_file_atomically(options.svg, render_svg(evaluation_figure(evaluation))));
  }
  std::fputs(
      (options.json ? evaluation_json(evaluation) + "\n" : evaluation_text(evaluation)).c_str(),
      stdout);
  return ok_status();
}

void add_options(CLI::App& command, EvaluateOptions& options) {
  command
      .add_option("model", options.model, "Model file (.keras, .h5, .tflite, .onnx) or its folder")
      ->required();
  command
      .add_option("--dataset", options.data,
                  "Labelled images: fashion-mnist, fashion-footwear, or a folder with a sub-folder "
                  "for each class, or of IDX files")
      ->required();
  CLI::Option* cut = command.add_option(
      "--cut", options.cut,
      "Where the head ends: " + std::string(kCutForms) + " (default: the uncut model)");
  command.add_flag("--all-cuts", options.all_cuts, "Every cut, one after the other")->excludes(cut);
  command.add_option("--reference", options.reference,
                     "Model to agree with, such as the float32 one (default: this one, uncut)");
  command.add_option("--split", options.split, "Part of the data: test, validation, train or all")
      ->check(CLI::IsMember({"test", "validation", "train", "all"}))
      ->capture_default_str();
  command.add_option("--limit", options.limit, "So many images, drawn at random (default: all)")
      ->check(CLI::Range(1, 100'000'000));
  command.add_option("--workers", options.workers, "Images at once (default: one for each core)")
      ->check(CLI::Range(1, 256));
  command.add_option("--svg", options.svg, "Chart of all cuts to write");
  command.add_flag("--json", options.json, "Print the result as JSON");
}

}  // namespace

void add_evaluate_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<EvaluateOptions>();
  CLI::App* command = app.add_subcommand(
      "evaluate", "Measure the accuracy of a model, uncut or cut, on labelled images");
  add_options(*command, *options);
  add_reading_options(*command, options->reading);
  command->footer(
      "Every image goes through the head, the live tensors through the wire's codec, then the "
      "tail.\n"
      "Example:\n"
      "  tinysplit evaluate models/fashion_resnet --dataset fashion-mnist --cut 39\n"
      "  tinysplit evaluate fashion_int8.tflite --dataset fashion-mnist --all-cuts \\\n"
      "      --reference models/fashion_resnet --svg cuts.svg");
  command->callback([options, &exit_code] { exit_code = report(evaluate(*options)); });
}

}  // namespace tinysplit
