#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "graph/analytics.h"
#include "graph/cuts.h"
#include "graph/graph_builder.h"
#include "offloading/network_estimator.h"
#include "offloading/offloading_algo.h"

namespace tinysplit {
namespace {

struct Case {
  std::vector<double> device_s;
  std::vector<double> edge_s;
  std::vector<CutFacts> cuts;
  Constraints constraints;

  explicit Case(std::vector<CutFacts> facts) : cuts(std::move(facts)) {
    std::mt19937 random(1);
    std::exponential_distribution<double> time(1.0);
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      device_s.push_back(0.05 * time(random));
      edge_s.push_back(0.0005 * time(random));
    }
    constraints.ram_bytes = 400'000;
    constraints.deadline_s = 10.0;
    constraints.private_input = true;
    constraints.forbidden_cuts = {1, 2};
  }

  PlanInput input() const {
    PlanInput plan;
    plan.device_time_s = device_s;
    plan.edge_time_s = edge_s;
    plan.cuts = cuts;
    plan.constraints = &constraints;
    plan.link = {1e6, 1e6, 0.02, 1.0};
    plan.costs = {{1e-4, 1e-9}, {1e-5, 1e-10}, 200, 200, 40, 0.001, 1.2};
    return plan;
  }
};

std::vector<CutFacts> chain(std::size_t num_layers) {
  std::mt19937 random(2);
  std::uniform_int_distribution<std::int64_t> bytes(1'000, 400'000);
  std::vector<CutFacts> facts(num_layers + 1);
  for (CutFacts& cut : facts) cut = {bytes(random), bytes(random), 10, false, false};
  facts.front().reveals_input = true;
  facts.back().transfer_bytes = 0;
  return facts;
}

// Blocks of four layers with a connection around them, and a long one around every ten blocks.
std::shared_ptr<const Graph> branched_graph(int num_layers) {
  GraphBuilder builder("branched", "");
  ValueId value = builder.add_input("input", DType::kFloat32, Shape({1, 8, 8, 8})).value();
  ValueId shortcut = value;
  ValueId long_shortcut = value;
  for (int i = 0; i < num_layers; ++i) {
    (void)builder.begin_layer("layer_" + std::to_string(i), "Layer");
    if (i % 4 == 3) {
      const ValueId other = i % 40 == 39 ? long_shortcut : shortcut;
      value = builder.add_op(BinaryOp{BinaryKind::kAdd}, {value, other}).value();
      shortcut = value;
      if (i % 40 == 39) long_shortcut = value;
    } else {
      value = builder.add_op(ActivationOp{ActivationKind::kTanh}, {value}).value();
    }
    (void)builder.end_layer({value});
  }
  (void)builder.add_output(value);
  return builder.build().value();
}

void run_choose(benchmark::State& state, const Case& problem) {
  const PlanInput input = problem.input();
  std::vector<CutCost> costs(input.cuts.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(OffloadingAlgo::choose(input, costs));
    benchmark::ClobberMemory();
  }
}

void BM_ChooseChain(benchmark::State& state) {
  run_choose(state, Case(chain(static_cast<std::size_t>(state.range(0)))));
}
BENCHMARK(BM_ChooseChain)->Arg(59)->Arg(1000);

void BM_ChooseBranched(benchmark::State& state) {
  const auto graph = branched_graph(static_cast<int>(state.range(0)));
  run_choose(state, Case(cut_facts(Analytics::from_graph(*graph))));
}
BENCHMARK(BM_ChooseBranched)->Arg(1000);

// From the graph itself: live tensors of all cuts, then the choice.
void BM_CutsAndChooseBranched(benchmark::State& state) {
  const auto graph = branched_graph(static_cast<int>(state.range(0)));
  Case problem(cut_facts(Analytics::from_graph(*graph)));
  std::vector<CutCost> costs(problem.cuts.size());
  for (auto _ : state) {
    const std::vector<Cut> cuts = find_cuts(*graph);
    for (std::size_t c = 0; c < cuts.size(); ++c) {
      problem.cuts[c].transfer_bytes = cuts[c].live_bytes;
      problem.cuts[c].reveals_input = cuts[c].reveals_input;
      problem.cuts[c].splits_fusion = cuts[c].splits_fusion;
    }
    benchmark::DoNotOptimize(OffloadingAlgo::choose(problem.input(), costs));
  }
}
BENCHMARK(BM_CutsAndChooseBranched)->Arg(1000);

// With the copies and the sentence that people get.
void BM_DecideChain(benchmark::State& state) {
  const Case problem(chain(static_cast<std::size_t>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(OffloadingAlgo::decide(problem.input()));
}
BENCHMARK(BM_DecideChain)->Arg(59);

void BM_LinkSample(benchmark::State& state) {
  NetworkEstimator estimator;
  int i = 0;
  for (auto _ : state) {
    const double bytes = 1000.0 * (++i % 7 + 1);
    benchmark::DoNotOptimize(
        estimator.add({bytes, 100.0, 0.02 + bytes / 1e6, true}, 1'000'000 * i));
  }
}
BENCHMARK(BM_LinkSample);

}  // namespace
}  // namespace tinysplit

BENCHMARK_MAIN();
