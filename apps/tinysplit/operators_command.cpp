#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "commands.h"
#include "engine/engine.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "model_input.h"
#include "operators_output.h"

namespace tinysplit {
namespace {

struct OperatorsOptions {
  std::string model;
  std::string format;
  bool json = false;
  bool markdown = false;
  ReadOptions reading;
};

// Reading alone does not tell whether there is a kernel for everything, with the types that the
// operators have in this model.
Status try_to_load(const std::filesystem::path& path, const ReadOptions& reading,
                   std::vector<LayerWithoutKernel>& missing) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto graph, read_model(path, reading));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto engine, Engine::create(graph));
  Status verdict = ok_status();
  for (const MissingKernel& each : engine->find_missing_kernels()) {
    const Layer& layer = graph->layers()[static_cast<std::size_t>(each.layer)];
    missing.push_back({layer.name, layer.kind, each.reason.message()});
    if (verdict.ok()) verdict = each.reason;
  }
  return verdict;
}

Status survey(const OperatorsOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(options.model));
  ModelReport report;
  report.file = folder.model_path.string();
  TINYSPLIT_ASSIGN_OR_RETURN(report.operators, survey_model(folder.model_path, options.reading));
  report.loads = try_to_load(folder.model_path, options.reading, report.without_kernel);
  const auto lists = list_operators();
  const std::string text = options.json ? to_json(report, lists) : to_table(report, lists);
  std::fputs(text.c_str(), stdout);
  return report.loads;
}

Status show(const OperatorsOptions& options) {
  if (!options.model.empty()) {
    if (!options.markdown && options.format.empty()) return survey(options);
    return invalid_argument(
        "--format and --markdown are for the lists of all operators, without "
        "a model; try tinysplit operators --help");
  }
  auto lists = list_operators();
  if (!options.format.empty()) {
    std::erase_if(lists, [&](const OperatorList& list) { return list.format != options.format; });
  }
  const std::string text = options.json       ? to_json(lists)
                           : options.markdown ? to_markdown(lists)
                                              : to_table(lists);
  std::fputs(text.c_str(), stdout);
  return ok_status();
}

}  // namespace

void add_operators_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<OperatorsOptions>();
  CLI::App* command = app.add_subcommand(
      "operators", "Show which layers and operators are supported, of all formats or of a model");
  command->add_option("model", options->model,
                      "Model file (.keras, .h5, .tflite, .onnx) or its folder: which of its "
                      "operators are supported, and whether it loads");
  command->add_option("--format", options->format, "Only this format")
      ->check(CLI::IsMember({"keras", "tflite", "onnx"}));
  auto* json = command->add_flag("--json", options->json, "Print JSON, for scripts");
  command->add_flag("--markdown", options->markdown, "Print the page docs/operators.md")
      ->excludes(json);
  add_reading_options(*command, options->reading);
  command->footer(
      "Examples:\n"
      "  tinysplit operators model.tflite\n"
      "  tinysplit operators --format onnx\n"
      "  tinysplit operators model.onnx --json | jq '.operators[] | select(.supported | not)'\n\n"
      "Exit code 0 says that the model loads.");
  command->callback([options, &exit_code] { exit_code = report(show(*options)); });
}

}  // namespace tinysplit
