#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>

#include "commands.h"
#include "core/file.h"
#include "core/limits.h"
#include "graph/cut_names.h"
#include "model_input.h"
#include "offloading/offloading_algo.h"
#include "output_file.h"
#include "plan_output.h"
#include "plan_profiles.h"
#include "ram_count.h"
#include "report/svg_chart.h"

namespace tinysplit {
namespace {

constexpr double kBytesPerMbit = 1e6 / 8.0;
constexpr double kBytesPerKb = 1024.0;
constexpr double kSecondsPerMs = 1e-3;

struct PlanOptions {
  PlanSources sources;
  double uplink_mbit = 0.0;
  std::optional<double> downlink_mbit;
  double rtt_ms = 0.0;
  double device_slowdown = 1.0;
  double edge_load = 1.0;
  double queue_ms = 0.0;
  std::int64_t overhead_bytes = 0;
  std::optional<std::int64_t> input_bytes;
  std::optional<double> ram_kb;
  RamCount ram_count = RamCount::kActivations;
  std::optional<double> flash_kb;
  std::optional<double> deadline_ms;
  std::vector<std::string> forbidden_cuts;
  bool private_input = false;
  bool distinct = false;
  std::string svg;
  bool json = false;
};

void fill(std::int64_t& value, std::int64_t other) {
  if (value == kUnknownBytes) value = other;
}

// Sizes do not depend on where they were measured: what one file lacks, the other may tell.
Analytics merge_facts(const AnalyticsPair& pair) {
  const bool edge_first = pair.edge.cuts_from_graph && !pair.device.cuts_from_graph;
  Analytics facts = edge_first ? pair.edge : pair.device;
  const Analytics& other = edge_first ? pair.device : pair.edge;
  fill(facts.input_bytes_f32, other.input_bytes_f32);
  fill(facts.input_bytes_raw, other.input_bytes_raw);
  if (facts.model_name.empty()) facts.model_name = other.model_name;
  for (std::size_t i = 0; i < facts.layers.size(); ++i) {
    LayerAnalytics& layer = facts.layers[i];
    fill(layer.weight_bytes, other.layers[i].weight_bytes);
    fill(layer.head_peak_ram_bytes, other.layers[i].head_peak_ram_bytes);
    fill(layer.head_tflm_arena_bytes, other.layers[i].head_tflm_arena_bytes);
    if (layer.name.empty()) layer.name = other.layers[i].name;
  }
  if (!facts.cuts_from_graph) set_chain_cuts(facts);
  return facts;
}

void set_input_size(const PlanOptions& options, Plan& plan) {
  Analytics& facts = plan.facts;
  if (options.input_bytes) {
    facts.input_bytes_raw = *options.input_bytes;
    facts.cuts[0].live_bytes = *options.input_bytes;
  } else if (transfer_bytes(facts, 0) == kUnknownBytes) {
    // Cut 0 must be weighed against the others. An input layer, which often comes first, hands on
    // just the input; a first convolution mostly more.
    facts.cuts[0].live_bytes = facts.layers[0].output_bytes;
    plan.notes.push_back("the files do not tell the input's size: taken to be the " +
                         std::to_string(facts.layers[0].output_bytes) +
                         " bytes that layer 0 hands on; --input-bytes tells it");
  }
}

Result<Constraints> make_constraints(const PlanOptions& options, const Analytics& facts) {
  Constraints constraints;
  const auto to_bytes = [](double kb) {
    return static_cast<std::int64_t>(std::min(kb * kBytesPerKb, 9e15));
  };
  if (options.ram_kb) constraints.ram_bytes = to_bytes(*options.ram_kb);
  constraints.ram_count = options.ram_count;
  if (options.flash_kb) constraints.flash_bytes = to_bytes(*options.flash_kb);
  if (options.deadline_ms) constraints.deadline_s = *options.deadline_ms * kSecondsPerMs;
  std::vector<std::string> names;
  for (const LayerAnalytics& layer : facts.layers) names.push_back(layer.name);
  for (const std::string& text : options.forbidden_cuts) {
    TINYSPLIT_ASSIGN_OR_RETURN(const int cut, parse_cut(text, names, "--forbid-cut"));
    constraints.forbidden_cuts.push_back(cut);
  }
  constraints.private_input = options.private_input;
  return constraints;
}

void note_assumptions(const PlanOptions& options, bool ram_estimated, Plan& plan) {
  const bool counts_arena = options.ram_count == RamCount::kTflmArena;
  if (options.ram_kb) plan.notes.push_back(ram_count_note(options.ram_count));
  if (options.ram_kb && ram_estimated && !counts_arena) {
    plan.notes.push_back(
        "the files do not tell the peak RAM of every head: taken to be the largest input and "
        "output of one layer together, too little where a model has branches");
  }
  if (options.private_input && !plan.facts.cuts_from_graph) {
    plan.notes.push_back(
        "the files do not tell which cuts reveal the input: only cut 0 is taken to; forbid others "
        "with --forbid-cut");
  }
}

Status run_plan(const PlanOptions& options) {
  if (!options.svg.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(check_output({"--svg", options.svg, OutputKind::kSvg}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const PlanProfiles profiles, read_plan_profiles(options.sources));
  const AnalyticsPair& pair = profiles.pair;
  Plan plan;
  plan.notes = profiles.notes;
  if (options.distinct) plan.shown = distinct_cuts_of(profiles);
  plan.facts = merge_facts(pair);
  set_input_size(options, plan);

  std::vector<double> device_s;
  std::vector<double> edge_s;
  for (const LayerAnalytics& layer : pair.device.layers) {
    device_s.push_back(layer.time_s * options.device_slowdown);
  }
  for (const LayerAnalytics& layer : pair.edge.layers) edge_s.push_back(layer.time_s);
  std::vector<CutFacts> cuts = cut_facts(plan.facts);
  note_assumptions(options, estimate_chain_ram(plan.facts, cuts), plan);
  TINYSPLIT_ASSIGN_OR_RETURN(const Constraints constraints, make_constraints(options, plan.facts));

  PlanInput input;
  input.device_time_s = device_s;
  input.edge_time_s = edge_s;
  input.cuts = cuts;
  input.constraints = &constraints;
  input.link = {options.uplink_mbit * kBytesPerMbit,
                options.downlink_mbit.value_or(options.uplink_mbit) * kBytesPerMbit,
                options.rtt_ms * kSecondsPerMs, 1.0};
  input.costs.uplink_overhead_bytes = options.overhead_bytes;
  input.costs.downlink_overhead_bytes = options.overhead_bytes;
  input.costs.result_bytes = std::max<std::int64_t>(plan.facts.output_bytes, 0);
  input.costs.queue_wait_s = options.queue_ms * kSecondsPerMs;
  input.costs.edge_load = options.edge_load;
  plan.link = input.link;
  TINYSPLIT_ASSIGN_OR_RETURN(plan.decision, OffloadingAlgo::decide(input));

  if (!options.svg.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(write_file_atomically(options.svg, render_svg(plan_figure(plan))));
  }
  if (options.json) {
    for (const std::string& note : plan.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
    std::printf("%s\n", plan_json(plan).c_str());
  } else {
    std::printf("%s", plan_table(plan).c_str());
  }
  return ok_status();
}

// The library's own checks print the largest double.
CLI::Validator number_check(bool or_zero, const char* problem) {
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        double value = 0.0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool is_number = error == std::errc() && end == text.data() + text.size();
        const bool fits = value > 0.0 || (or_zero && value == 0.0);
        return is_number && std::isfinite(value) && fits ? "" : "\"" + text + "\" " + problem;
      },
      "");
}

CLI::Validator positive() { return number_check(false, "is not a positive number"); }
CLI::Validator not_negative() { return number_check(true, "is not a number from 0 on"); }

void add_measurement_options(CLI::App& command, PlanOptions& options) {
  auto* device = command.add_option("--device-analytics", options.sources.device_analytics,
                                    "Analytics file measured on the device");
  auto* edge = command.add_option("--edge-analytics", options.sources.edge_analytics,
                                  "Analytics file measured on the edge");
  command
      .add_option("--profile", options.sources.profile,
                  "One file with the times of both, instead of these")
      ->excludes(device)
      ->excludes(edge);
  auto* model = command.add_option("--model", options.sources.model,
                                   "Model file or folder: its work at a rate stands in for files");
  command
      .add_option("--mmacs-per-s", options.sources.device_mmacs_per_s,
                  "The device does this many million multiply-accumulates, or values handed on, a "
                  "second")
      ->check(positive())
      ->needs(model)
      ->excludes(device);
  command
      .add_option("--edge-mmacs-per-s", options.sources.edge_mmacs_per_s,
                  "The edge likewise (default: 5000)")
      ->check(positive())
      ->needs(model)
      ->excludes(edge);
  command
      .add_option("--device-slowdown", options.device_slowdown,
                  "Factor on the device's times, to stand in for a slower one")
      ->check(positive());
  command
      .add_option("--edge-load", options.edge_load, "Factor on the edge's times when it is shared")
      ->check(positive());
  command.add_option("--queue-ms", options.queue_ms, "Wait before the edge's first layer")
      ->check(not_negative());
  command
      .add_option("--input-bytes", options.input_bytes,
                  "Size of the input as the sensor delivers it, sent at cut 0")
      ->check(CLI::Range(std::int64_t{0}, limits::kMaxActivationBytes));
}

void add_link_options(CLI::App& command, PlanOptions& options) {
  command.add_option("--uplink-mbit", options.uplink_mbit, "Rate to the edge in Mbit/s")
      ->required()
      ->check(positive());
  command
      .add_option("--downlink-mbit", options.downlink_mbit,
                  "Rate from the edge in Mbit/s (default: that of the uplink)")
      ->check(positive());
  command.add_option("--rtt-ms", options.rtt_ms, "Round trip time of an empty message")
      ->check(not_negative())
      ->capture_default_str();
  command
      .add_option("--overhead-bytes", options.overhead_bytes,
                  "Sent with every request and every reply besides tensors")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 30))
      ->capture_default_str();
}

void add_constraint_options(CLI::App& command, PlanOptions& options) {
  command
      .add_option("--ram-kb", options.ram_kb,
                  "RAM of the device for the head, in 1024 bytes, counted as --ram-count says")
      ->check(not_negative());
  add_ram_count(command, options.ram_count);
  command
      .add_option("--flash-kb", options.flash_kb, "Flash of the device for weights, in 1024 bytes")
      ->check(not_negative());
  command.add_option("--deadline-ms", options.deadline_ms, "Latest useful answer")
      ->check(not_negative());
  command
      .add_option("--forbid-cut", options.forbidden_cuts,
                  "A cut not to use: " + std::string(kCutForms) + "; may be repeated")
      ->allow_extra_args(false);
  command.add_flag("--private-input", options.private_input,
                   "Exclude every cut that would send the raw input");
}

}  // namespace

void add_plan_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<PlanOptions>();
  CLI::App* command = app.add_subcommand(
      "plan",
      "Where to cut, for two profiles or a model, and a link: the cost of every cut; needs no "
      "server");
  add_measurement_options(*command, *options);
  add_link_options(*command, *options);
  add_constraint_options(*command, *options);
  add_reading_options(*command, options->sources.reading);
  command->add_flag("--distinct", options->distinct,
                    "Leave out cuts that compute and send the same as a neighbour");
  command->add_option("--svg", options->svg, "Draw the cost of every cut into this file");
  command->add_flag("--json", options->json, "Print JSON, for scripts");
  command->footer(
      "Examples:\n"
      "  tinysplit plan --device-analytics device.json --edge-analytics edge.json \\\n"
      "                 --uplink-mbit 8 --downlink-mbit 8 --rtt-ms 20 --svg cuts.svg\n"
      "  tinysplit plan --model models/fashion_resnet --mmacs-per-s 20 --uplink-mbit 8 --distinct\n"
      "  tinysplit plan --profile esp32.json --uplink-mbit 1 --ram-kb 320 --private-input --json");
  command->callback([options, &exit_code] { exit_code = report(run_plan(*options)); });
}

}  // namespace tinysplit
