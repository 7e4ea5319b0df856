#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "commands.h"
#include "core/file.h"
#include "core/limits.h"
#include "dataset_input.h"
#include "evaluation/evaluation_task.h"
#include "evaluation/sample_feed.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "formats/tflite/tflite_writer.h"
#include "model_input.h"
#include "output_file.h"
#include "quantization/calibration.h"
#include "quantization/folding.h"
#include "quantization/trained_ranges.h"
#include "quantize_output.h"
#include "quantize_testing.h"
#include "quantize_tuning.h"
#include "report/progress.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNoiseSamples = 16;

struct QuantizeOptions {
  std::string model;
  std::string data;
  std::size_t samples = 500;
  std::string ranges = "minmax";
  double percentile = 99.99;
  std::string io = "float32";
  bool per_channel_dense = false;
  std::vector<std::string> keep_float;
  training::FineTuningOptions tuning{.epochs = 0};
  std::string output;
  std::string report;
  std::size_t test_images = 0;
  bool no_test = false;
  bool force = false;
  bool json = false;
  ReadOptions reading;
};

RangeMethod method_of(const std::string& name) {
  if (name == "percentile") return RangeMethod::kPercentile;
  return name == "mse" ? RangeMethod::kMse : RangeMethod::kMinMax;
}

// Float32 samples of the data.
Samples samples_of(const SampleFeed& feed, std::size_t count) {
  return {count, [feed](std::size_t i) -> Result<std::vector<Tensor>> {
            std::vector<Tensor> tensors;
            TINYSPLIT_ASSIGN_OR_RETURN(Tensor tensor, feed.tensor(i));
            tensors.push_back(std::move(tensor));
            return tensors;
          }};
}

using PixelRange = std::optional<std::pair<float, float>>;

// `trained` has the ranges of a fine-tuned network's values, as far as it knows them.
Result<Ranges> find_ranges(const QuantizeOptions& options, const Graph& folded,
                           const Samples& samples, const PixelRange& pixels,
                           const Ranges& trained) {
  CalibrationOptions calibration;
  calibration.method = method_of(options.ranges);
  calibration.percentile = options.percentile;
  Progress progress("calibrating",
                    static_cast<std::int64_t>(calibration_runs(samples, calibration)), "samples");
  calibration.on_sample = [&] { progress.advance(); };
  TINYSPLIT_ASSIGN_OR_RETURN(const Ranges calibrated, calibrate(folded, samples, calibration));
  Ranges ranges = with_trained(folded, calibrated, trained);
  // Pixels are 0..255 whether these images have them or not, so that the stored number of one is
  // the pixel less 128.
  if (pixels) ranges[folded.value(folded.inputs()[0]).name] = {pixels->first, pixels->second};
  return ranges;
}

QuantizationOptions choices_of(const QuantizeOptions& options) {
  QuantizationOptions choices;
  choices.int8_inputs = choices.int8_outputs = options.io == "int8";
  choices.per_channel_dense = options.per_channel_dense;
  choices.keep_float.insert(options.keep_float.begin(), options.keep_float.end());
  return choices;
}

struct Int8Model {
  QuantizedModel model;
  Ranges ranges;
};

Result<Int8Model> make_int8(const QuantizeOptions& options, const Graph& graph,
                            const Samples& samples, const PixelRange& pixels,
                            const Ranges& trained) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto folded, fold_operations(graph));
  Int8Model made;
  TINYSPLIT_ASSIGN_OR_RETURN(made.ranges, find_ranges(options, *folded, samples, pixels, trained));
  TINYSPLIT_ASSIGN_OR_RETURN(made.model, quantize(folded, made.ranges, choices_of(options)));
  return made;
}

Status measure(const Int8Model& made, const QuantizationOptions& options, Samples samples,
               QuantizationReport& report) {
  const QuantizedModel& model = made.model;
  samples.count = std::min(samples.count, kNoiseSamples);
  report.noise_samples = samples.count;
  Progress progress("comparing layers",
                    static_cast<std::int64_t>(samples.count + model.layers.size()), "steps");
  TINYSPLIT_ASSIGN_OR_RETURN(report.noise,
                             measure_noise(model, samples, [&] { progress.advance(); }));
  TINYSPLIT_ASSIGN_OR_RETURN(
      report.output_noise,
      measure_output_noise(model, made.ranges, options, samples, [&] { progress.advance(); }));
  return ok_status();
}

std::int64_t weight_bytes(const Graph& graph) {
  std::int64_t bytes = 0;
  for (const Layer& layer : graph.layers()) bytes += layer.weight_bytes;
  return bytes;
}

Status write_model(const Graph& graph, const std::string& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, write_tflite(graph));
  return write_file_atomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// The int8 model takes the same pixels, which a folder of its own may not say.
void note_other_pixels(const Preprocessing& preprocessing, const std::filesystem::path& model,
                       const std::filesystem::path& output) {
  Result<Preprocessing> beside_output = preprocessing_of(output);
  if (beside_output.ok()) beside_output->is_stated = preprocessing.is_stated;
  if (beside_output.ok() && *beside_output == preprocessing) return;
  const fs::path here = model.parent_path() / "preprocessing.json";
  const fs::path there = output.parent_path() / "preprocessing.json";
  if (!preprocessing.is_stated) {
    std::fprintf(stderr, "tinysplit: note: %s takes raw pixels 0..255, whatever %s says\n",
                 output.c_str(), there.c_str());
  } else {
    std::fprintf(stderr, "tinysplit: note: %s takes pixels as %s says; copy that file beside it\n",
                 output.c_str(), here.c_str());
  }
}

Status write_report(const QuantizationReport& report, const std::string& path) {
  const std::string text =
      path.ends_with(".md") ? quantization_markdown(report) : quantization_json(report) + "\n";
  return write_file_atomically(path, text);
}

QuantizationReport report_of(const QuantizeOptions& options, const QuantizedModel& model,
                             std::size_t samples) {
  QuantizationReport report;
  report.model = model.folded->name();
  report.data = options.data;
  report.ranges = options.ranges;
  report.samples = samples;
  report.output = options.output;
  report.layers = model.layers;
  report.float_weight_bytes = weight_bytes(*model.folded);
  report.int8_weight_bytes = weight_bytes(*model.graph);
  return report;
}

// What fine-tuning starts from; nothing if none is asked for.
Result<std::optional<training::TrainedModel>> trained_model(const QuantizeOptions& options,
                                                            const std::filesystem::path& path) {
  if (options.tuning.epochs == 0) return std::optional<training::TrainedModel>();
  Result<training::TrainedModel> model = training::read_trained_model(path);
  if (!model.ok()) return model.status().with_context("--finetune");
  return std::optional(std::move(*model));
}

// Whether there is something that the outputs can be held against; says what there is not. Numbers
// the classes of `images` as the model does. Errors: those of match_classes_of().
Result<bool> can_be_tested(const QuantizeOptions& options, const Graph& graph,
                           const std::vector<std::string>& labels, LabelledImages& images) {
  if (options.no_test) return false;
  const Result<EvaluationTask> task = find_task(graph, labels, images);
  if (!task.ok()) {
    if (!images.labels.empty()) return task.status().with_context(options.data);
    std::fprintf(stderr, "tinysplit: note: the accuracy is not measured: %s\n",
                 task.status().message().c_str());
    return false;
  }
  if (task->counts_classes()) {
    TINYSPLIT_RETURN_IF_ERROR(match_classes_of(graph, labels, options.data, images));
  }
  return true;
}

Status check_outputs(const QuantizeOptions& options, const fs::path& model) {
  if (!options.output.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(
        check_output({"--output", options.output, OutputKind::kTflite, {model}, options.force}));
  }
  if (options.report.empty()) return ok_status();
  const bool is_markdown = options.report.ends_with(".md");
  return check_output({"--report", options.report,
                       is_markdown ? OutputKind::kReportMarkdown : OutputKind::kReportJson});
}

Status quantize_model(const QuantizeOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(options.model));
  TINYSPLIT_RETURN_IF_ERROR(check_outputs(options, folder.model_path));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto trained, trained_model(options, folder.model_path));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto graph, read_model(folder.model_path, options.reading));
  TINYSPLIT_ASSIGN_OR_RETURN(const Preprocessing preprocessing,
                             preprocessing_of(folder.model_path));
  TINYSPLIT_ASSIGN_OR_RETURN(
      LabelledImages images,
      load_data_for(*graph, preprocessing, options.data, Split::kTrain, options.samples));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool is_tested,
                             can_be_tested(options, *graph, folder.labels, images));
  if (trained && !is_tested) {
    TINYSPLIT_RETURN_IF_ERROR(match_classes_of(*graph, folder.labels, options.data, images));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const SampleFeed feed,
                             SampleFeed::create(*graph, images, preprocessing));
  const Samples samples = samples_of(feed, images.size());
  PixelRange pixels;
  if (feed.pixels() != nullptr) pixels = feed.pixels()->range();
  TINYSPLIT_ASSIGN_OR_RETURN(Int8Model made, make_int8(options, *graph, samples, pixels, {}));

  std::optional<QuantizedModel> untuned;
  std::optional<TuningSummary> tuning;
  if (trained) {
    TINYSPLIT_ASSIGN_OR_RETURN(const TunedModel tuned,
                               tune_model(*trained, *graph, folder.labels, options.data,
                                          preprocessing, options.tuning, options.json));
    untuned = std::move(made.model);
    TINYSPLIT_ASSIGN_OR_RETURN(made,
                               make_int8(options, *tuned.graph, samples, pixels, tuned.ranges));
    tuning = {options.tuning.epochs, options.tuning.learning_rate, tuned.images, tuned.loss};
  }
  if (!options.output.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(write_model(*made.model.graph, options.output));
    note_other_pixels(preprocessing, folder.model_path, options.output);
  }

  QuantizationReport report = report_of(options, made.model, images.size());
  report.tuning = tuning;
  TINYSPLIT_RETURN_IF_ERROR(measure(made, choices_of(options), samples, report));
  if (is_tested) {
    const QuantizationTest test{options.data, options.test_images, graph, folder.labels,
                                preprocessing};
    TINYSPLIT_RETURN_IF_ERROR(
        test_quantized(test, made.model, untuned ? &*untuned : nullptr, report));
  }
  if (!options.report.empty()) TINYSPLIT_RETURN_IF_ERROR(write_report(report, options.report));
  std::fputs((options.json ? quantization_json(report) + "\n" : quantization_text(report)).c_str(),
             stdout);
  return ok_status();
}

void add_tuning_options(CLI::App& command, training::FineTuningOptions& tuning) {
  CLI::Option* const finetune =
      command
          .add_option("--finetune", tuning.epochs,
                      "Train so many epochs with int8 rounding before quantising, on the training "
                      "part and its labels; of Keras models")
          ->check(CLI::Range(1, 10'000));
  command.add_option("--learning-rate", tuning.learning_rate, "Of --finetune: the first one")
      ->check(CLI::PositiveNumber)
      ->needs(finetune)
      ->capture_default_str();
  command.add_option("--seed", tuning.seed, "Of --finetune: of the order of the images")
      ->needs(finetune)
      ->capture_default_str();
  command
      .add_option("--threads", tuning.threads, "Of --finetune; one gives the same bits every time")
      ->check(CLI::Range(1, limits::kMaxTrainingThreads))
      ->needs(finetune)
      ->capture_default_str();
}

void add_options(CLI::App& command, QuantizeOptions& options) {
  command
      .add_option("model", options.model,
                  "Float32 model file (.keras, .h5, .tflite, .onnx) or its folder")
      ->required();
  command
      .add_option("--calibrate", options.data,
                  "Samples to learn the ranges from: fashion-mnist, a folder with a sub-folder of "
                  "images for each class, or of IDX files, or arrays: .npz, .npy or .csv")
      ->required();
  command
      .add_option("--samples", options.samples, "Samples of the training part to calibrate with")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command
      .add_option("--ranges", options.ranges,
                  "minmax: all that was seen; percentile: without the outermost; mse: the least "
                  "squared error")
      ->check(CLI::IsMember({"minmax", "percentile", "mse"}))
      ->capture_default_str();
  command.add_option("--percentile", options.percentile, "Of --ranges percentile, at either end")
      ->check(CLI::Range(50.1, 100.0))
      ->capture_default_str();
  command.add_option("--io", options.io, "What the model takes and gives: float32 or int8")
      ->check(CLI::IsMember({"float32", "int8"}))
      ->capture_default_str();
  command.add_flag("--per-channel-dense", options.per_channel_dense,
                   "Dense layers with a scale for each output (TensorFlow Lite of 2023 or later)");
  command
      .add_option("--keep-float", options.keep_float, "A layer that stays float32; again for more")
      ->allow_extra_args(false);
  add_tuning_options(command, options.tuning);
  command.add_option("--output", options.output, "TensorFlow Lite file to write");
  command.add_flag("--force", options.force, "Replace the model of a model folder");
  command.add_option("--report", options.report, "Report to write: .md for people, else JSON");
  command.add_option("--test-images", options.test_images,
                     "Labelled samples to compare the accuracy on (default: the whole test part)");
  command.add_flag("--no-test", options.no_test, "Do not measure the accuracy");
  command.add_flag("--json", options.json, "Print the report as JSON");
}

}  // namespace

void add_quantize_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<QuantizeOptions>();
  CLI::App* command =
      app.add_subcommand("quantize", "Make an int8 model of a float32 one, and say what it costs");
  add_options(*command, *options);
  add_reading_options(*command, options->reading);
  command->footer(
      "The accuracy is measured on samples that the ranges were not made of. Classes are matched "
      "by\n"
      "the names in the model's labels.txt; pixels are scaled as its preprocessing.json says\n"
      "(docs/data.md).\n"
      "Examples:\n"
      "  tinysplit quantize models/fashion_resnet --calibrate fashion-mnist \\\n"
      "      --output fashion_int8.tflite --report fashion_int8.md\n"
      "  tinysplit quantize model.keras --calibrate photos --ranges mse --io int8 "
      "--output m.tflite\n"
      "  tinysplit quantize models/fashion_resnet --calibrate fashion-mnist --finetune 1 \\\n"
      "      --output fashion_int8.tflite");
  command->callback([options, &exit_code] { exit_code = report(quantize_model(*options)); });
}

}  // namespace tinysplit
