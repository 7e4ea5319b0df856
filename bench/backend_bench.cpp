// Every convolution, dense and pooling operation of the models at its own shape: oneDNN against
// XNNPACK, and whole models under every policy. The evidence for the choice in engine/backends.cpp.
// Usage: backend_bench [--pairs N] [model or folder]...
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bench_models.h"
#include "engine/backends.h"
#include "engine/steps.h"
#include "graph/fusion.h"
#include "graph/op_traits.h"
#include "paired.h"

namespace tinysplit::bench {
namespace {

constexpr double kBatchSeconds = 3e-4;
constexpr double kModelBatchSeconds = 1e-3;

// One operation with memory of its own.
struct Operation {
  std::string what;
  std::string kind;
  KernelSpec spec;
  Tensor input;
  Tensor output;
};

std::string kind_of(const KernelSpec& spec) {
  const auto* conv = std::get_if<Conv2dOp>(spec.op);
  if (conv == nullptr) return std::string(op_name(*spec.op));
  if (conv->groups > 1 && conv->groups == spec.inputs[0]->shape[3]) return "depthwise";
  return spec.weights->kernel.shape()[0] * spec.weights->kernel.shape()[1] == 1 ? "conv 1x1"
                                                                                : "conv";
}

std::string describe(const KernelSpec& spec) {
  std::string text = kind_of(spec) + " " + spec.inputs[0]->shape.to_string();
  if (spec.weights) text += " * " + spec.weights->kernel.shape().to_string();
  const auto add_spatial = [&](const Spatial2d& s) {
    text += " /" + std::to_string(s.stride[0]);
    if (s.dilation[0] > 1) text += " d" + std::to_string(s.dilation[0]);
  };
  if (const auto* conv = std::get_if<Conv2dOp>(spec.op)) add_spatial(conv->spatial);
  if (const auto* pool = std::get_if<Pool2dOp>(spec.op)) {
    text += " window " + std::to_string(pool->window[0]) + "x" + std::to_string(pool->window[1]);
    add_spatial(pool->spatial);
  }
  return text;
}

std::vector<Operation> operations_of(const Graph& graph) {
  std::vector<Operation> operations;
  for (const Step& step : plan_steps(graph, find_fusion_roots(graph), 0, graph.num_layers())) {
    const Node& node = graph.nodes()[static_cast<std::size_t>(step.root)];
    if (!traits_of(node.op).has_weights && !std::holds_alternative<Pool2dOp>(node.op)) continue;
    Operation operation;
    KernelSpec& spec = operation.spec;
    spec.op = &node.op;
    for (const ValueId id : node.inputs) spec.inputs.push_back(&graph.value(id));
    spec.output = &graph.value(step.output);
    spec.clip = clip_of(graph, step);
    if (traits_of(node.op).has_weights) {
      spec.weights = std::make_shared<const PreparedWeights>(prepare_weights(graph, step));
    }
    operation.what = describe(spec);
    operation.kind = kind_of(spec);
    operation.input = Tensor(DType::kFloat32, spec.inputs[0]->shape);
    std::size_t i = 0;
    for (float& x : operation.input.as<float>()) x = static_cast<float>(i++ * 31 % 256) / 256.0f;
    operation.output = Tensor(DType::kFloat32, spec.output->shape);
    operations.push_back(std::move(operation));
  }
  return operations;
}

struct Sums {
  double onednn_s = 0.0, xnnpack_s = 0.0, chosen_s = 0.0;
};

void compare(Operation& operation, int pairs, std::map<std::string, Sums>& sums) {
  const auto onednn = make_onednn_kernel(operation.spec, true);
  const auto xnnpack = make_xnnpack_kernel(operation.spec);
  const auto chosen = make_kernel(operation.spec, BackendPolicy::kAuto);
  if (!onednn.ok() || !xnnpack.ok() || !chosen.ok()) {
    std::printf("%-52s only %s\n", operation.what.c_str(),
                onednn.ok() ? "onednn" : (xnnpack.ok() ? "xnnpack" : "neither"));
    return;
  }
  const std::byte* const input = operation.input.data();
  auto first = (*onednn)->bind({&input, 1}, operation.output.data());
  auto second = (*xnnpack)->bind({&input, 1}, operation.output.data());
  if (!first.ok() || !second.ok()) return;
  const Paired times = measure_paired([&] { (void)(*first)->run(); },
                                      [&] { (void)(*second)->run(); }, pairs, kBatchSeconds);
  const bool takes_xnnpack = (*chosen)->backend() == "xnnpack";
  std::printf("%-52s %9.2f %9.2f %14.2f  %-8s%s\n", operation.what.c_str(), times.first_s * 1e6,
              times.second_s * 1e6, times.ratio, takes_xnnpack ? "xnnpack" : "onednn",
              (times.ratio > 1.05 && !takes_xnnpack) || (times.ratio < 0.95 && takes_xnnpack)
                  ? "  slower"
                  : "");
  std::fflush(stdout);
  Sums& sum = sums[operation.kind];
  sum.onednn_s += times.first_s;
  sum.xnnpack_s += times.second_s;
  sum.chosen_s += takes_xnnpack ? times.second_s : times.first_s;
}

struct Policy {
  const char* name;
  BackendPolicy policy;
};

std::unique_ptr<Segment> segment_of(const BenchModel& model, BackendPolicy policy) {
  EngineOptions options;
  options.backend = policy;
  auto engine = Engine::create(model.graph, options);
  auto segment = (*engine)->make_segment(0, model.graph->num_layers());
  if (segment.ok()) return std::move(*segment);
  std::fprintf(stderr, "%s\n", segment.status().to_string().c_str());
  std::exit(1);
}

void run_model(const BenchModel& model, Segment& segment) {
  for (std::size_t i = 0; i < model.inputs.size(); ++i) {
    std::memcpy(segment.input(i).data(), model.inputs[i].data(), model.inputs[i].num_bytes());
  }
  (void)segment.run();
}

void compare_policies(const BenchModel& model, int pairs) {
  const auto automatic = segment_of(model, BackendPolicy::kAuto);
  const auto onednn = segment_of(model, BackendPolicy::kOneDnn);
  const auto xnnpack = segment_of(model, BackendPolicy::kXnnpack);
  const auto against = [&](Segment& other) {
    return measure_paired([&] { run_model(model, *automatic); }, [&] { run_model(model, other); },
                          pairs, kModelBatchSeconds);
  };
  const Paired a = against(*onednn), b = against(*xnnpack);
  std::printf("%-16s %9.2f %12.3f %13.3f\n", model.graph->name().c_str(), a.first_s * 1e6, a.ratio,
              b.ratio);
  std::fflush(stdout);
}

int run(std::vector<char*> arguments) {
  int pairs = 201;
  if (arguments.size() >= 2 && std::strcmp(arguments[0], "--pairs") == 0) {
    pairs = std::max(1, std::atoi(arguments[1]));
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  const std::vector<BenchModel> models = load_bench_models(arguments);
  print_machine();
  std::printf("%-52s %9s %9s %14s  %s\n", "operation", "oneDNN us", "XNNP. us", "oneDNN/XNNPACK",
              "chosen");
  std::map<std::string, Sums> sums;
  std::set<std::string> seen;
  for (const BenchModel& model : models) {
    for (Operation& operation : operations_of(*model.graph)) {
      if (seen.insert(operation.what).second) compare(operation, pairs, sums);
    }
  }
  std::printf("\n%-16s %9s %9s %9s   sum over shapes, us\n", "kind", "oneDNN", "XNNPACK", "chosen");
  for (const auto& [kind, sum] : sums) {
    std::printf("%-16s %9.1f %9.1f %9.1f\n", kind.c_str(), sum.onednn_s * 1e6, sum.xnnpack_s * 1e6,
                sum.chosen_s * 1e6);
  }
  std::printf("\n%-16s %9s %12s %13s\n", "model", "auto us", "auto/oneDNN", "auto/XNNPACK");
  for (const BenchModel& model : models) compare_policies(model, pairs);
  return 0;
}

}  // namespace
}  // namespace tinysplit::bench

int main(int argc, char** argv) { return tinysplit::bench::run({argv + 1, argv + argc}); }
