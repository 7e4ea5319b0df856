// Whole models and their layers: the engine against plain oneDNN, and what timing the layers costs.
// Usage: engine_bench [--layers] [--pairs N] [model or folder]...
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "bench_models.h"
#include "engine/engine.h"
#include "graph/metrics.h"
#include "paired.h"
#include "plain_onednn.h"

namespace tinysplit::bench {
namespace {

constexpr double kBatchSeconds = 1e-3;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

// Both ways of one model, fed with the same inputs before every run, as every use of them does.
struct Contest {
  explicit Contest(const BenchModel& bench_model) : model(bench_model) {
    auto made_engine = Engine::create(model.graph);
    if (!made_engine.ok()) fail(made_engine.status().to_string());
    auto made_segment = (*made_engine)->make_segment(0, model.graph->num_layers());
    if (!made_segment.ok()) fail(made_segment.status().to_string());
    segment = std::move(*made_segment);
    auto made_plain = PlainOneDnn::create(model.graph);
    if (!made_plain.ok()) fail(made_plain.status().to_string());
    plain = std::move(*made_plain);
    layer_seconds.resize(model.graph->layers().size());
  }

  void fill_ours() {
    for (std::size_t i = 0; i < model.inputs.size(); ++i) {
      std::memcpy(segment->input(i).data(), model.inputs[i].data(), model.inputs[i].num_bytes());
    }
  }
  void fill_plain() {
    for (std::size_t i = 0; i < model.inputs.size(); ++i) {
      std::memcpy(plain->input(i).data(), model.inputs[i].data(), model.inputs[i].num_bytes());
    }
  }
  void run_ours() {
    fill_ours();
    if (!segment->run().ok()) fail("the engine failed");
  }
  void run_ours_timed() {
    fill_ours();
    if (!segment->run_timed(layer_seconds).ok()) fail("the engine failed");
  }
  void run_plain() {
    fill_plain();
    plain->run();
  }

  void check_outputs() {
    run_ours();
    run_plain();
    for (std::size_t i = 0; i < model.graph->outputs().size(); ++i) {
      const auto ours = segment->output(i).as<float>();
      const auto theirs = plain->output(i);
      float largest = 1e-30f;
      for (const float value : theirs) largest = std::max(largest, std::abs(value));
      for (std::size_t k = 0; k < ours.size(); ++k) {
        if (!(std::abs(ours[k] - theirs[k]) <= 1e-4f * largest)) fail("the outputs differ");
      }
    }
  }

  const BenchModel& model;
  std::unique_ptr<Segment> segment;
  std::unique_ptr<PlainOneDnn> plain;
  std::vector<double> layer_seconds;
};

void print_layers(Contest& contest, double peak_flops, int runs) {
  const Graph& graph = *contest.model.graph;
  const std::size_t count = graph.layers().size();
  const std::vector<std::int64_t> macs = layer_macs(graph);
  std::vector<std::vector<double>> ours(count), theirs(count);
  std::vector<double> times(count);
  const auto keep = [&](std::vector<std::vector<double>>& samples) {
    for (std::size_t i = 0; i < count; ++i) samples[i].push_back(times[i]);
    std::ranges::fill(times, 0.0);
  };
  for (int run = 0; run < runs; ++run) {
    contest.fill_ours();
    if (!contest.segment->run_timed(times).ok()) fail("the engine failed");
    keep(ours);
    contest.fill_plain();
    contest.plain->run_timed(times);
    keep(theirs);
  }
  const std::vector<std::string> steps = contest.segment->describe_steps();
  std::printf("\n%s, by layer\n%-26s %9s %9s %6s %8s %6s  %s\n", graph.name().c_str(), "layer",
              "ours us", "plain us", "ratio", "GFLOP/s", "peak", "backend");
  for (std::size_t i = 0; i < count; ++i) {
    const double a = median_of(ours[i]), b = median_of(theirs[i]);
    if (a == 0.0 && b == 0.0) continue;
    const std::string& name = graph.layers()[i].name;
    const double flops = 2.0 * static_cast<double>(macs[i]);
    std::string backend;
    for (const std::string& step : steps) {
      if (!step.starts_with(name + ": ")) continue;
      backend += (backend.empty() ? "" : ", ") + step.substr(name.size() + 2);
    }
    std::printf("%-26s %9.2f %9.2f %6.3f %8.1f %5.0f%%  %s\n", name.c_str(), a * 1e6, b * 1e6,
                a / b, flops / a * 1e-9, peak_flops > 0 ? 100.0 * flops / a / peak_flops : 0.0,
                backend.c_str());
  }
}

int run(std::vector<char*> arguments) {
  bool by_layer = false;
  int pairs = 501;
  for (std::size_t i = 0; i < arguments.size();) {
    if (std::strcmp(arguments[i], "--layers") == 0) {
      by_layer = true;
      arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i));
    } else if (std::strcmp(arguments[i], "--pairs") == 0 && i + 1 < arguments.size()) {
      pairs = std::max(1, std::atoi(arguments[i + 1]));
      const auto at = arguments.begin() + static_cast<std::ptrdiff_t>(i);
      arguments.erase(at, at + 2);
    } else {
      ++i;
    }
  }
  const std::vector<BenchModel> models = load_bench_models(arguments);
  print_machine();
  const double peak_flops = measure_peak_flops(0.3);
  std::printf("peak of one core: %.1f GFLOP/s (AVX2 FMA)\n", peak_flops * 1e-9);
  std::printf("%-16s %9s %9s %10s %11s\n", "model", "ours us", "plain us", "ours/plain",
              "timed/ours");
  for (const BenchModel& model : models) {
    Contest contest(model);
    contest.check_outputs();
    const Paired against = measure_paired([&] { contest.run_ours(); }, [&] { contest.run_plain(); },
                                          pairs, kBatchSeconds);
    const Paired timed = measure_paired([&] { contest.run_ours_timed(); },
                                        [&] { contest.run_ours(); }, pairs, kBatchSeconds);
    std::printf("%-16s %9.2f %9.2f %10.3f %11.3f\n", model.graph->name().c_str(),
                against.first_s * 1e6, against.second_s * 1e6, against.ratio, timed.ratio);
    std::fflush(stdout);
  }
  if (!by_layer) return 0;
  for (const BenchModel& model : models) {
    Contest contest(model);
    print_layers(contest, peak_flops, pairs);
  }
  return 0;
}

}  // namespace
}  // namespace tinysplit::bench

int main(int argc, char** argv) { return tinysplit::bench::run({argv + 1, argv + argc}); }
