#include "offloading/offloading_manager.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

namespace tinysplit {
namespace {

// Layers of 1 ms on the edge; 1000 raw bytes, then outputs of the given sizes.
std::shared_ptr<const OffloadingModel> make_model(const std::string& name,
                                                  const std::vector<std::int64_t>& output_bytes) {
  Analytics analytics;
  analytics.model_name = name;
  analytics.input_bytes_f32 = 4000;
  analytics.input_bytes_raw = 1000;
  for (const std::int64_t bytes : output_bytes) {
    LayerAnalytics layer;
    layer.output_bytes = bytes;
    layer.time_s = 0.001;
    analytics.layers.push_back(layer);
  }
  analytics.output_bytes = output_bytes.back();
  set_chain_cuts(analytics);
  return OffloadingModel::create(name, "models/" + name, "models/" + name + "/analytics.json",
                                 analytics)
      .value();
}

EvaluationRequest request(const std::string& device, double layer_time_s, double bytes_per_s) {
  EvaluationRequest request;
  request.message.device_id = device;
  request.message.model_name = "m";
  request.message.size_bytes = 1000;
  for (int layer = 0; layer < 3; ++layer) {
    request.message.layer_times.push_back({layer, layer_time_s});
  }
  for (const std::int64_t bytes : {1000, 8000, 4000, 1000}) {
    request.message.exchanges.push_back(
        {bytes, 10, 0.010 + 0.003 + static_cast<double>(bytes + 10) / bytes_per_s, 0.003});
  }
  return request;
}

class OffloadingManagerTest : public testing::Test {
 protected:
  OffloadingManagerTest() { manager_.set_model(make_model("m", {4000, 100, 10})); }

  ManualClock clock_;
  OffloadingManager manager_{OffloadingSettings(), clock_};
};

TEST_F(OffloadingManagerTest, EveryDeviceGetsItsOwnDecision) {
  const Evaluation slow_device = manager_.evaluate(request("mcu", 0.5, 1e6)).value();
  const Evaluation fast_device = manager_.evaluate(request("phone", 0.001, 1e6)).value();
  const Evaluation slow_link = manager_.evaluate(request("far", 0.01, 2e4)).value();
  EXPECT_EQ(slow_device.decision.scenario, Scenario::kEdgeOnly);
  EXPECT_EQ(fast_device.decision.scenario, Scenario::kDeviceOnly);
  EXPECT_EQ(slow_link.decision.scenario, Scenario::kDeviceOnly);
  // A later message from another device changes nothing for the first.
  EXPECT_EQ(manager_.predict("mcu", "m")->decision.cut, slow_device.decision.cut);
  EXPECT_EQ(manager_.predict("phone", "m")->decision.cut, fast_device.decision.cut);
}

TEST_F(OffloadingManagerTest, MixedScenarioWinsWhereTheDataShrink) {
  EvaluationRequest mixed = request("d", 0.004, 2e4);
  mixed.message.layer_times = {{0, 0.002}, {1, 0.002}, {2, 5.0}};
  const Evaluation evaluation = manager_.evaluate(mixed).value();
  EXPECT_EQ(evaluation.decision.cut, 2);
  EXPECT_EQ(evaluation.measured_share, 1.0);
  EXPECT_GT(evaluation.decision.confidence, 0.3);
}

TEST_F(OffloadingManagerTest, UnmeasuredLayersFollowTheRatio) {
  EvaluationRequest partly = request("d", 0.0, 1e6);
  partly.message.layer_times = {{0, 0.05}, {1, -3.0}, {2, NAN}, {3, 9999999999.8}};
  const Evaluation evaluation = manager_.evaluate(partly).value();
  ASSERT_EQ(evaluation.device_time_s.size(), 3u);
  for (const double time_s : evaluation.device_time_s) EXPECT_NEAR(time_s, 0.05, 1e-12);
  EXPECT_NEAR(evaluation.measured_share, 1.0 / 3.0, 1e-12);
}

TEST_F(OffloadingManagerTest, AnUnknownDeviceGetsThePriors) {
  const Evaluation evaluation = manager_.predict("nobody", "m").value();
  const OffloadingSettings settings;
  EXPECT_EQ(evaluation.link.uplink_bytes_per_s, settings.link_prior.uplink_bytes_per_s);
  EXPECT_NEAR(evaluation.device_time_s[0], 0.001 * settings.default_device_slowdown, 1e-12);
  EXPECT_EQ(evaluation.decision.confidence, 0.0);
  EXPECT_TRUE(manager_.communication_status().empty());
}

TEST_F(OffloadingManagerTest, SpeedIsThatOfTheRoundTrips) {
  EvaluationRequest once = request("d", 0.01, 1e5);
  once.message.exchanges = {{8000, 2000, 0.6, 0.1}};
  EXPECT_NEAR(manager_.evaluate(once)->average_speed_bits_per_s, 160'000.0, 1e-6);
  const Evaluation none = manager_.predict("nobody", "m").value();
  EXPECT_EQ(none.average_speed_bits_per_s, 8e6);  // of the prior
}

TEST_F(OffloadingManagerTest, QueueAndLoadPushWorkToTheDevice) {
  EvaluationRequest busy = request("d", 0.01, 1e6);
  EXPECT_EQ(manager_.evaluate(busy)->decision.scenario, Scenario::kEdgeOnly);
  busy.queue_wait_s = 1.0;
  EXPECT_EQ(manager_.evaluate(busy)->decision.scenario, Scenario::kDeviceOnly);
  busy.queue_wait_s = 0.0;
  busy.edge_load = 100.0;
  EXPECT_EQ(manager_.evaluate(busy)->decision.scenario, Scenario::kDeviceOnly);
}

TEST_F(OffloadingManagerTest, ErrorsAreClearAndMessagesStillCount) {
  EvaluationRequest bad = request("d", 0.01, 1e6);
  bad.message.model_name = "unknown";
  const Result<Evaluation> unknown = manager_.evaluate(bad);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.status().code(), StatusCode::kNotFound);
  EXPECT_NE(unknown.status().message().find("\"unknown\""), std::string::npos);
  bad.message.model_name = "m";
  bad.message.device_id = "";
  EXPECT_EQ(manager_.evaluate(bad).status().code(), StatusCode::kInvalidArgument);
  bad.message.device_id = "d";
  bad.constraints.edge_available = false;
  bad.constraints.forbidden_cuts = {3};
  EXPECT_EQ(manager_.evaluate(bad).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(manager_.communication_status().size(), 1u);
}

TEST_F(OffloadingManagerTest, AReplacedModelForgetsTheTimesOfOtherLayers) {
  ASSERT_TRUE(manager_.evaluate(request("d", 0.5, 1e6)).ok());
  manager_.set_model(make_model("m", {4000, 100, 10, 10}));
  EXPECT_EQ(manager_.predict("d", "m")->measured_share, 0.0);
  EXPECT_EQ(manager_.find_model("m")->num_layers(), 4);
  EXPECT_EQ(manager_.find_model("m")->layer_sizes_bits()[1], 800);
  manager_.remove_model("m");
  EXPECT_EQ(manager_.find_model("m"), nullptr);
  EXPECT_FALSE(manager_.predict("d", "m").ok());
}

TEST(OffloadingModel, RefusesAnalyticsThatDoNotFit) {
  Analytics analytics;
  EXPECT_FALSE(OffloadingModel::create("m", "", "", analytics).ok());
  analytics.layers.resize(2);
  EXPECT_FALSE(OffloadingModel::create("m", "", "", analytics).ok());
  set_chain_cuts(analytics);
  EXPECT_TRUE(OffloadingModel::create("m", "", "", analytics).ok());
}

TEST_F(OffloadingManagerTest, ManyThreadsMayUseItAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 200;
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t, &good] {
      for (int i = 0; i < kRounds; ++i) {
        // Devices are shared between threads; models come, go and are looked at meanwhile.
        const std::string device = std::to_string((t + i) % 3);
        if (manager_.evaluate(request(device, 0.01 * (t + 1), 1e5)).ok()) ++good;
        if (i % 50 == t) manager_.set_model(make_model("m", {4000, 100, 10}));
        if (i % 20 == t) (void)manager_.communication_status();
        if (i % 10 == t) (void)manager_.predict(device, "m");
        clock_.advance_ns(1000);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good.load(), kThreads * kRounds);
  EXPECT_EQ(manager_.communication_status().size(), 3u);
}

}  // namespace
}  // namespace tinysplit
