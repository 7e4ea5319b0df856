#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "core/file.h"
#include "export_targets.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "graph/cut_names.h"
#include "graph/subgraph.h"
#include "json_output.h"
#include "model_input.h"
#include "output_file.h"
#include "report/table.h"
#include "report/terminal.h"
#include "report/units.h"

namespace tinysplit {
namespace {

using Json = nlohmann::ordered_json;

struct ExportOptions {
  std::string model;
  std::string output;
  std::string target;
  std::string part = "whole";
  std::string cut;
  std::string begin;
  std::string end;
  bool force = false;
  bool json = false;
  ReadOptions reading;
};

// Layers [begin, end) of a model.
struct Part {
  std::shared_ptr<const Graph> graph;
  std::string name;
  int begin = 0;
  int end = 0;
};

// Where a head or tail ends or begins.
Result<int> cut_of_part(const ExportOptions& options, const std::vector<std::string>& layers) {
  const bool head = options.part == "head";
  const int count = static_cast<int>(layers.size());
  // A head needs a layer before the cut, a tail one behind it.
  const int least = head ? 1 : 0;
  const int most = head ? count : count - 1;
  int cut = -1;
  if (!options.cut.empty()) {
    TINYSPLIT_ASSIGN_OR_RETURN(cut, parse_cut(options.cut, layers));
  }
  if (cut >= least && cut <= most) return cut;
  return invalid_argument("--part " + options.part + " needs --cut, a number of layers from " +
                          std::to_string(least) + " to " + std::to_string(most) +
                          ", after:LAYER or before:LAYER: the model has " + std::to_string(count));
}

Result<Part> part_of(const std::shared_ptr<const Graph>& graph, const ExportOptions& options) {
  const std::vector<std::string> layers = layer_names(*graph);
  const int count = graph->num_layers();
  Part part{graph, "whole", 0, count};
  if (!options.begin.empty() || !options.end.empty()) {
    part.name = "middle";
    if (!options.begin.empty()) {
      TINYSPLIT_ASSIGN_OR_RETURN(part.begin, parse_cut(options.begin, layers, "--begin"));
    }
    if (!options.end.empty()) {
      TINYSPLIT_ASSIGN_OR_RETURN(part.end, parse_cut(options.end, layers, "--end"));
    }
  } else if (options.part != "whole") {
    part.name = options.part;
    TINYSPLIT_ASSIGN_OR_RETURN(const int cut, cut_of_part(options, layers));
    (options.part == "head" ? part.end : part.begin) = cut;
  } else if (!options.cut.empty()) {
    return invalid_argument("--cut is of use with --part head or --part tail only");
  } else {
    return part;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(part.graph, extract_layers(*graph, part.begin, part.end));
  return part;
}

void print_json(const ExportOptions& options, const ExportTarget& target, const Graph& whole,
                const Part& part, std::size_t bytes) {
  Json json{{"model", whole.name()},
            {"digest", whole.digest()},
            {"part", part.name},
            {"begin", part.begin},
            {"end", part.end},
            {"target", target.name},
            {"output", options.output},
            {"bytes", bytes},
            {"inputs", json_values(*part.graph, part.graph->inputs())},
            {"outputs", json_values(*part.graph, part.graph->outputs())}};
  std::printf("%s\n", json.dump(2).c_str());
}

std::string describe_quantization(const Value& value) {
  if (!value.quantization) return "";
  const Quantization& quantization = *value.quantization;
  if (quantization.scale.size() != 1) {
    return std::to_string(quantization.scale.size()) + " scales along axis " +
           std::to_string(quantization.axis);
  }
  const int zero_point = quantization.zero_point[0];
  char text[64];
  std::snprintf(text, sizeof text, "%.9g * (q %c %d)", static_cast<double>(quantization.scale[0]),
                zero_point < 0 ? '+' : '-', std::abs(zero_point));
  return text;
}

void print_table(const ExportOptions& options, const ExportTarget& target, const Graph& whole,
                 const Part& part, std::size_t bytes) {
  using Align = Table::Align;
  Table table({{"", Align::kLeft},
               {"name", Align::kLeft, Table::Fit::kWrap},
               {"type", Align::kLeft},
               {"shape", Align::kLeft},
               {"real number", Align::kLeft, Table::Fit::kWrap}});
  const auto add_rows = [&](const char* what, const std::vector<ValueId>& ids) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const Value& value = part.graph->value(ids[i]);
      table.add_row({what + std::string(" ") + std::to_string(i), value.name,
                     std::string(dtype_name(value.dtype)), value.shape.to_string(),
                     describe_quantization(value)});
    }
  };
  add_rows("input", part.graph->inputs());
  add_rows("output", part.graph->outputs());
  std::printf("%s: layers [%d, %d) of %s, %s, for %s\n\n%s", options.output.c_str(), part.begin,
              part.end, whole.name().c_str(), format_bytes(static_cast<double>(bytes)).c_str(),
              target.opened_by, table.to_string(true, 0, output_columns()).c_str());
}

Status export_model(const ExportOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ExportTarget* target,
                             find_export_target(options.target, options.output));
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(options.model));
  TINYSPLIT_RETURN_IF_ERROR(
      check_output({"--output", options.output, target->kind, {folder.model_path}, options.force}));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto graph, read_model(folder.model_path, options.reading));
  TINYSPLIT_ASSIGN_OR_RETURN(const Part part, part_of(graph, options));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string contents, target->write(*part.graph));
  TINYSPLIT_RETURN_IF_ERROR(write_file_atomically(options.output, contents));
  (options.json ? print_json : print_table)(options, *target, *graph, part, contents.size());
  return ok_status();
}

std::string footer() {
  std::string text =
      "A head runs the layers before the cut and leaves the tensors that `tinysplit inspect` "
      "lists\n"
      "for it; a tail takes these, in the same order, and gives the model's outputs. Layers in "
      "the\n"
      "middle (--begin, --end) take the tensors of one cut and leave those of the other.\n"
      "Targets:\n";
  for (const ExportTarget& target : export_targets()) {
    text += "  " + std::string(target.name) + std::string(8 - std::string(target.name).size(), ' ');
    text += std::string(target.extension) + ", " + target.dtypes + ", opened by " +
            target.opened_by + "\n";
  }
  return text +
         "Examples:\n"
         "  tinysplit export models/fashion_resnet --cut 6 --part head --output head.tflite\n"
         "  tinysplit export models/fashion_resnet --cut 6 --part tail --output tail.keras\n"
         "  tinysplit export model.keras --cut after:block_3 --part head --output head.onnx\n"
         "  tinysplit export model.keras --begin 4 --end before:top --output middle.tflite\n"
         "  tinysplit export model.tflite --target keras --output whole.keras --json";
}

}  // namespace

void add_export_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand(
      "export", "Write a model, or its head or tail at a cut, for another runtime");
  command
      ->add_option("model", options->model,
                   "Model file (.keras, .h5, .tflite, .onnx) or its folder")
      ->required();
  command->add_option("--output", options->output, "File to write")->required();
  auto* part = command->add_option("--part", options->part, "whole, head or tail")
                   ->check(CLI::IsMember({"whole", "head", "tail"}))
                   ->capture_default_str();
  auto* cut =
      command->add_option("--cut", options->cut, "Where the head ends: " + std::string(kCutForms));
  for (const auto& [name, value, help] :
       {std::tuple("--begin", &options->begin,
                   "Instead of a part, the layers from this cut on (default: 0)"),
        std::tuple("--end", &options->end,
                   "and up to this one (default: behind the last layer)")}) {
    command->add_option(name, *value, help)->excludes(part)->excludes(cut);
  }
  command->add_option("--target", options->target,
                      "Kind of file (default: by the extension of --output)");
  command->add_flag("--force", options->force, "Replace the model of a model folder");
  command->add_flag("--json", options->json, "Print what was written as JSON");
  add_reading_options(*command, options->reading);
  command->footer(footer());
  command->callback([options, &exit_code] { exit_code = report(export_model(*options)); });
}

}  // namespace tinysplit
