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
#include "output_file.h"
#include "report/class_accuracy.h"
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
  Preprocessing preprocessing;
  std::vector<std::string> labels;  // of its classes; empty without a labels.txt
};

Result<EvaluatedModel> load_model(const std::string& given, const ReadOptions& reading) {
  EvaluatedModel model;
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(given));
  TINYSPLIT_ASSIGN_OR_RETURN(model.graph, read_model(folder.model_path, reading));
  TINYSPLIT_ASSIGN_OR_RETURN(model.preprocessing, preprocessing_of(folder.model_path));
  model.labels = folder.labels;
  TINYSPLIT_ASSIGN_OR_RETURN(model.engine, Engine::create(model.graph));
  return model;
}

Result<TestImages> images_for(const EvaluateOptions& options) {
  for (const Split split : {Split::kTrain, Split::kValidation, Split::kAll}) {
    const std::string name(split_name(split));
    if (options.split == name) return TestImages{split, "--split " + name};
  }
  return test_images_of(options.data, true);
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

// What the model to agree with makes of the same samples, in the numbers of `model`'s classes.
Result<CutEvaluation> evaluate_reference(const EvaluateOptions& options,
                                         const EvaluatedModel& model, Split split,
                                         const EvaluationData& data,
                                         const EvaluationOptions& running) {
  if (options.reference.empty()) return evaluate_uncut(*model.engine, data, running);
  TINYSPLIT_ASSIGN_OR_RETURN(const EvaluatedModel reference,
                             load_model(options.reference, options.reading));
  // What it takes may be of another size, or cut out of the files in another way.
  TINYSPLIT_ASSIGN_OR_RETURN(
      const LabelledImages own,
      load_data_for(*reference.graph, reference.preprocessing, options.data, split, options.limit));
  TINYSPLIT_ASSIGN_OR_RETURN(const EvaluationTask task,
                             find_task(*reference.graph, reference.labels, own));
  if (task.kind != data.task->kind) {
    return invalid_argument("it is for another task than " + options.model);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(
      CutEvaluation made,
      evaluate_uncut(*reference.engine, {own, reference.preprocessing, task}, running));
  if (!task.counts_classes() || reference.labels.empty() || model.labels.empty()) return made;
  TINYSPLIT_ASSIGN_OR_RETURN(
      const ClassMatch match,
      match_classes(reference.labels, ClassNumbers::kOfData, model.labels, model.labels.size()));
  for (std::int32_t& named : made.predictions) named = match.model_class[std::size_t(named)];
  return made;
}

double mean_of(std::span<const float> numbers) {
  double sum = 0.0;
  for (const float number : numbers) sum += static_cast<double>(number);
  return numbers.empty() ? 0.0 : sum / static_cast<double>(numbers.size());
}

EvaluatedErrors errors_of(const CutEvaluation& cut, const LabelledImages& images) {
  EvaluatedErrors errors{mean_of(cut.squared_errors), mean_of(cut.absolute_errors), {}};
  if (images.classes.size() == 2) errors.roc_area = roc_area(cut.squared_errors, images.labels);
  return errors;
}

EvaluatedCut summed_up(const CutEvaluation& cut, const Graph& graph, const LabelledImages& images,
                       const CutEvaluation& reference) {
  EvaluatedCut result;
  result.cut = cut.cut;
  result.after = cut.cut == 0 ? "(input)" : graph.layers()[std::size_t(cut.cut) - 1].name;
  if (cut.predictions.empty()) {
    result.errors = errors_of(cut, images);
  } else {
    result.accuracy = equal_share(cut.predictions, images.labels);
    result.agreement = equal_share(cut.predictions, reference.predictions);
  }
  result.live_bytes = cut.live_bytes;
  result.wire_bytes = cut.wire_bytes;
  result.head_s = cut.head_s;
  result.codec_s = cut.codec_s;
  result.tail_s = cut.tail_s;
  return result;
}

Status evaluate(const EvaluateOptions& options) {
  if (!options.svg.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(check_output({"--svg", options.svg, OutputKind::kSvg}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const EvaluatedModel model,
                             load_model(options.model, options.reading));
  const Graph& graph = *model.graph;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<int> cuts, cuts_of(options, graph));
  TINYSPLIT_ASSIGN_OR_RETURN(const TestImages tested, images_for(options));
  TINYSPLIT_ASSIGN_OR_RETURN(
      LabelledImages images,
      load_data_for(graph, model.preprocessing, options.data, tested.split, options.limit));
  TINYSPLIT_ASSIGN_OR_RETURN(const EvaluationTask task, find_task(graph, model.labels, images));
  if (task.counts_classes()) {
    TINYSPLIT_RETURN_IF_ERROR(match_classes_of(graph, model.labels, options.data, images));
  }
  const EvaluationData data{images, model.preprocessing, task};

  EvaluationOptions running;
  running.workers = options.workers > 0
                        ? options.workers
                        : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const std::size_t runs = cuts.size() + 1;
  Progress progress("reference", static_cast<std::int64_t>(runs * images.size()), "images");
  running.on_images = [&](std::size_t count) {
    progress.advance(static_cast<std::int64_t>(count));
  };
  Result<CutEvaluation> reference = evaluate_reference(options, model, tested.split, data, running);
  if (!reference.ok()) {
    return options.reference.empty()
               ? reference.status()
               : reference.status().with_context("reference " + options.reference);
  }
  EvaluationResult evaluation;
  double lowest = 2.0;
  for (const int cut : cuts) {
    progress.set_label("cut " + std::to_string(cut));
    TINYSPLIT_ASSIGN_OR_RETURN(const CutEvaluation result,
                               evaluate_cut(*model.engine, cut, data, running));
    evaluation.cuts.push_back(summed_up(result, graph, images, *reference));
    if (task.counts_classes() && evaluation.cuts.back().accuracy < lowest) {
      lowest = evaluation.cuts.back().accuracy;
      evaluation.confusion = confusion_of(images.classes, images.labels, result.predictions);
    }
  }
  progress.finish();
  evaluation.model = graph.name();
  evaluation.digest = graph.digest();
  evaluation.data = options.data;
  evaluation.images_are = tested.are;
  evaluation.reference =
      "the uncut " + (options.reference.empty() ? graph.name() : options.reference);
  evaluation.task = task.kind;
  if (task.counts_classes()) {
    evaluation.reference_accuracy = equal_share(reference->predictions, images.labels);
  } else {
    evaluation.reference_errors = errors_of(*reference, images);
  }
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
      .add_option(
          "--dataset", options.data,
          "Labelled samples: fashion-mnist, fashion-footwear, a folder with a sub-folder of "
          "images for each class, or of IDX files, or arrays: .npz, .npy or .csv")
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
      "Classes are matched by the names in the model's labels.txt; pixels are scaled as its\n"
      "preprocessing.json says (docs/data.md). A model that scores no classes is measured by its\n"
      "errors against y, or, an autoencoder, against its input.\n"
      "Example:\n"
      "  tinysplit evaluate models/fashion_resnet --dataset fashion-mnist --cut 39\n"
      "  tinysplit evaluate fashion_int8.tflite --dataset fashion-mnist --all-cuts \\\n"
      "      --reference models/fashion_resnet --svg cuts.svg");
  command->callback([options, &exit_code] { exit_code = report(evaluate(*options)); });
}

}  // namespace tinysplit
