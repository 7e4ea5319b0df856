#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "commands.h"
#include "core/logging.h"
#include "device/simple_device.h"
#include "device_cuts.h"
#include "device_inputs.h"
#include "device_output.h"
#include "formats/model_reader.h"
#include "graph/analytics.h"
#include "graph/cut_names.h"
#include "model_input.h"
#include "plan_profiles.h"
#include "ram_count.h"
#include "report/progress.h"

namespace tinysplit {
namespace {

struct DeviceCommandOptions {
  SimpleDeviceOptions device;
  std::string model;
  std::vector<std::string> inputs;
  int count = 0;  // 0: each input once
  std::string cut = "auto";
  std::string pace;
  double mmacs_per_s = 0.0;
  double reply_timeout_ms = 5000.0;
  std::optional<double> deadline_ms;
  std::optional<double> ram_kb;
  std::optional<double> flash_kb;
  int sweep = 0;
  std::vector<std::string> forbidden_cuts;
  bool distinct = false;
  bool check = false;
  bool json = false;
  ReadOptions reading;
};

class DeviceCommand {
 public:
  explicit DeviceCommand(const DeviceCommandOptions& options) : options_(options) {}

  Status run();

 private:
  Status make_device(const ModelFolder& folder);
  Status set_constraints();
  Status set_pace();
  void connect();
  Result<ShownInference> infer_once(int index, std::optional<int> cut);
  Status sweep();
  Result<std::optional<int>> fixed_cut() const;
  void print(const ShownInference& inference);

  DeviceCommandOptions options_;
  std::shared_ptr<const Graph> graph_;
  std::vector<std::string> labels_;
  std::vector<DeviceInput> inputs_;
  std::vector<std::vector<NamedTensor>> uncut_;  // outputs for each input; empty: no check
  std::unique_ptr<SimpleDevice> device_;
  std::optional<ShownPlan> plan_;
  InferenceTally tally_;
};

Status DeviceCommand::set_pace() {
  if (options_.mmacs_per_s > 0.0) {
    const double macs_per_s = 1e6 * options_.mmacs_per_s;
    TINYSPLIT_ASSIGN_OR_RETURN(
        options_.device.layer_targets_s,
        modelled_layer_times(*graph_, macs_per_s, kElementsPerMac * macs_per_s));
  }
  if (options_.pace.empty()) return ok_status();
  TINYSPLIT_ASSIGN_OR_RETURN(const Analytics pace, read_analytics(options_.pace));
  TINYSPLIT_RETURN_IF_ERROR(
      check_analytics(pace, graph_->digest(), graph_->num_layers()).with_context(options_.pace));
  TINYSPLIT_ASSIGN_OR_RETURN(options_.device.layer_targets_s, slowed_layer_times(pace, 1.0));
  return ok_status();
}

Status DeviceCommand::set_constraints() {
  constexpr double kBytesPerKb = 1024.0;
  Constraints& constraints = options_.device.constraints;
  if (options_.ram_kb) {
    constraints.ram_bytes = static_cast<std::int64_t>(kBytesPerKb * *options_.ram_kb);
  }
  if (options_.flash_kb) {
    constraints.flash_bytes = static_cast<std::int64_t>(kBytesPerKb * *options_.flash_kb);
  }
  if (options_.deadline_ms) constraints.deadline_s = 1e-3 * *options_.deadline_ms;
  options_.device.reply_timeout_s = 1e-3 * options_.reply_timeout_ms;
  for (const std::string& text : options_.forbidden_cuts) {
    TINYSPLIT_ASSIGN_OR_RETURN(const int cut,
                               parse_cut(text, layer_names(*graph_), "--forbid-cut"));
    constraints.forbidden_cuts.push_back(cut);
  }
  return ok_status();
}

Status DeviceCommand::make_device(const ModelFolder& folder) {
  TINYSPLIT_RETURN_IF_ERROR(set_constraints());
  TINYSPLIT_RETURN_IF_ERROR(set_pace());
  options_.device.model_name = folder.name;
  options_.device.raw_input = folder.takes_images();
  TINYSPLIT_ASSIGN_OR_RETURN(device_, SimpleDevice::create(graph_, options_.device));
  return ok_status();
}

// An edge that is away is no reason to stop: that is when the device shows what it can do alone.
void DeviceCommand::connect() {
  const Status connected = device_->measure_link();
  if (!connected.ok()) {
    spdlog::warn("going on without the edge: {}", connected.message());
    return;
  }
  const Result<Decision> decision = device_->plan();
  if (!decision.ok()) {
    spdlog::warn("{}", decision.status().message());
    return;
  }
  plan_ = ShownPlan{*decision, device_->link(), device_->costs(), device_->next_cut()};
  const std::string text =
      options_.json ? plan_line_json(*plan_, *graph_) + "\n" : plan_line(*plan_, *graph_);
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

void DeviceCommand::print(const ShownInference& inference) {
  const std::string text = options_.json ? inference_line_json(inference) + "\n"
                                         : inference_line(inference, graph_->num_layers());
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

Result<ShownInference> DeviceCommand::infer_once(int index, std::optional<int> cut) {
  const std::size_t at = static_cast<std::size_t>(index) % inputs_.size();
  InferOptions infer_options;
  infer_options.cut = cut;
  const std::vector<TensorView> views = inputs_[at].views();
  ShownInference shown;
  TINYSPLIT_ASSIGN_OR_RETURN(shown.result, device_->infer(views, infer_options));
  shown.index = index;
  shown.input = inputs_[at].name;
  shown.top = top_class(shown.result.outputs, *graph_, labels_);
  if (!uncut_.empty()) {
    shown.checked = true;
    shown.identical = is_identical(shown.result.outputs, uncut_[at]);
    shown.same_class = shown.top.index < 0
                           ? shown.identical
                           : shown.top.index == top_class(uncut_[at], *graph_, labels_).index;
  }
  tally_.add(shown);
  return shown;
}

// Every cut that the constraints allow, `sweep` times, one after the other, so that a change of the
// link or the machine's load hits all of them alike.
Status DeviceCommand::sweep() {
  std::vector<int> cuts;
  if (!plan_) return unavailable("a sweep needs the edge: " + device_->edge_status().message());
  const std::vector<int> distinct = distinct_cuts(*graph_);
  for (int cut = 0; cut <= graph_->num_layers(); ++cut) {
    const bool is_chosen = cut == plan_->next_cut;
    if (!options_.distinct || is_chosen || std::ranges::count(distinct, cut) > 0) {
      cuts.push_back(cut);
    }
  }
  std::erase_if(cuts, [&](int cut) {
    const Exclusion exclusion = plan_->decision.cuts[static_cast<std::size_t>(cut)].exclusion;
    return exclusion != Exclusion::kNone && exclusion != Exclusion::kSplitsFusion &&
           exclusion != Exclusion::kDeadline;
  });
  for (const int cut : cuts) TINYSPLIT_RETURN_IF_ERROR(device_->prepare(cut));
  Progress progress("every cut", static_cast<std::int64_t>(cuts.size()) * options_.sweep,
                    "inferences");
  int index = 0;
  for (int round = 0; round < options_.sweep; ++round) {
    for (const int cut : cuts) {
      TINYSPLIT_ASSIGN_OR_RETURN(const ShownInference shown, infer_once(index++, cut));
      if (options_.json) print(shown);
      progress.advance();
    }
  }
  progress.finish();
  if (!options_.json) std::printf("\n%s", sweep_table(tally_, *plan_, *graph_).c_str());
  return ok_status();
}

Result<std::optional<int>> DeviceCommand::fixed_cut() const {
  if (options_.cut == "auto") return std::optional<int>();
  TINYSPLIT_ASSIGN_OR_RETURN(const int cut, parse_cut(options_.cut, layer_names(*graph_)));
  return std::optional<int>(cut);
}

Status DeviceCommand::run() {
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(options_.model));
  TINYSPLIT_ASSIGN_OR_RETURN(graph_, read_model(folder.model_path, options_.reading));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::optional<int> cut, fixed_cut());
  labels_ = folder.labels;
  TINYSPLIT_ASSIGN_OR_RETURN(inputs_, read_device_inputs(options_.inputs, folder, *graph_));
  if (options_.check || options_.sweep > 0) {
    TINYSPLIT_ASSIGN_OR_RETURN(uncut_, run_uncut(graph_, inputs_));
  }
  TINYSPLIT_RETURN_IF_ERROR(make_device(folder));
  connect();
  if (options_.sweep > 0) {
    TINYSPLIT_RETURN_IF_ERROR(sweep());
  } else {
    const int count = options_.count > 0 ? options_.count : static_cast<int>(inputs_.size());
    for (int i = 0; i < count; ++i) {
      TINYSPLIT_ASSIGN_OR_RETURN(const ShownInference shown, infer_once(i, cut));
      print(shown);
    }
  }
  const std::string text =
      options_.json ? summary_line_json(tally_) + "\n" : summary_text(tally_, *graph_);
  std::fputs(text.c_str(), stdout);
  return ok_status();
}

constexpr const char* kDeviceFooter =
    R"(The device measures its layers and the link, then runs each inference where it is fastest
now: the first layers here, the rest on the edge, or all on one side. It goes on alone when the
edge is away.
--slowdown, --pace and --mmacs-per-s make this machine as slow as a device; only time is modelled.
Examples:
  tinysplit device --model models/fashion_resnet --edge http://127.0.0.1:8080
  tinysplit device --model models/fashion_resnet --mmacs-per-s 20 --private-input --count 50
  tinysplit device --model models/fashion_resnet --sweep 5)";

void add_what_to_run(CLI::App& command, DeviceCommandOptions& options) {
  command
      .add_option("--model", options.model,
                  "Model file (.keras, .h5, .tflite, .onnx) or its folder")
      ->required();
  command.add_option("--edge", options.device.edge_url, "Address of the edge")
      ->capture_default_str();
  command.add_option("--id", options.device.device_id, "Name by which the edge knows this device")
      ->capture_default_str();
  command.add_option(
      "--input", options.inputs,
      "Images or arrays (.npy, .npz), fed as by infer; default: those of the model's data/");
  command.add_option("--count", options.count, "Inferences (default: each input once)")
      ->check(CLI::Range(1, 100'000'000));
  command.add_option("--cut", options.cut, "auto, or always the same: " + std::string(kCutForms))
      ->capture_default_str();
  command.add_option("--sweep", options.sweep, "Instead, run every cut this many times")
      ->check(CLI::Range(1, 100'000));
  command.add_flag("--distinct", options.distinct,
                   "Of a sweep: leave out cuts that compute and send the same as a neighbour");
  command.add_flag("--check", options.check, "Compare every output with the uncut model's");
  command.add_flag("--json", options.json, "Print one JSON object a line, for scripts");
}

void add_limits(CLI::App& command, DeviceCommandOptions& options) {
  command
      .add_option("--reply-timeout-ms", options.reply_timeout_ms,
                  "From the start of an inference; then the device finishes it alone")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--deadline-ms", options.deadline_ms,
                  "Choose no cut that is predicted to take longer")
      ->check(CLI::PositiveNumber);
  command.add_flag("--private-input", options.device.constraints.private_input,
                   "The raw input must not leave the device");
  command
      .add_option("--ram-kb", options.ram_kb,
                  "RAM for the head, in 1024 bytes, counted as --ram-count says")
      ->check(CLI::NonNegativeNumber);
  add_ram_count(command, options.device.constraints.ram_count);
  command.add_option("--flash-kb", options.flash_kb, "Flash for weights, in 1024 bytes")
      ->check(CLI::NonNegativeNumber);
  command
      .add_option("--forbid-cut", options.forbidden_cuts,
                  "A cut not to use, as --cut; may be repeated")
      ->allow_extra_args(false);
  command.add_option("--threads", options.device.threads, "Threads inside one operation")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  auto* slowdown = command
                       .add_option("--slowdown", options.device.slowdown,
                                   "Be this many times as slow as this machine")
                       ->check(CLI::Range(1.0, 1e9));
  auto* pace =
      command.add_option("--pace", options.pace, "Be as slow as the device of this analytics file");
  auto* rate = command
                   .add_option("--mmacs-per-s", options.mmacs_per_s,
                               "Be as slow as a device of this many million multiply-accumulates, "
                               "or values handed on, a second")
                   ->check(CLI::PositiveNumber);
  slowdown->excludes(pace)->excludes(rate);
  pace->excludes(rate);
}

}  // namespace

void add_device_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<DeviceCommandOptions>();
  CLI::App* command =
      app.add_subcommand("device", "Run a model's inferences as a device that splits with an edge");
  add_what_to_run(*command, *options);
  add_limits(*command, *options);
  add_reading_options(*command, options->reading);
  command->footer(kDeviceFooter);
  command->callback([options, &exit_code] { exit_code = report(DeviceCommand(*options).run()); });
}

}  // namespace tinysplit
