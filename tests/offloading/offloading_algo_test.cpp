#include "offloading/offloading_algo.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <random>

#include "brute_force.h"
#include "graph/combined_profile.h"
#include "offloading/offloading_model.h"

namespace tinysplit {
namespace {

// Four layers; the device is 100 times slower, and the data shrink on their way.
struct SmallCase {
  std::vector<double> device_s = {0.10, 0.20, 0.30, 0.40};
  std::vector<double> edge_s = {0.001, 0.002, 0.003, 0.004};
  std::vector<CutFacts> cuts = {{1000, 0, 0, true, false},
                                {4000, 900, 10, false, false},
                                {500, 1900, 30, false, false},
                                {2000, 2900, 60, false, false},
                                {0, 3900, 100, false, false}};
  Constraints constraints;

  PlanInput input(double bytes_per_s) const {
    PlanInput plan;
    plan.device_time_s = device_s;
    plan.edge_time_s = edge_s;
    plan.cuts = cuts;
    plan.constraints = &constraints;
    plan.link = {bytes_per_s, bytes_per_s, 0.01, 1.0};
    return plan;
  }
};

TEST(OffloadingAlgo, EqualsBruteForceOnRandomChains) {
  std::mt19937 random(1);
  int none = 0;
  for (int i = 0; i < 20'000; ++i) {
    const brute_force::RandomCase random_case(random);
    const PlanInput& input = random_case.input();
    ASSERT_TRUE(OffloadingAlgo::check(input).ok()) << OffloadingAlgo::check(input).message();
    std::vector<CutCost> costs(input.cuts.size());
    const int cut = OffloadingAlgo::choose(input, costs);
    ASSERT_EQ(cut, brute_force::best_cut(input)) << "case " << i;
    none += cut < 0 ? 1 : 0;
    for (std::size_t c = 0; c < costs.size(); ++c) {
      ASSERT_EQ(costs[c].cut, static_cast<int>(c));
      ASSERT_EQ(costs[c].total_s, brute_force::latency_s(input, c)) << "case " << i << " cut " << c;
      if (costs[c].exclusion == Exclusion::kNone) {
        ASSERT_TRUE(brute_force::is_allowed(input, c)) << "case " << i << " cut " << c;
      } else if (costs[c].exclusion != Exclusion::kSplitsFusion) {
        ASSERT_FALSE(brute_force::is_allowed(input, c)) << "case " << i << " cut " << c;
      }
    }
    ASSERT_EQ(OffloadingAlgo::decide(input).ok(), cut >= 0);
  }
  EXPECT_GT(none, 20);      // cases without a way out were among them
  EXPECT_LT(none, 10'000);  // and did not rule
}

TEST(OffloadingAlgo, TermsAddUpToTheTotal) {
  std::mt19937 random(2);
  for (int i = 0; i < 500; ++i) {
    const brute_force::RandomCase random_case(random);
    std::vector<CutCost> costs(random_case.input().cuts.size());
    OffloadingAlgo::choose(random_case.input(), costs);
    for (const CutCost& cost : costs) {
      EXPECT_EQ(cost.total_s, cost.device_s + cost.encode_s + cost.rtt_s + cost.uplink_s +
                                  cost.decode_s + cost.queue_s + cost.edge_s + cost.downlink_s);
    }
    const CutCost& last = costs.back();
    EXPECT_EQ(last.total_s, last.device_s);  // no link at all
  }
}

TEST(OffloadingAlgo, EqualLatenciesGiveTheSmallestCut) {
  SmallCase small;
  small.device_s = {0, 0, 0, 0};
  small.edge_s = {0, 0, 0, 0};
  for (CutFacts& cut : small.cuts) cut.transfer_bytes = 0;
  PlanInput input = small.input(1e6);
  input.link.base_latency_s = 0.0;
  EXPECT_EQ(OffloadingAlgo::decide(input)->cut, 0);
  small.constraints.forbidden_cuts = {0, 1};
  EXPECT_EQ(OffloadingAlgo::decide(input)->cut, 2);
}

TEST(OffloadingAlgo, AllThreeScenariosCanWin) {
  SmallCase small;
  EXPECT_EQ(OffloadingAlgo::decide(small.input(1e6))->scenario, Scenario::kEdgeOnly);
  EXPECT_EQ(OffloadingAlgo::decide(small.input(1500))->scenario, Scenario::kMixed);
  EXPECT_EQ(OffloadingAlgo::decide(small.input(1500))->cut, 2);
  EXPECT_EQ(OffloadingAlgo::decide(small.input(100))->scenario, Scenario::kDeviceOnly);
}

TEST(OffloadingAlgo, EachConstraintExcludesAndSaysSo) {
  const auto exclusion_of = [](const SmallCase& small, int cut) {
    std::vector<CutCost> costs(small.cuts.size());
    OffloadingAlgo::choose(small.input(1e6), costs);
    return costs[static_cast<std::size_t>(cut)].exclusion;
  };
  SmallCase small;
  EXPECT_EQ(exclusion_of(small, 0), Exclusion::kNone);
  small.constraints.forbidden_cuts = {0, 77, -3};
  EXPECT_EQ(exclusion_of(small, 0), Exclusion::kForbidden);
  small = SmallCase();
  small.constraints.private_input = true;
  EXPECT_EQ(exclusion_of(small, 0), Exclusion::kRevealsInput);
  EXPECT_EQ(exclusion_of(small, 1), Exclusion::kNone);
  small = SmallCase();
  small.constraints.ram_bytes = 1899;
  EXPECT_EQ(exclusion_of(small, 1), Exclusion::kNone);
  EXPECT_EQ(exclusion_of(small, 2), Exclusion::kDeviceRam);
  EXPECT_EQ(exclusion_of(small, 4), Exclusion::kDeviceRam);
  small = SmallCase();
  small.constraints.flash_bytes = 60;
  EXPECT_EQ(exclusion_of(small, 3), Exclusion::kNone);
  EXPECT_EQ(exclusion_of(small, 4), Exclusion::kDeviceFlash);
  small = SmallCase();
  small.constraints.edge_available = false;
  EXPECT_EQ(exclusion_of(small, 0), Exclusion::kEdgeUnavailable);
  EXPECT_EQ(exclusion_of(small, 4), Exclusion::kNone);
  small = SmallCase();
  small.constraints.deadline_s = 0.05;
  EXPECT_EQ(exclusion_of(small, 0), Exclusion::kNone);
  EXPECT_EQ(exclusion_of(small, 4), Exclusion::kDeadline);
  small = SmallCase();
  small.cuts[0].transfer_bytes = kUnknownBytes;
  EXPECT_EQ(exclusion_of(small, 0), Exclusion::kUnknownSize);
}

TEST(OffloadingAlgo, SplitFusionIsTheLastResort) {
  SmallCase small;
  small.cuts[2].splits_fusion = true;
  EXPECT_NE(OffloadingAlgo::decide(small.input(1500))->cut, 2);
  small.constraints.forbidden_cuts = {0, 1, 3, 4};
  const Result<Decision> decision = OffloadingAlgo::decide(small.input(1500));
  ASSERT_TRUE(decision.ok()) << decision.status().message();
  EXPECT_EQ(decision->cut, 2);
  EXPECT_EQ(decision->cuts[2].exclusion, Exclusion::kNone);
}

TEST(OffloadingAlgo, ALimitOnRamCountsWhatItIsToldTo) {
  SmallCase small;
  std::vector<CutCost> costs(5);
  for (CutFacts& facts : small.cuts) facts.head_arena_bytes = facts.head_ram_bytes + 1000;
  small.cuts[3].head_arena_bytes = kUnknownBytes;
  small.constraints.ram_bytes = 100'000;
  OffloadingAlgo::choose(small.input(1e6), costs);
  EXPECT_EQ(costs[3].exclusion, Exclusion::kNone);
  small.constraints.ram_count = RamCount::kTflmArena;
  OffloadingAlgo::choose(small.input(1e6), costs);
  EXPECT_EQ(costs[3].exclusion, Exclusion::kDeviceRam) << "not known";
  EXPECT_EQ(costs[1].exclusion, Exclusion::kNone);
  small.constraints.ram_bytes = small.cuts[1].head_ram_bytes + 999;
  OffloadingAlgo::choose(small.input(1e6), costs);
  EXPECT_EQ(costs[1].exclusion, Exclusion::kDeviceRam);
  // Nothing at all is known: of an analytics file without it.
  small.cuts[1].head_arena_bytes = kUnknownBytes;
  const Status status = OffloadingAlgo::check(small.input(1e6));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("TensorFlow Lite Micro"), std::string::npos);
}

TEST(OffloadingAlgo, NoWayOutIsAnErrorThatSaysWhy) {
  SmallCase small;
  small.constraints.private_input = true;
  small.constraints.ram_bytes = 100;
  const Result<Decision> decision = OffloadingAlgo::decide(small.input(1e6));
  ASSERT_FALSE(decision.ok());
  EXPECT_EQ(decision.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(decision.status().message().find("4 cuts: not enough RAM"), std::string::npos);
  EXPECT_NE(decision.status().message().find("cut 0: the raw input"), std::string::npos);
}

TEST(OffloadingAlgo, ReasonTellsGainAndExclusions) {
  SmallCase small;
  small.constraints.forbidden_cuts = {3};
  const Decision decision = OffloadingAlgo::decide(small.input(1500)).value();
  EXPECT_NE(decision.reason.find("cut 2"), std::string::npos) << decision.reason;
  EXPECT_NE(decision.reason.find("faster than all on the edge"), std::string::npos);
  EXPECT_NE(decision.reason.find("faster than all on the device (1 s)"), std::string::npos);
  EXPECT_NE(decision.reason.find("cut 3: the cut is forbidden"), std::string::npos);
}

TEST(OffloadingAlgo, RefusesNumbersThatMakeNoSense) {
  const auto refuses = [](auto change) {
    SmallCase small;
    PlanInput input = small.input(1e6);
    change(small, input);
    const Result<Decision> decision = OffloadingAlgo::decide(input);
    return !decision.ok() && decision.status().code() == StatusCode::kInvalidArgument;
  };
  EXPECT_FALSE(refuses([](SmallCase&, PlanInput&) {}));
  EXPECT_TRUE(refuses([](SmallCase& s, PlanInput&) { s.device_s[1] = NAN; }));
  EXPECT_TRUE(refuses([](SmallCase& s, PlanInput&) { s.edge_s[1] = -1.0; }));
  EXPECT_TRUE(refuses([](SmallCase&, PlanInput& i) { i.edge_time_s = i.edge_time_s.first(3); }));
  EXPECT_TRUE(refuses([](SmallCase&, PlanInput& i) { i.link.uplink_bytes_per_s = 0.0; }));
  EXPECT_TRUE(refuses([](SmallCase&, PlanInput& i) { i.link.downlink_bytes_per_s = INFINITY; }));
  EXPECT_TRUE(refuses([](SmallCase&, PlanInput& i) { i.link.base_latency_s = -0.1; }));
  EXPECT_TRUE(refuses([](SmallCase&, PlanInput& i) { i.costs.edge_load = NAN; }));
  EXPECT_TRUE(refuses([](SmallCase&, PlanInput& i) { i.costs.result_bytes = -1; }));
  EXPECT_TRUE(refuses([](SmallCase&, PlanInput& i) { i.device_time_s = {}; }));
  EXPECT_TRUE(refuses([](SmallCase& s, PlanInput&) {
    s.cuts[2].head_ram_bytes = kUnknownBytes;
    s.constraints.ram_bytes = 5000;
  }));
}

TEST(OffloadingAlgo, PublishedEsp32MeasurementsAskForTheEdge) {
  const std::filesystem::path path = std::filesystem::path(TINYSPLIT_SOURCE_DIR).parent_path() /
                                     "shared/profiles" / "esp32s3_fomo_96x96_float32.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const AnalyticsPair pair = read_combined_profile(path).value();
  std::vector<double> device_s;
  std::vector<double> edge_s;
  for (const LayerAnalytics& layer : pair.device.layers) device_s.push_back(layer.time_s);
  for (const LayerAnalytics& layer : pair.edge.layers) edge_s.push_back(layer.time_s);
  std::vector<CutFacts> cuts = cut_facts(pair.device);
  EXPECT_TRUE(estimate_chain_ram(pair.device, cuts));
  Constraints constraints;
  PlanInput input;
  input.device_time_s = device_s;
  input.edge_time_s = edge_s;
  input.cuts = cuts;
  input.constraints = &constraints;
  input.link = {1e6, 1e6, 0.0, 1.0};
  const Decision edge_only = OffloadingAlgo::decide(input).value();
  EXPECT_EQ(edge_only.scenario, Scenario::kEdgeOnly);
  EXPECT_NEAR(edge_only.latency_s, 0.0364, 0.0005);

  constraints.forbidden_cuts = {0};
  const Decision forced = OffloadingAlgo::decide(input).value();
  EXPECT_EQ(forced.cut, brute_force::best_cut(input));
  EXPECT_GT(forced.cut, 0);
  EXPECT_GT(forced.latency_s, edge_only.latency_s);
}

}  // namespace
}  // namespace tinysplit
