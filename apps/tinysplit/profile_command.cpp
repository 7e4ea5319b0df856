#include <cstdio>
#include <memory>

#include "commands.h"
#include "engine/profiler.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "model_input.h"
#include "output_file.h"
#include "report/progress.h"
#include "report/table.h"
#include "report/terminal.h"
#include "report/units.h"

namespace tinysplit {
namespace {

struct ProfileCommandOptions {
  std::string model;
  std::string output;
  int runs = 200;
  int threads = 1;
  bool json = false;
  ReadOptions reading;
};

void print_table(const Analytics& analytics) {
  using Align = Table::Align;
  Table table({{"layer", Align::kRight},
               {"name", Align::kLeft, Table::Fit::kWrap},
               {"kind", Align::kLeft, Table::Fit::kWrap},
               {"median", Align::kRight},
               {"p10", Align::kRight, Table::Fit::kDrop},
               {"p90", Align::kRight, Table::Fit::kDrop},
               {"MMAC/s", Align::kRight}});
  double total = 0.0;
  for (std::size_t i = 0; i < analytics.layers.size(); ++i) {
    const LayerAnalytics& layer = analytics.layers[i];
    total += layer.time_s;
    const bool counts = layer.macs > 0 && layer.time_s > 0.0;
    char rate[32] = "";
    if (counts) {
      std::snprintf(rate, sizeof(rate), "%.0f",
                    static_cast<double>(layer.macs) / layer.time_s * 1e-6);
    }
    table.add_row({std::to_string(i), layer.name, layer.kind, format_seconds(layer.time_s),
                   format_seconds(layer.time_p10_s), format_seconds(layer.time_p90_s), rate});
  }
  std::printf("%s\n%s for all layers, median of %d runs, %d thread%s, on %s\n",
              table.to_string(true, 0, output_columns()).c_str(), format_seconds(total).c_str(),
              analytics.runs, analytics.threads, analytics.threads == 1 ? "" : "s",
              analytics.machine.c_str());
}

Status profile(const ProfileCommandOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(options.model));
  const std::filesystem::path output =
      options.output.empty() ? folder.analytics_path : std::filesystem::path(options.output);
  TINYSPLIT_RETURN_IF_ERROR(check_output({"--output", output, OutputKind::kAnalytics}));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto graph, read_model(folder.model_path, options.reading));
  EngineOptions engine_options;
  engine_options.threads = options.threads;
  TINYSPLIT_ASSIGN_OR_RETURN(const auto engine, Engine::create(graph, engine_options));

  ProfileOptions profile_options;
  profile_options.runs = options.runs;
  profile_options.threads = options.threads;
  Progress progress("profiling " + graph->name(), total_profile_runs(profile_options), "runs");
  profile_options.on_run = [&](int) { progress.advance(); };
  TINYSPLIT_ASSIGN_OR_RETURN(Analytics analytics, profile_model(*engine, {}, profile_options));
  progress.finish();
  // A camera delivers bytes; the float32 that the network computes with never has to travel.
  if (folder.takes_images()) analytics.input_bytes_raw = analytics.input_bytes_f32 / 4;

  TINYSPLIT_RETURN_IF_ERROR(write_analytics(analytics, output));
  if (options.json) {
    std::printf("%s\n", format_analytics(analytics).c_str());
  } else {
    print_table(analytics);
    std::printf("written to %s\n", output.c_str());
  }
  return ok_status();
}

}  // namespace

void add_profile_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ProfileCommandOptions>();
  CLI::App* command =
      app.add_subcommand("profile", "Measure every layer of a model on this machine");
  command
      ->add_option("model", options->model,
                   "Model file (.keras, .h5, .tflite, .onnx) or its folder")
      ->required();
  command->add_option("--output", options->output,
                      "Analytics file to write (default: analytics.json beside the model)");
  command->add_option("--runs", options->runs, "Measured runs")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads inside one operation")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print the analytics file's text");
  add_reading_options(*command, options->reading);
  command->footer("Example:\n  tinysplit profile models/fashion_resnet --output edge.json");
  command->callback([options, &exit_code] { exit_code = report(profile(*options)); });
}

}  // namespace tinysplit
