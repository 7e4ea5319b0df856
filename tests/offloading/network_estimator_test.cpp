#include "offloading/network_estimator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace tinysplit {
namespace {

struct Link {
  double uplink_bytes_per_s;
  double downlink_bytes_per_s;
  double base_s;

  LinkSample sample(double up, double down) const {
    return {up, down, base_s + up / uplink_bytes_per_s + down / downlink_bytes_per_s, true};
  }
};

double predict_s(const LinkEstimate& link, double up, double down) {
  return link.base_latency_s + up / link.uplink_bytes_per_s + down / link.downlink_bytes_per_s;
}

void expect_sane(const LinkEstimate& link) {
  for (const double rate : {link.uplink_bytes_per_s, link.downlink_bytes_per_s}) {
    EXPECT_TRUE(std::isfinite(rate));
    EXPECT_GE(rate, kMinBytesPerS);
    EXPECT_LE(rate, kMaxBytesPerS);
  }
  EXPECT_TRUE(std::isfinite(link.base_latency_s));
  EXPECT_GE(link.base_latency_s, 0.0);
  EXPECT_GE(link.confidence, 0.0);
  EXPECT_LE(link.confidence, 1.0);
}

TEST(NetworkEstimator, WithoutSamplesItIsThePrior) {
  const NetworkEstimator estimator({5e5, 4e5, 0.03, 0.0});
  EXPECT_DOUBLE_EQ(estimator.estimate(0).uplink_bytes_per_s, 5e5);
  EXPECT_DOUBLE_EQ(estimator.estimate(0).downlink_bytes_per_s, 4e5);
  EXPECT_EQ(estimator.estimate(0).base_latency_s, 0.03);
  EXPECT_EQ(estimator.estimate(0).confidence, 0.0);
}

TEST(NetworkEstimator, OneSampleIsExplainedExactly) {
  for (const Link& link :
       {Link{6.25e6, 6.25e6, 0.006}, Link{6.25e5, 6.25e5, 0.08}, Link{31250, 31250, 0.3}}) {
    for (const double size : {100.0, 10'000.0, 1e6}) {
      NetworkEstimator estimator;
      const LinkSample sample = link.sample(size, 200);
      ASSERT_TRUE(estimator.add(sample, 0));
      expect_sane(estimator.estimate(0));
      EXPECT_NEAR(predict_s(estimator.estimate(0), size, 200), sample.link_s, 0.02 * sample.link_s);
    }
  }
}

TEST(NetworkEstimator, EqualSizesStayExplained) {
  const Link link{31250, 31250, 0.3};
  NetworkEstimator estimator;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(estimator.add(link.sample(5000, 100), 0));
    expect_sane(estimator.estimate(0));
    const double expected_s = link.sample(5000, 100).link_s;
    EXPECT_NEAR(predict_s(estimator.estimate(0), 5000, 100), expected_s, 0.01 * expected_s);
  }
}

TEST(NetworkEstimator, DifferentSizesTellRateAndLatency) {
  for (const Link& link :
       {Link{6.25e6, 6.25e6, 0.006}, Link{6.25e5, 6.25e5, 0.08}, Link{31250, 31250, 0.3}}) {
    NetworkEstimator estimator;
    for (const double size : {784.0, 25'000.0, 3136.0, 12'544.0, 784.0, 6272.0}) {
      ASSERT_TRUE(estimator.add(link.sample(size, 150), 0));
    }
    const LinkEstimate estimate = estimator.estimate(0);
    EXPECT_NEAR(estimate.uplink_bytes_per_s / link.uplink_bytes_per_s, 1.0, 0.1);
    EXPECT_NEAR(estimate.base_latency_s / link.base_s, 1.0, 0.05);
  }
}

TEST(NetworkEstimator, KeepsWhatItLearnedWhenSizesStopVarying) {
  const Link link{6.25e5, 6.25e5, 0.08};
  NetworkEstimator estimator;
  for (const double size : {784.0, 50'000.0, 3136.0, 25'000.0, 784.0, 6272.0}) {
    estimator.add(link.sample(size, 150), 0);
  }
  for (int i = 0; i < 200; ++i) estimator.add(link.sample(784, 150), 0);
  EXPECT_NEAR(estimator.estimate(0).uplink_bytes_per_s / link.uplink_bytes_per_s, 1.0, 0.15);
  EXPECT_NEAR(estimator.estimate(0).base_latency_s / link.base_s, 1.0, 0.05);
}

TEST(NetworkEstimator, NoiseAveragesOut) {
  std::mt19937 random(4);
  std::normal_distribution<double> noise(1.0, 0.05);
  std::uniform_real_distribution<double> size(500, 60'000);
  const Link link{6.25e5, 6.25e5, 0.04};
  double worst = 0.0;
  NetworkEstimator estimator;
  for (int i = 0; i < 300; ++i) {
    LinkSample sample = link.sample(size(random), 150);
    sample.link_s *= noise(random);
    ASSERT_TRUE(estimator.add(sample, 0));
    if (i < 15) continue;
    for (const double bytes : {1000.0, 20'000.0, 60'000.0}) {
      const double expected_s = link.sample(bytes, 150).link_s;
      const double error = predict_s(estimator.estimate(0), bytes, 150) / expected_s - 1.0;
      worst = std::max(worst, std::abs(error));
    }
  }
  EXPECT_LT(worst, 0.2);
}

TEST(NetworkEstimator, AnOutlierMovesLittle) {
  const Link link{6.25e5, 6.25e5, 0.08};
  for (const double factor : {10.0, 100.0, 0.01}) {
    NetworkEstimator estimator;
    for (const double size : {784.0, 25'000.0, 3136.0, 12'544.0, 784.0, 6272.0}) {
      estimator.add(link.sample(size, 150), 0);
    }
    LinkSample outlier = link.sample(6272, 150);
    outlier.link_s *= factor;
    estimator.add(outlier, 0);
    for (const double size : {784.0, 12'544.0}) {
      const double expected_s = link.sample(size, 150).link_s;
      EXPECT_NEAR(predict_s(estimator.estimate(0), size, 150), expected_s, 0.15 * expected_s)
          << factor;
    }
  }
}

TEST(NetworkEstimator, FollowsALinkThatChanges) {
  std::vector<Link> links = {{6.25e6, 6.25e6, 0.006}, {31250, 31250, 0.3}, {6.25e5, 6.25e5, 0.08}};
  NetworkEstimator estimator;
  for (const Link& link : links) {
    for (int i = 0; i < 12; ++i) {
      ASSERT_TRUE(estimator.add(link.sample(i % 3 == 0 ? 800 : 4000.0 * (i % 3), 150), 0));
      if (i < 7) continue;
      for (const double size : {800.0, 8000.0}) {
        const double expected_s = link.sample(size, 150).link_s;
        EXPECT_NEAR(predict_s(estimator.estimate(0), size, 150), expected_s, 0.25 * expected_s)
            << "rate " << link.uplink_bytes_per_s << " after " << i;
      }
    }
  }
}

TEST(NetworkEstimator, DirectionsAreEqualUntilTheSamplesContradict) {
  const Link same{6.25e5, 6.25e5, 0.02};
  NetworkEstimator estimator;
  for (int i = 0; i < 20; ++i) estimator.add(same.sample(1000.0 + 3000 * (i % 5), 100), 0);
  EXPECT_NEAR(estimator.estimate(0).downlink_bytes_per_s / estimator.estimate(0).uplink_bytes_per_s,
              1.0, 0.1);

  const Link asymmetric{1e5, 1e6, 0.02};
  NetworkEstimator other;
  std::mt19937 random(5);
  std::uniform_real_distribution<double> size(100, 30'000);
  for (int i = 0; i < 32; ++i) other.add(asymmetric.sample(size(random), size(random)), 0);
  EXPECT_NEAR(other.estimate(0).uplink_bytes_per_s / 1e5, 1.0, 0.1);
  EXPECT_NEAR(other.estimate(0).downlink_bytes_per_s / 1e6, 1.0, 0.3);
}

TEST(NetworkEstimator, ArrivalTimesTellTheRateAlone) {
  NetworkEstimator estimator;
  for (int i = 0; i < 10; ++i) {
    const double bytes = 50'000.0 + 10'000.0 * i;
    ASSERT_TRUE(estimator.add({bytes, 0.0, bytes / 2e5, false}, 0));
    expect_sane(estimator.estimate(0));
  }
  EXPECT_NEAR(estimator.estimate(0).uplink_bytes_per_s / 2e5, 1.0, 0.05);
}

TEST(NetworkEstimator, RefusesNonsense) {
  NetworkEstimator estimator;
  for (const double bad : {-1.0, static_cast<double>(NAN), static_cast<double>(INFINITY), 1e30}) {
    EXPECT_FALSE(estimator.add({bad, 0, 1, true}, 0));
    EXPECT_FALSE(estimator.add({1, bad, 1, true}, 0));
    EXPECT_FALSE(estimator.add({1, 1, bad, true}, 0));
  }
  EXPECT_FALSE(estimator.add({0, 0, 1, true}, 0));
  EXPECT_EQ(estimator.num_samples(), 0u);
  EXPECT_EQ(estimator.estimate(0).confidence, 0.0);
}

TEST(NetworkEstimator, StaysFiniteOnArbitrarySamples) {
  std::mt19937 random(6);
  std::uniform_real_distribution<double> exponent(-9.0, 3.5);
  for (int round = 0; round < 300; ++round) {
    NetworkEstimator estimator;
    for (int i = 0; i < 60; ++i) {
      LinkSample sample;
      sample.up_bytes = std::floor(std::pow(10.0, 2.0 + exponent(random)));
      sample.down_bytes = std::floor(std::pow(10.0, 2.0 + exponent(random)));
      sample.link_s = random() % 10 == 0 ? 0.0 : std::pow(10.0, exponent(random));
      sample.has_base_latency = random() % 4 != 0;
      estimator.add(sample, 0);
      expect_sane(estimator.estimate(0));
      if (HasFailure()) FAIL() << "round " << round << " sample " << i;
    }
  }
}

TEST(NetworkEstimator, ConfidenceGrowsWithSamplesThatAgree) {
  const Link link{6.25e5, 6.25e5, 0.08};
  NetworkEstimator estimator;
  double last = 0.0;
  for (int i = 0; i < 8; ++i) {
    estimator.add(link.sample(1000 + 500 * (i % 4), 100), 0);
    EXPECT_GT(estimator.estimate(0).confidence, last);
    last = estimator.estimate(0).confidence;
  }
  EXPECT_GT(last, 0.6);
}

}  // namespace
}  // namespace tinysplit
