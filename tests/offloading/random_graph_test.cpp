#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "brute_force.h"
#include "graph/analytics.h"
#include "graph/graph_builder.h"
#include "offloading/offloading_algo.h"

namespace tinysplit {
namespace {

// Layers of one operation each that read any earlier values: activations, sums, concatenations.
std::shared_ptr<const Graph> random_graph(std::mt19937& random, int num_layers) {
  const auto uniform = [&](std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(random);
  };
  GraphBuilder builder("random", "");
  std::vector<ValueId> values = {
      builder.add_input("input", DType::kFloat32, Shape({1, 4, 4, 4})).value()};
  for (int i = 0; i < num_layers; ++i) {
    const ValueId a = values[uniform(values.size() > 4 ? values.size() - 4 : 0, values.size() - 1)];
    const ValueId b = values[uniform(0, values.size() - 1)];
    const bool same_shape = builder.value(a).shape == builder.value(b).shape;
    EXPECT_TRUE(builder.begin_layer("layer_" + std::to_string(i), "Random", 16).ok());
    Result<ValueId> output = invalid_argument("");
    if (uniform(0, 2) == 0) {
      output = builder.add_op(ActivationOp{ActivationKind::kTanh}, {a});
    } else if (same_shape) {
      output = builder.add_op(BinaryOp{BinaryKind::kAdd}, {a, b});
    } else if (builder.value(a).shape[3] < 64) {
      output = builder.add_op(ConcatOp{3}, {a, b});
    } else {
      output = builder.add_op(ActivationOp{ActivationKind::kSigmoid}, {a});
    }
    EXPECT_TRUE(output.ok()) << output.status().message();
    EXPECT_TRUE(builder.end_layer({*output}).ok());
    values.push_back(*output);
  }
  EXPECT_TRUE(builder.add_output(values.back()).ok());
  return builder.build().value();
}

// The bytes of all values that layers before the cut made, or that were given, and that layers
// from the cut on read.
std::int64_t naive_live_bytes(const Graph& graph, int cut) {
  std::set<ValueId> live;
  for (std::size_t node = 0; node < graph.nodes().size(); ++node) {
    if (graph.layer_of_node(static_cast<int>(node)) < cut) continue;
    for (const ValueId input : graph.nodes()[node].inputs) {
      if (graph.value(input).is_constant()) continue;
      const int producer = graph.producer(input);
      if (producer < 0 || graph.layer_of_node(producer) < cut) live.insert(input);
    }
  }
  std::int64_t bytes = 0;
  for (const ValueId id : live) bytes += static_cast<std::int64_t>(graph.value(id).num_bytes());
  return bytes;
}

TEST(OffloadingAlgo, EqualsBruteForceOnRandomGraphs) {
  std::mt19937 random(3);
  brute_force::RandomCase random_case(random);
  for (int i = 0; i < 300; ++i) {
    const int num_layers = std::uniform_int_distribution<>(2, 40)(random);
    const auto graph = random_graph(random, num_layers);
    const Analytics analytics = Analytics::from_graph(*graph);
    const std::vector<CutFacts> facts = cut_facts(analytics);
    for (int cut = 1; cut < num_layers; ++cut) {
      ASSERT_EQ(facts[static_cast<std::size_t>(cut)].transfer_bytes, naive_live_bytes(*graph, cut));
    }
    for (int k = 0; k < 10; ++k) {
      random_case.set_cuts(facts);
      const PlanInput& input = random_case.input();
      std::vector<CutCost> costs(input.cuts.size());
      ASSERT_EQ(OffloadingAlgo::choose(input, costs), brute_force::best_cut(input))
          << "graph " << i << " case " << k;
    }
  }
}

}  // namespace
}  // namespace tinysplit
