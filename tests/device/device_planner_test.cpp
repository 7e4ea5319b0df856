#include "device/device_planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "device/test_models.h"
#include "graph/cuts.h"

namespace tinysplit {
namespace {

Analytics edge_analytics(const Graph& graph, double layer_s) {
  Analytics analytics = Analytics::from_graph(graph);
  for (LayerAnalytics& layer : analytics.layers) layer.time_s = layer_s;
  return analytics;
}

// The live tensors of `cut`, all of them of halves, so that they cannot shrink to bytes.
struct LiveTensors {
  LiveTensors(const Graph& graph, int cut) {
    for (const ValueId id : live_tensors(graph, cut)) {
      const Value& value = graph.value(id);
      Tensor& tensor = tensors.emplace_back(value.dtype, value.shape);
      std::ranges::fill(tensor.as<float>(), 0.5f);
      views.push_back({value.name, tensor.view()});
    }
  }
  std::vector<Tensor> tensors;
  std::vector<NamedTensorView> views;
};

class DevicePlannerTest : public ::testing::Test {
 protected:
  DevicePlanner make_planner(const Constraints& constraints = {}) {
    DevicePlanner planner(graph_, true, constraints);
    const std::vector<double> times_s(static_cast<std::size_t>(graph_->num_layers()), 0.010);
    planner.add_layer_times(0, graph_->num_layers(), times_s);
    EXPECT_TRUE(planner.set_edge(edge_analytics(*graph_, 1e-4)).ok());
    return planner;
  }

  std::shared_ptr<const Graph> graph_ = make_residual_model();
};

TEST_F(DevicePlannerTest, KnowsNothingBeforeTheEdgeIsKnown) {
  const DevicePlanner planner(graph_, true, {});
  EXPECT_EQ(planner.plan().status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(DevicePlannerTest, RefusesAnEdgeWithAnotherModel) {
  DevicePlanner planner(graph_, true, {});
  EXPECT_EQ(planner.set_edge(edge_analytics(*make_residual_model(2, 'b'), 1.0)).code(),
            StatusCode::kFailedPrecondition);
  EXPECT_FALSE(planner.knows_edge());
}

TEST_F(DevicePlannerTest, BytesOfEveryCutAreThoseOfTheWire) {
  const DevicePlanner planner = make_planner();
  const Decision decision = planner.plan().value();
  for (int cut = 1; cut < graph_->num_layers(); ++cut) {
    const LiveTensors live(*graph_, cut);
    EXPECT_EQ(decision.cuts[static_cast<std::size_t>(cut)].live_bytes,
              static_cast<std::int64_t>(wire_bytes(live.views)) + 4 * cut)
        << cut;
  }
  // The raw input: 64 pixels of a byte each, a name and a shape.
  EXPECT_GE(decision.cuts[0].live_bytes, 64);
  EXPECT_LT(decision.cuts[0].live_bytes, 2 * 64);
  // The residual cut sends both tensors.
  EXPECT_GT(decision.cuts[2].live_bytes, 2 * 1024);
}

TEST_F(DevicePlannerTest, PredictsAnExchangeFromOthersOfOtherSizes) {
  constexpr double kBaseS = 0.050;
  constexpr double kBytesPerS = 100e3;
  constexpr std::size_t kHead = 300;
  DevicePlanner planner = make_planner();
  const auto exchange_at = [&](int cut) {
    const LiveTensors live(*graph_, cut);
    const std::size_t sent = wire_bytes(live.views);
    EdgeExchange exchange;
    exchange.encode_s = 1e-6 * static_cast<double>(sent);
    exchange.bytes_up = sent + kHead + 4 * static_cast<std::size_t>(cut);
    exchange.bytes_down = 200;
    exchange.reply.queue_s = 2e-3;
    exchange.reply.edge_s = 3.0 * 1e-4 * (graph_->num_layers() - cut);
    exchange.round_trip_s =
        kBaseS + static_cast<double>(exchange.bytes_up + exchange.bytes_down) / kBytesPerS +
        exchange.reply.queue_s + exchange.reply.edge_s;
    planner.add_exchange(cut, live.views, static_cast<std::size_t>(cut), exchange);
    planner.add_link_sample({static_cast<double>(exchange.bytes_up),
                             static_cast<double>(exchange.bytes_down), exchange.link_s(), true});
    return exchange.round_trip_s + exchange.encode_s + 0.010 * cut;
  };
  for (int i = 0; i < 10; ++i) {
    exchange_at(1);
    exchange_at(4);
    exchange_at(6);
  }
  const CostParameters costs = planner.costs();
  EXPECT_EQ(costs.uplink_overhead_bytes, static_cast<std::int64_t>(kHead));
  EXPECT_NEAR(costs.queue_wait_s, 2e-3, 1e-4);
  EXPECT_NEAR(costs.edge_load, 3.0, 0.1);
  EXPECT_NEAR(costs.encode.s_per_byte, 1e-6, 1e-8);
  const double predicted_s = planner.plan().value().cuts[2].total_s;
  EXPECT_NEAR(predicted_s / exchange_at(2), 1.0, 0.05);
}

TEST_F(DevicePlannerTest, StandingExclusionsHoldWhateverTheCosts) {
  Constraints constraints;
  constraints.private_input = true;
  constraints.forbidden_cuts = {4};
  constraints.deadline_s = 1e-9;
  const DevicePlanner planner = make_planner(constraints);
  EXPECT_EQ(planner.standing_exclusion(0), Exclusion::kRevealsInput);
  EXPECT_EQ(planner.standing_exclusion(4), Exclusion::kForbidden);
  EXPECT_EQ(planner.standing_exclusion(2), Exclusion::kNone);
  EXPECT_EQ(planner.standing_exclusion(graph_->num_layers()), Exclusion::kNone);
}

TEST(LineFit, FindsFixedPartAndSlope) {
  LineFit fit(0.0);
  for (const double x : {10.0, 20.0, 40.0, 10.0}) fit.add(x, 3.0 + 0.5 * x);
  EXPECT_NEAR(fit.slope(), 0.5, 0.002);
  EXPECT_NEAR(fit.fixed(), 3.0, 0.05);
}

TEST(LineFit, KeepsTheSlopeThatItLearntWhenAmountsStopVarying) {
  LineFit fit(1.0);
  for (int i = 0; i < 10; ++i) {
    for (const double x : {1.0, 6.0, 3.0}) fit.add(x, 2.0 + 3.0 * x);
  }
  for (int i = 0; i < 500; ++i) fit.add(6.0, 20.0 + (i % 2 == 0 ? 0.1 : -0.1));
  EXPECT_NEAR(fit.slope(), 3.0, 0.1);
  EXPECT_NEAR(fit.fixed(), 2.0, 0.6);
  // And learns another when they vary again.
  for (int i = 0; i < 60; ++i) fit.add(i % 2 == 0 ? 6.0 : 3.0, i % 2 == 0 ? 56.0 : 29.0);
  EXPECT_NEAR(fit.slope(), 9.0, 0.3);
}

TEST(LineFit, NoiseOfAmountsThatHardlyVaryIsNoSlope) {
  std::mt19937 random(3);
  std::normal_distribution<double> noise(3.0, 0.1);
  LineFit fit(1.0);
  for (int i = 0; i < 200; ++i) fit.add(i % 2 == 0 ? 1.0 : 1.001, noise(random));
  EXPECT_NEAR(fit.slope(), 1.0, 0.7);
}

TEST(LineFit, TakesTheUsualSlopeWhereAmountsDoNotVary) {
  LineFit fit(1.0);
  EXPECT_EQ(fit.slope(), 1.0);
  EXPECT_EQ(fit.fixed(), 0.0);
  for (int i = 0; i < 5; ++i) fit.add(2.0, 5.0);
  EXPECT_NEAR(fit.fixed() + 2.0 * fit.slope(), 5.0, 1e-9);
  EXPECT_NEAR(fit.slope(), 1.0, 1e-9);
  // Less than the usual slope explains: no negative fixed part.
  LineFit fast(1.0);
  for (int i = 0; i < 5; ++i) fast.add(2.0, 1.0);
  EXPECT_NEAR(fast.slope(), 0.5, 1e-9);
  EXPECT_NEAR(fast.fixed(), 0.0, 1e-9);
}

TEST(LineFit, FallingTimesGiveNoNegativeSlope) {
  LineFit fit(0.0);
  for (int i = 0; i < 4; ++i) {
    fit.add(1.0, 2.0);
    fit.add(3.0, 1.0);
  }
  EXPECT_EQ(fit.slope(), 0.0);
  EXPECT_GT(fit.fixed(), 0.0);
}

TEST(LineFit, OneHiccupHardlyMatters) {
  LineFit fit(0.0);
  for (int i = 0; i < 10; ++i) fit.add(1.0, 1e-3);
  fit.add(1.0, 10.0);
  EXPECT_LT(fit.fixed(), 2e-3);
}

}  // namespace
}  // namespace tinysplit
