#include "offloading/layer_times.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tinysplit {
namespace {

TEST(LayerTimes, IgnoresWhatMakesNoSense) {
  LayerTimes times(2);
  for (const double bad :
       {-1.0, static_cast<double>(NAN), static_cast<double>(INFINITY), 9999999999.8}) {
    EXPECT_FALSE(times.add(0, bad));
  }
  EXPECT_FALSE(times.add(-1, 1.0));
  EXPECT_FALSE(times.add(2, 1.0));  // one more than there are
  EXPECT_FALSE(times.is_known(0));
  EXPECT_TRUE(times.add(0, 0.0));
  EXPECT_TRUE(times.is_known(0));
  EXPECT_FALSE(times.is_known(1));
  EXPECT_FALSE(times.is_known(2));
}

TEST(LayerTimes, SmoothsAHiccupAndFollowsALastingChange) {
  LayerTimes times(1);
  for (int i = 0; i < 5; ++i) times.add(0, 0.010);
  EXPECT_DOUBLE_EQ(times.times_s()[0], 0.010);
  times.add(0, 10.0);
  EXPECT_LE(times.times_s()[0], 0.020);
  for (int i = 0; i < 20; ++i) times.add(0, 0.5);
  EXPECT_NEAR(times.times_s()[0], 0.5, 0.02);
  for (int i = 0; i < 40; ++i) times.add(0, 0.0);
  EXPECT_LT(times.times_s()[0], 1e-4);
  for (int i = 0; i < 60; ++i) times.add(0, 0.5);
  EXPECT_NEAR(times.times_s()[0], 0.5, 0.01);
}

TEST(LayerTimes, UnknownOnesFollowTheRatioToTheEdge) {
  const std::vector<double> edge = {0.001, 0.002, 0.004, 0.0};
  std::vector<double> times = {0.1, NAN, 0.4, NAN};
  const double share = fill_unknown_times(times, edge, 7.0);
  EXPECT_DOUBLE_EQ(times[1], 0.2);
  EXPECT_DOUBLE_EQ(times[3], 0.0);
  EXPECT_NEAR(share, 0.5 / 0.7, 1e-12);
}

TEST(LayerTimes, WithoutAnyTheDefaultRatioHolds) {
  const std::vector<double> edge = {0.001, 0.002};
  std::vector<double> times = {NAN, NAN};
  EXPECT_EQ(fill_unknown_times(times, edge, 7.0), 0.0);
  EXPECT_DOUBLE_EQ(times[0], 0.007);
  EXPECT_DOUBLE_EQ(times[1], 0.014);

  times = {0.0, NAN};  // an input layer alone tells no ratio
  fill_unknown_times(times, edge, 7.0);
  EXPECT_DOUBLE_EQ(times[1], 0.014);
  times = {0.5, 0.25};
  EXPECT_EQ(fill_unknown_times(times, edge, 7.0), 1.0);
}

}  // namespace
}  // namespace tinysplit
