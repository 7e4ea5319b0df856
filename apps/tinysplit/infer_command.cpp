#include <algorithm>
#include <cstdio>
#include <memory>

#include "class_output.h"
#include "commands.h"
#include "core/file.h"
#include "engine/named_run.h"
#include "evaluation/image_input.h"
#include "formats/image/image.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "formats/npy/npy.h"
#include "graph/cut_names.h"
#include "model_input.h"
#include "output_file.h"

namespace tinysplit {
namespace {

struct InferCommandOptions {
  std::string model;
  std::string input;
  std::string output;
  std::string begin = "0";
  std::string end;
  int threads = 1;
  ReadOptions reading;
};

Result<std::vector<NamedTensor>> read_inputs(const InferCommandOptions& options,
                                             const ModelFolder& folder, const Graph& graph,
                                             int begin) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes,
                             read_file(options.input, limits::kMaxArrayFileBytes));
  if (!looks_like_image(bytes)) return read_arrays(options.input);
  if (begin != 0 || graph.inputs().size() != 1) {
    return invalid_argument(options.input +
                            " is an image, which only the one input of a whole model can be");
  }
  const Value& value = graph.value(graph.inputs()[0]);
  TINYSPLIT_ASSIGN_OR_RETURN(const Preprocessing preprocessing,
                             preprocessing_of(folder.model_path));
  Result<Tensor> image = image_for(bytes, value, preprocessing);
  if (!image.ok()) return image.status().with_context(options.input);
  std::vector<NamedTensor> inputs;
  inputs.push_back({value.name, std::move(*image)});
  return inputs;
}

Status write_outputs(const std::string& path, const std::vector<NamedTensor>& outputs) {
  if (!path.ends_with(".npy")) return write_npz(path, outputs);
  if (outputs.size() != 1) {
    return invalid_argument(path + ": a .npy file holds one tensor, these layers give " +
                            std::to_string(outputs.size()) + "; name a .npz file");
  }
  return write_npy(path, outputs[0].tensor.view());
}

// One line for each tensor; the best five classes of what looks like scores.
void print_outputs(const std::vector<NamedTensor>& outputs, const Graph& graph,
                   const std::vector<std::string>& labels) {
  constexpr std::size_t kShown = 5;
  for (const NamedTensor& output : outputs) {
    std::printf("%s %s\n", output.name.c_str(), output.tensor.shape().to_string().c_str());
    const std::vector<NamedClass> classes = named_classes(output, graph, labels);
    for (std::size_t i = 0; i < std::min(kShown, classes.size()); ++i) {
      std::printf("  %4d  %10.6f  %s\n", classes[i].index, static_cast<double>(classes[i].score),
                  classes[i].name.c_str());
    }
  }
}

Status infer(const InferCommandOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(options.model));
  if (!options.output.empty()) {
    const bool is_npy = options.output.ends_with(".npy");
    TINYSPLIT_RETURN_IF_ERROR(check_output({"--output",
                                            options.output,
                                            is_npy ? OutputKind::kNpy : OutputKind::kNpz,
                                            {options.input}}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const auto graph, read_model(folder.model_path, options.reading));
  const std::vector<std::string> layers = layer_names(*graph);
  TINYSPLIT_ASSIGN_OR_RETURN(const int begin, parse_cut(options.begin, layers, "--begin"));
  int end = graph->num_layers();
  if (!options.end.empty()) {
    TINYSPLIT_ASSIGN_OR_RETURN(end, parse_cut(options.end, layers, "--end"));
  }
  EngineOptions engine_options;
  engine_options.threads = options.threads;
  TINYSPLIT_ASSIGN_OR_RETURN(const auto engine, Engine::create(graph, engine_options));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto segment, engine->make_segment(begin, end));
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<NamedTensor> inputs,
                             read_inputs(options, folder, *graph, begin));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<NamedTensor> outputs,
                             run_named(*segment, *graph, std::move(inputs)));
  if (!options.output.empty()) return write_outputs(options.output, outputs);
  print_outputs(outputs, *graph,
                end == graph->num_layers() ? folder.labels : std::vector<std::string>());
  return ok_status();
}

}  // namespace

void add_infer_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<InferCommandOptions>();
  CLI::App* command = app.add_subcommand("infer", "Run a model, or any segment of it, on a file");
  command
      ->add_option("model", options->model,
                   "Model file (.keras, .h5, .tflite, .onnx) or its folder")
      ->required();
  command
      ->add_option("--input", options->input,
                   "Image (PNG, JPEG, BMP, GIF, WebP), .npy (one tensor) or .npz (tensors by name)")
      ->required();
  command->add_option("--output", options->output,
                      ".npz or .npy file to write (default: print the best classes)");
  command
      ->add_option("--begin", options->begin,
                   "Where to begin: " + std::string(kCutForms) + " of which the outputs are given")
      ->capture_default_str();
  command->add_option("--end", options->end,
                      "Where to stop: as --begin (default: behind the last layer)");
  command->add_option("--threads", options->threads, "Threads inside one operation")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  add_reading_options(*command, options->reading);
  command->footer(
      "Layers [begin, end) run. With an end before the last layer the output holds the live "
      "tensors\n"
      "of that cut by name, which --begin takes as input. Images are scaled as preprocessing.json\n"
      "beside the model says (docs/data.md), arrays are taken as they are.\n"
      "Example:\n"
      "  tinysplit infer models/fashion_resnet --input models/fashion_resnet/data/03_dress.png\n"
      "  tinysplit infer model.keras --input x.npz --end 4 --output cut.npz\n"
      "  tinysplit infer model.keras --input cut.npz --begin 4 --output y.npz\n"
      "  tinysplit infer model.keras --input x.npz --end after:block_3 --output cut.npz");
  command->callback([options, &exit_code] { exit_code = report(infer(*options)); });
}

}  // namespace tinysplit
