#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "core/file.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "graph/analytics.h"
#include "graph/cuts.h"
#include "graph/metrics.h"
#include "graph/micro_arena.h"
#include "inspect_diagram.h"
#include "json_output.h"
#include "model_input.h"
#include "output_file.h"
#include "report/table.h"
#include "report/terminal.h"
#include "report/units.h"

namespace tinysplit {
namespace {

using Json = nlohmann::ordered_json;

struct InspectOptions {
  std::string model;
  bool json = false;
  std::string dot;
  std::string svg;
  ReadOptions reading;
};

Json json_bytes(std::int64_t bytes) { return bytes == kUnknownBytes ? Json() : Json(bytes); }

std::string shown_bytes(std::int64_t bytes) {
  return bytes == kUnknownBytes ? "?" : format_bytes(static_cast<double>(bytes));
}

Json to_json(const Graph& graph) {
  const auto macs = layer_macs(graph);
  const auto ram = head_peak_ram_bytes(graph);
  const auto arena = head_micro_arena_bytes(graph);
  Json layers = Json::array();
  for (std::size_t i = 0; i < graph.layers().size(); ++i) {
    const Layer& layer = graph.layers()[i];
    const Shape shape = layer.outputs.empty() ? Shape() : graph.value(layer.outputs.front()).shape;
    layers.push_back({{"index", i},
                      {"name", layer.name},
                      {"kind", layer.kind},
                      {"output_shape", shape.dims()},
                      {"macs", macs[i]},
                      {"weight_bytes", layer.weight_bytes}});
  }
  Json cuts = Json::array();
  for (const Cut& cut : find_cuts(graph)) {
    cuts.push_back({{"cut", cut.cut},
                    {"live_bytes", cut.live_bytes},
                    {"live_tensors", json_values(graph, cut.live_tensors)},
                    {"head_peak_ram_bytes", ram[static_cast<std::size_t>(cut.cut)]},
                    {"head_tflm_arena_bytes", json_bytes(arena[static_cast<std::size_t>(cut.cut)])},
                    {"reveals_input", cut.reveals_input},
                    {"splits_fusion", cut.splits_fusion}});
  }
  return {{"name", graph.name()},
          {"digest", graph.digest()},
          {"inputs", json_values(graph, graph.inputs())},
          {"outputs", json_values(graph, graph.outputs())},
          {"layers", std::move(layers)},
          {"cuts", std::move(cuts)}};
}

std::string join_names(const Graph& graph, const std::vector<ValueId>& ids) {
  std::string text;
  for (const ValueId id : ids) text += (text.empty() ? "" : ", ") + graph.value(id).name;
  return text;
}

void print_table(const Graph& graph) {
  using Align = Table::Align;
  using Fit = Table::Fit;
  const auto macs = layer_macs(graph);
  const auto ram = head_peak_ram_bytes(graph);
  const auto arena = head_micro_arena_bytes(graph);
  const auto cuts = find_cuts(graph);
  std::int64_t all_macs = 0, all_weights = 0;
  Table table({{"layer", Align::kRight},
               {"name", Align::kLeft, Fit::kWrap},
               {"kind", Align::kLeft, Fit::kWrap},
               {"output", Align::kLeft},
               {"MACs", Align::kRight, Fit::kDrop},
               {"weights", Align::kRight, Fit::kDrop},
               {"RAM up to here", Align::kRight, Fit::kDrop},
               {"in TFLM", Align::kRight, Fit::kDrop},
               {"cut", Align::kRight},
               {"sends", Align::kRight},
               {"tensors", Align::kLeft, Fit::kDrop}});
  table.add_row({"", "(input)", "", "", "", "", "", "", "0",
                 format_bytes(static_cast<double>(cuts[0].live_bytes)),
                 join_names(graph, cuts[0].live_tensors)});
  for (std::size_t i = 0; i < graph.layers().size(); ++i) {
    const Layer& layer = graph.layers()[i];
    const Cut& cut = cuts[i + 1];
    all_macs += macs[i];
    all_weights += layer.weight_bytes;
    const bool last = i + 1 == graph.layers().size();
    table.add_row(
        {std::to_string(i), layer.name, layer.kind,
         layer.outputs.empty() ? "" : graph.value(layer.outputs.front()).shape.to_string(),
         macs[i] == 0 ? "" : format_count(macs[i]),
         layer.weight_bytes == 0 ? "" : format_bytes(static_cast<double>(layer.weight_bytes)),
         format_bytes(static_cast<double>(ram[i + 1])), shown_bytes(arena[i + 1]),
         std::to_string(i + 1),
         last ? "nothing" : format_bytes(static_cast<double>(cut.live_bytes)),
         last ? "all on the device" : join_names(graph, cut.live_tensors)});
  }
  std::string text = table.to_string(true, 0, output_columns());
  // A narrow window has no room for them.
  if (text.find("RAM up to here") != text.npos) {
    text += "\nRAM up to here: the activations alive at once, the least that any runtime needs.\n";
  }
  if (text.find("in TFLM") != text.npos) {
    text += "In TFLM: the arena that TensorFlow Lite Micro takes, estimated; ? is not known.\n";
  }
  std::printf("%s: %d layers, %s MACs, %s of weights, sha256 %.12s\n\n%s", graph.name().c_str(),
              graph.num_layers(), format_count(all_macs).c_str(),
              format_bytes(static_cast<double>(all_weights)).c_str(), graph.digest().c_str(),
              text.c_str());
}

Status write_text(const std::string& path, const std::string& text) {
  if (path != "-") return write_file_atomically(path, text);
  std::fputs(text.c_str(), stdout);
  return ok_status();
}

Status check_drawing(const char* option, const std::string& path, OutputKind kind) {
  return path.empty() || path == "-" ? ok_status() : check_output({option, path, kind});
}

Status inspect(const InspectOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(options.model));
  TINYSPLIT_RETURN_IF_ERROR(check_drawing("--svg", options.svg, OutputKind::kSvg));
  TINYSPLIT_RETURN_IF_ERROR(check_drawing("--dot", options.dot, OutputKind::kGraphviz));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto graph, read_model(folder.model_path, options.reading));
  if (!options.svg.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(write_text(options.svg, to_svg(diagram_of(*graph))));
  }
  if (!options.dot.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(write_text(options.dot, to_dot(diagram_of(*graph))));
  }
  if (options.dot == "-" || options.svg == "-") return ok_status();
  if (options.json) {
    std::printf("%s\n",
                to_json(*graph).dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  } else {
    print_table(*graph);
  }
  return ok_status();
}

}  // namespace

void add_inspect_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command = app.add_subcommand(
      "inspect", "Show a model's layers, their work and memory, and what each cut would send");
  command
      ->add_option("model", options->model,
                   "Model file (.keras, .h5, .tflite, .onnx) or its folder")
      ->required();
  command->add_flag("--json", options->json, "Print JSON, for scripts");
  command->add_option("--svg", options->svg, "Write a drawing of the graph to a file; - prints it");
  command->add_option("--dot", options->dot, "Write the graph for Graphviz to a file; - prints it");
  add_reading_options(*command, options->reading);
  command->footer(
      "Examples:\n"
      "  tinysplit inspect models/fashion_resnet\n"
      "  tinysplit inspect models/fashion_resnet --svg graph.svg\n"
      "  tinysplit inspect model.keras --dot - | dot -Tpdf > graph.pdf");
  command->callback([options, &exit_code] { exit_code = report(inspect(*options)); });
}

}  // namespace tinysplit
