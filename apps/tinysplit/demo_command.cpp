#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "commands.h"
#include "core/file.h"
#include "demo_process.h"
#include "demo_report.h"
#include "device_cuts.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "output_file.h"
#include "report/progress.h"
#include "report/svg_chart.h"
#include "report/terminal_chart.h"
#include "report/units.h"

namespace tinysplit {
namespace {

constexpr std::chrono::milliseconds kPatience{60'000};

// Repeats fall with the link's speed: on the slowest every exchange takes a good part of a second,
// and next to nothing disturbs it.
const std::array<DemoLink, 3> kLinks = {{{50.0, 3.0, 7}, {5.0, 40.0, 5}, {0.25, 150.0, 1}}};

struct DemoOptions {
  std::string models;
  std::string model = "fashion_resnet";
  std::string output = "demo.svg";
  double mmacs_per_s = 20.0;
  bool json = false;
};

std::string decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", value);
  return text;
}

// "models" here, or in a folder around this program, as in the project's own tree.
std::filesystem::path default_models(const std::string& model) {
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::path("models") / model, error)) return "models";
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  for (auto around = program.parent_path(); around.has_relative_path();
       around = around.parent_path()) {
    if (std::filesystem::exists(around / "models" / model, error)) return around / "models";
  }
  return "models";
}

class Demo {
 public:
  explicit Demo(const DemoOptions& options) : options_(options) {}
  Status run();

 private:
  // One device behind one link.
  struct Lane {
    std::unique_ptr<ChildProcess> link;
    std::unique_ptr<ChildProcess> device;
    DemoSweepReader reader;
  };

  Status start_edge();
  Status warm_up();
  Result<Lane> open_lane(const DemoLink& link);
  Result<std::unique_ptr<ChildProcess>> start_device(const std::string& address, int repeats,
                                                     bool slow) const;
  Status read_lanes(std::vector<Lane>& lanes, Progress* progress, bool until_plan);
  Status measure();
  Status show() const;
  void say(const std::string& text) const;

  DemoOptions options_;
  std::unique_ptr<Interruption> interruption_;
  ModelFolder folder_;
  std::shared_ptr<const Graph> graph_;
  std::unique_ptr<ChildProcess> edge_;
  std::string edge_address_;
  DemoReport report_;
};

void Demo::say(const std::string& text) const { std::fprintf(stderr, "%s\n", text.c_str()); }

Status Demo::start_edge() {
  TINYSPLIT_ASSIGN_OR_RETURN(edge_, ChildProcess::start({"--log", "warn", "serve", "--models",
                                                         options_.models, "--port", "0"}));
  TINYSPLIT_ASSIGN_OR_RETURN(edge_address_, wait_for_address(*edge_, *interruption_, kPatience));
  return ok_status();
}

Result<std::unique_ptr<ChildProcess>> Demo::start_device(const std::string& address, int repeats,
                                                         bool slow) const {
  std::vector<std::string> arguments = {
      "--log",      "warn",
      "device",     "--json",
      "--edge",     "http://" + address,
      "--model",    (std::filesystem::path(options_.models) / options_.model).string(),
      "--sweep",    std::to_string(repeats),
      "--distinct", "--reply-timeout-ms",
      "30000"};
  if (slow) {
    arguments.push_back("--mmacs-per-s");
    arguments.push_back(decimal(options_.mmacs_per_s));
  }
  return ChildProcess::start(std::move(arguments));
}

// One round over every cut without a link: the edge prepares the segments that it will run.
Status Demo::warm_up() {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto device, start_device(edge_address_, 1, false));
  ChildProcess* const children[] = {device.get()};
  while (!device->is_finished()) {
    if (!device->take_line()) {
      TINYSPLIT_RETURN_IF_ERROR(wait_for_output(children, *interruption_, kPatience));
    }
  }
  const int code = device->wait();
  if (code == 0) return ok_status();
  return unavailable(device->name() + " ended with exit code " + std::to_string(code));
}

Result<Demo::Lane> Demo::open_lane(const DemoLink& link) {
  const std::string rate = decimal(link.mbit_per_s);
  Lane lane{nullptr, nullptr, DemoSweepReader(link)};
  TINYSPLIT_ASSIGN_OR_RETURN(
      lane.link,
      ChildProcess::start({"link", "--to", edge_address_, "--uplink-mbit", rate, "--downlink-mbit",
                           rate, "--delay-ms", decimal(link.one_way_ms)},
                          ChildProcess::Errors::kWithOutput));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string address,
                             wait_for_address(*lane.link, *interruption_, kPatience));
  TINYSPLIT_ASSIGN_OR_RETURN(lane.device, start_device(address, link.repeats, true));
  return lane;
}

// Takes in what the devices say until all have told their plan, or have ended.
Status Demo::read_lanes(std::vector<Lane>& lanes, Progress* progress, bool until_plan) {
  for (;;) {
    std::vector<ChildProcess*> speaking;
    bool is_awaited = false;
    for (Lane& lane : lanes) {
      while (const std::optional<std::string> line = lane.device->take_line()) {
        const int before = lane.reader.num_inferences();
        TINYSPLIT_RETURN_IF_ERROR(lane.reader.take(*line));
        if (progress != nullptr) progress->advance(lane.reader.num_inferences() - before);
      }
      if (lane.device->is_finished()) continue;
      // Also what need not be awaited is heard at once: the progress must not jump.
      speaking.push_back(lane.device.get());
      is_awaited |= !until_plan || !lane.reader.has_plan();
    }
    if (!is_awaited) return ok_status();
    TINYSPLIT_RETURN_IF_ERROR(wait_for_output(speaking, *interruption_, kPatience));
  }
}

// The devices spend their time waiting, for their pace and for their links, so they can do so
// together. But each first measures itself and its link while no other one starts.
Status Demo::measure() {
  int total = 0;
  for (const DemoLink& link : kLinks) {
    total += link.repeats * static_cast<int>(distinct_cuts(*graph_).size());
  }
  Progress progress("measuring every cut over three links", total, "inferences");
  std::vector<Lane> lanes;
  for (std::size_t i = kLinks.size(); i-- > 0;) {
    TINYSPLIT_ASSIGN_OR_RETURN(Lane lane, open_lane(kLinks[i]));
    lanes.push_back(std::move(lane));
    TINYSPLIT_RETURN_IF_ERROR(read_lanes(lanes, &progress, true));
  }
  TINYSPLIT_RETURN_IF_ERROR(read_lanes(lanes, &progress, false));
  progress.finish();
  std::ranges::reverse(lanes);
  for (Lane& lane : lanes) {
    if (const int code = lane.device->wait(); code != 0) {
      return unavailable(lane.device->name() + " ended with exit code " + std::to_string(code));
    }
    TINYSPLIT_ASSIGN_OR_RETURN(DemoSweep sweep, std::move(lane.reader).finish());
    report_.sweeps.push_back(std::move(sweep));
  }
  return ok_status();
}

Status Demo::show() const {
  const Figure figure = demo_figure(report_);
  TINYSPLIT_RETURN_IF_ERROR(write_file_atomically(options_.output, render_svg(figure)));
  if (options_.json) {
    std::printf("%s\n", demo_json(report_).c_str());
  } else {
    const TerminalChartOptions chart = terminal_chart_options();
    for (std::size_t i = 0; i < report_.sweeps.size(); ++i) {
      std::printf("%s\n%s", sweep_text(report_.sweeps[i]).c_str(),
                  render_terminal(figure.panels[i], chart).c_str());
    }
    std::printf("%sThe curves are in %s.\n", conclusion_text(report_).c_str(),
                options_.output.c_str());
  }
  if (all_agree(report_)) return ok_status();
  return internal_error("not every inference gave the outputs of the uncut model over its link");
}

Status Demo::run() {
  TINYSPLIT_RETURN_IF_ERROR(check_output({"--output", options_.output, OutputKind::kSvg}));
  TINYSPLIT_ASSIGN_OR_RETURN(interruption_, Interruption::watch());
  if (options_.models.empty()) options_.models = default_models(options_.model).string();
  TINYSPLIT_ASSIGN_OR_RETURN(folder_, find_model_folder(options_.models, options_.model));
  TINYSPLIT_ASSIGN_OR_RETURN(graph_, read_model(folder_.model_path));
  report_.model = folder_.name;
  report_.num_images = static_cast<int>(folder_.images.size());
  report_.device = "a device of " + decimal(options_.mmacs_per_s) + " million MAC/s";
  say("model " + folder_.name + ": " + std::to_string(graph_->num_layers()) + " layers, " +
      std::to_string(folder_.images.size()) + " images; " + report_.device);
  say("starting the edge");
  TINYSPLIT_RETURN_IF_ERROR(start_edge());
  TINYSPLIT_RETURN_IF_ERROR(warm_up());
  say("a device process behind a link each: about half a minute");
  TINYSPLIT_RETURN_IF_ERROR(measure());
  edge_.reset();
  return show();
}

constexpr const char* kDemoFooter =
    R"(Starts real processes of this program on loopback: an edge, and for each of three links a
shaper and a device behind it. Every device measures itself and its link, predicts the latency of
every cut, then classifies the model's images at every cut; cuts that compute and send the same as
a neighbour are left out.

The device's pace: 20 million float32 multiply-accumulates, or values handed on, a second. That is
what well-made kernels reach on a microcontroller with an FPU (ESP32-S3, Cortex-M7). The plain
reference kernels of TensorFlow Lite Micro do 1.5 on an ESP32-S3; try --mmacs-per-s 1.5 for them:
then the edge wins everywhere, and the demo takes minutes. Only time is modelled, results are
computed in full.
Example:
  tinysplit demo --models models --output demo.svg)";

}  // namespace

void add_demo_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<DemoOptions>();
  CLI::App* command = app.add_subcommand(
      "demo", "See it work on this machine: an edge, a slow device, three links, every cut");
  command->add_option("--models", options->models,
                      "Folder of model folders (default: models, here or around this program)");
  command->add_option("--model", options->model, "The one to run")->capture_default_str();
  command->add_option("--output", options->output, "SVG file for the curves")
      ->capture_default_str();
  command
      ->add_option("--mmacs-per-s", options->mmacs_per_s,
                   "Pace of the device, in million multiply-accumulates a second")
      ->check(CLI::Range(0.1, 1e6))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON, for scripts");
  command->footer(kDemoFooter);
  command->callback([options, &exit_code] { exit_code = report(Demo(*options).run()); });
}

}  // namespace tinysplit
