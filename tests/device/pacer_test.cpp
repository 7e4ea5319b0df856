#include "device/pacer.h"

#include <gtest/gtest.h>

#include <numeric>

#include "device/test_models.h"
#include "graph/metrics.h"

namespace tinysplit {
namespace {

// Advances a little with every reading, as a clock does while somebody spins on it.
class TickingClock final : public Clock {
 public:
  std::int64_t now_ns() const override { return now_ns_ += 100; }
  void advance_ns(std::int64_t delta_ns) { now_ns_ += delta_ns; }

 private:
  mutable std::int64_t now_ns_ = 0;
};

TEST(Pacer, WaitsUntilTheSumOfTheTargets) {
  TickingClock clock;
  std::vector<std::int64_t> sleeps;
  const Pacer pacer({0.010, 0.0, 0.030}, clock, [&](std::int64_t ns) {
    sleeps.push_back(ns);
    clock.advance_ns(ns);
  });
  std::vector<double> taken = {0.001, 0.0, 0.002};
  const std::int64_t begin_ns = clock.now_ns();
  clock.advance_ns(3'000'000);
  pacer.pace(0, 3, begin_ns, taken);
  EXPECT_EQ(taken, (std::vector<double>{0.010, 0.0, 0.030}));
  const std::int64_t end_ns = clock.now_ns();
  EXPECT_GE(end_ns - begin_ns, 40'000'000);
  EXPECT_LE(end_ns - begin_ns, 40'000'000 + 1000);
  ASSERT_EQ(sleeps.size(), 1u);
  // Sleeping ends early; the rest is spun.
  EXPECT_LE(sleeps[0], 37'000'000 - Pacer::kSpinNs);
}

TEST(Pacer, LateSleepersDoNotMakeItDrift) {
  TickingClock clock;
  const Pacer pacer({0.010}, clock, [&](std::int64_t ns) { clock.advance_ns(ns + 60'000); });
  std::int64_t at_ns = clock.now_ns();
  const std::int64_t begin_ns = at_ns;
  for (int i = 0; i < 100; ++i) {
    std::vector<double> taken = {0.0};
    pacer.pace(0, 1, at_ns, taken);
    at_ns += 10'000'000;
  }
  EXPECT_LE(clock.now_ns() - begin_ns, 100 * 10'000'000 + 1000);
}

TEST(Pacer, LayersSlowerThanTheirTargetAreKept) {
  TickingClock clock;
  int sleeps = 0;
  const Pacer pacer({0.001, 0.001}, clock, [&](std::int64_t) { ++sleeps; });
  std::vector<double> taken = {0.005, 0.0};
  const std::int64_t begin_ns = clock.now_ns();
  clock.advance_ns(7'000'000);
  pacer.pace(0, 2, begin_ns, taken);
  EXPECT_EQ(taken, (std::vector<double>{0.005, 0.001}));
  EXPECT_EQ(sleeps, 0);
}

TEST(Pacer, OnlyTheLayersThatRanCount) {
  TickingClock clock;
  const Pacer pacer({1.0, 0.002, 1.0}, clock, [&](std::int64_t ns) { clock.advance_ns(ns); });
  std::vector<double> taken(3, 0.0);
  const std::int64_t begin_ns = clock.now_ns();
  pacer.pace(1, 2, begin_ns, taken);
  EXPECT_EQ(taken, (std::vector<double>{0.0, 0.002, 0.0}));
  EXPECT_LE(clock.now_ns() - begin_ns, 2'000'000 + 1000);
}

TEST(Pacer, SlowdownScalesTheMeasuredTimes) {
  Analytics measured;
  measured.layers.resize(2);
  measured.layers[0].time_s = 0.5;
  measured.layers[1].time_s = 0.25;
  EXPECT_EQ(slowed_layer_times(measured, 4.0).value(), (std::vector<double>{2.0, 1.0}));
  for (const double wrong : {0.0, 0.99, -1.0, 1.0 / 0.0, 0.0 / 0.0}) {
    EXPECT_FALSE(slowed_layer_times(measured, wrong).ok()) << wrong;
  }
}

TEST(Pacer, ModelledTimesCountEveryMacOnceAndFusedLayersNot) {
  const auto graph = make_residual_model();
  const std::vector<double> times_s = modelled_layer_times(*graph, 1e6, 1e15).value();
  const auto macs = layer_macs(*graph);
  const auto all = std::accumulate(macs.begin(), macs.end(), std::int64_t{0});
  EXPECT_NEAR(std::accumulate(times_s.begin(), times_s.end(), 0.0), static_cast<double>(all) / 1e6,
              1e-6);
  // The stem's relu is folded into its convolution: 8 * 8 * 4 values, once.
  const std::vector<double> handed_on_s = modelled_layer_times(*graph, 1e15, 1.0).value();
  EXPECT_NEAR(handed_on_s[0], 256.0, 1e-3);
  EXPECT_FALSE(modelled_layer_times(*graph, 0.0, 1.0).ok());
}

}  // namespace
}  // namespace tinysplit
