// Models in float32 against the same layers on int8 numbers, on one thread, in turn in one process.
// Usage: int8_bench [--layers] [--pairs N] [model or folder]...
//
// The int8 graph has the float graph's layers with weights rounded to int8 for each filter and
// batch normalisation left out, as a converter would fold it; how long it takes does not depend on
// the numbers.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "bench_models.h"
#include "engine/engine.h"
#include "graph/graph_builder.h"
#include "paired.h"

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

ElementType int8_type(float scale, std::int32_t zero_point) {
  return {DType::kInt8, Quantization{{scale}, {zero_point}, -1}};
}

// Builds the int8 twin of a float graph.
class Int8Twin {
 public:
  explicit Int8Twin(const Graph& graph)
      : graph_(graph), builder_(graph.name(), ""), twins_(graph.values().size(), -1) {}

  std::shared_ptr<const Graph> build() {
    for (const ValueId input : graph_.inputs()) {
      const Value& value = graph_.value(input);
      twin(input) = expect(builder_.add_input(value.name, int8_type(1.0f / 128, 0), value.shape));
    }
    for (const Layer& layer : graph_.layers()) {
      check(builder_.begin_layer(layer.name, layer.kind, layer.weight_bytes));
      for (int node = layer.first_node; node < layer.end_node; ++node) {
        add(graph_.nodes()[static_cast<std::size_t>(node)]);
      }
      std::vector<ValueId> outputs;
      for (const ValueId output : layer.outputs) outputs.push_back(twin(output));
      check(builder_.end_layer(outputs));
    }
    for (const ValueId output : graph_.outputs()) check(builder_.add_output(twin(output)));
    return expect(builder_.build());
  }

 private:
  static void check(const Status& status) {
    if (!status.ok()) fail(status.to_string());
  }
  ValueId& twin(ValueId id) { return twins_[static_cast<std::size_t>(id)]; }

  static bool has_weights(const Op& op) {
    return std::holds_alternative<Conv2dOp>(op) || std::holds_alternative<DenseOp>(op);
  }

  void add(const Node& node) {
    if (std::holds_alternative<ChannelAffineOp>(node.op)) {
      twin(node.output) = twin(node.inputs[0]);
      return;
    }
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) {
      if (graph_.value(input).is_constant()) break;
      inputs.push_back(twin(input));
    }
    if (has_weights(node.op)) add_weights(node, inputs);
    const std::optional<Quantization>& first = builder_.value(inputs[0]).quantization;
    std::optional<ElementType> type(ElementType(DType::kInt8, first));
    if (has_weights(node.op)) type = int8_type(0.05f, -10);
    if (std::holds_alternative<BinaryOp>(node.op)) type = int8_type(0.07f, -20);
    if (std::holds_alternative<SoftmaxOp>(node.op)) type = int8_type(1.0f / 256, -128);
    twin(node.output) = expect(builder_.add_op(node.op, inputs, type));
  }

  void add_weights(const Node& node, std::vector<ValueId>& inputs) {
    const Tensor& kernel = *graph_.value(node.inputs[1]).data;
    const std::span<const float> real = kernel.as<float>();
    const int axis = kernel.shape().rank() - 1;
    const std::size_t filters = static_cast<std::size_t>(kernel.shape()[axis]);
    Quantization quantization{std::vector<float>(filters, 1e-6f),
                              std::vector<std::int32_t>(filters, 0), axis};
    for (std::size_t i = 0; i < real.size(); ++i) {
      float& scale = quantization.scale[i % filters];
      scale = std::max(scale, std::abs(real[i]) / 127.0f);
    }
    Tensor stored(DType::kInt8, kernel.shape());
    for (std::size_t i = 0; i < real.size(); ++i) {
      const float steps = std::round(real[i] / quantization.scale[i % filters]);
      stored.as<std::int8_t>()[i] = static_cast<std::int8_t>(steps);
    }
    inputs.push_back(builder_.add_constant(std::move(stored), quantization));
    inputs.push_back(
        builder_.add_constant(Tensor(DType::kInt32, Shape{static_cast<std::int64_t>(filters)})));
  }

  const Graph& graph_;
  GraphBuilder builder_;
  std::vector<ValueId> twins_;
};

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

void print_layers(const Graph& graph, Runner& real, Runner& int8) {
  const std::vector<double> real_s = layer_times(real), int8_s = layer_times(int8);
  for (std::size_t i = 0; i < graph.layers().size(); ++i) {
    if (real_s[i] + int8_s[i] == 0.0) continue;
    std::printf("  %-40s %8.2f %8.2f us\n", graph.layers()[i].name.c_str(), 1e6 * real_s[i],
                1e6 * int8_s[i]);
  }
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
    Runner real(model.graph);
    Runner int8(Int8Twin(*model.graph).build());
    const Paired paired = measure_paired([&] { real.run(); }, [&] { int8.run(); }, pairs, 2e-3);
    std::printf("%-24s %10.1f %10.1f %9.2fx\n", model.graph->name().c_str(), 1e6 * paired.first_s,
                1e6 * paired.second_s, paired.ratio);
    if (layers) print_layers(*model.graph, real, int8);
  }
  return 0;
}

}  // namespace
}  // namespace tinysplit::bench

int main(int argc, char** argv) { return tinysplit::bench::run(argc, argv); }
