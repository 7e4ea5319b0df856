// Models in float32 against the same layers on int8 numbers, on one thread, in turn in one process.
// Usage: int8_bench [--layers] [--pairs N] [model or folder]...
//
// The int8 model is what `tinysplit quantize` makes of the float one; how long it takes does not
// depend on the numbers. A model that is quantised already is timed as it is, without a partner.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "bench_models.h"
#include "engine/engine.h"
#include "paired.h"
#include "quantization/calibration.h"
#include "quantization/folding.h"
#include "quantization/quantizer.h"

namespace tinysplit::bench {
namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

template <typename T>
T expect(Result<T> result) {
  if (!result.ok()) fail(result.status().to_string());
  return std::move(*result);
}

// The int8 twin of a float model, with the ranges of the one input that all benchmarks have.
QuantizedModel int8_twin(const BenchModel& model) {
  const auto folded = expect(fold_operations(*model.graph));
  const Samples sample{1, [&](std::size_t) {
                         std::vector<Tensor> inputs;
                         for (const Tensor& input : model.inputs) inputs.push_back(input.clone());
                         return Result<std::vector<Tensor>>(std::move(inputs));
                       }};
  QuantizationOptions options;
  options.int8_inputs = options.int8_outputs = true;
  return expect(quantize(folded, expect(calibrate(*folded, sample, {})), options));
}

struct Runner {
  std::unique_ptr<Segment> segment;
  std::vector<double> layer_seconds;

  explicit Runner(const std::shared_ptr<const Graph>& graph)
      : layer_seconds(static_cast<std::size_t>(graph->num_layers())) {
    segment = expect(expect(Engine::create(graph))->make_segment(0, graph->num_layers()));
  }
  void run() {
    for (std::size_t i = 0; i < segment->inputs().size(); ++i) {
      std::memset(segment->input(i).data(), 0x3d, segment->input(i).size());
    }
    if (!segment->run().ok()) fail("the engine failed");
  }
};

// The shortest time of each layer: the machine may be busy with other things.
std::vector<double> layer_times(Runner& runner) {
  constexpr int kRuns = 300;
  std::vector<double> best(runner.layer_seconds.size(), 1.0);
  for (int i = 0; i < kRuns; ++i) {
    std::ranges::fill(runner.layer_seconds, 0.0);
    if (!runner.segment->run_timed(runner.layer_seconds).ok()) fail("the engine failed");
    for (std::size_t k = 0; k < best.size(); ++k) {
      best[k] = std::min(best[k], runner.layer_seconds[k]);
    }
  }
  return best;
}

// What an int8 layer folds lies in several float layers; these stand in rows of their own.
void print_layers(const Graph& graph, const QuantizedModel& model, Runner& real, Runner& int8) {
  const std::vector<double> real_s = layer_times(real), int8_s = layer_times(int8);
  for (std::size_t i = 0; i < graph.layers().size(); ++i) {
    const std::string& name = graph.layers()[i].name;
    const auto twin = std::ranges::find(model.graph->layers(), name, &Layer::name);
    const std::size_t at = static_cast<std::size_t>(twin - model.graph->layers().begin());
    const double twin_s = at < int8_s.size() ? int8_s[at] : 0.0;
    if (real_s[i] + twin_s == 0.0) continue;
    std::printf("  %-40s %8.2f %8.2f us\n", name.c_str(), 1e6 * real_s[i], 1e6 * twin_s);
  }
}

bool is_quantised(const Graph& graph) {
  return std::ranges::any_of(graph.values(),
                             [](const Value& value) { return value.quantization.has_value(); });
}

void time_alone(const std::shared_ptr<const Graph>& graph, int pairs) {
  Runner runner(graph);
  const auto once = [&] { runner.run(); };
  const Paired paired = measure_paired(once, once, pairs, 2e-3);
  std::printf("%-24s %10s %10.1f %10s\n", graph->name().c_str(), "-", 1e6 * paired.first_s, "-");
}

int run(int argc, char** argv) {
  bool layers = false;
  int pairs = 101;
  int first = 1;
  for (; first < argc && argv[first][0] == '-'; ++first) {
    if (std::strcmp(argv[first], "--layers") == 0) layers = true;
    if (std::strcmp(argv[first], "--pairs") == 0 && first + 1 < argc) {
      pairs = std::max(1, std::atoi(argv[++first]));
    }
  }
  print_machine();
  std::printf("%-24s %10s %10s %10s\n", "model", "float32 us", "int8 us", "speed-up");
  const std::span<char* const> arguments(argv + first, static_cast<std::size_t>(argc - first));
  for (const BenchModel& model : load_bench_models(arguments)) {
    if (is_quantised(*model.graph)) {
      time_alone(model.graph, pairs);
      continue;
    }
    Runner real(model.graph);
    const QuantizedModel twin = int8_twin(model);
    Runner int8(twin.graph);
    const Paired paired = measure_paired([&] { real.run(); }, [&] { int8.run(); }, pairs, 2e-3);
    std::printf("%-24s %10.1f %10.1f %9.2fx\n", model.graph->name().c_str(), 1e6 * paired.first_s,
                1e6 * paired.second_s, paired.ratio);
    if (layers) print_layers(*model.graph, twin, real, int8);
  }
  return 0;
}

}  // namespace
}  // namespace tinysplit::bench

int main(int argc, char** argv) { return tinysplit::bench::run(argc, argv); }
