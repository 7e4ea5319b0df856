#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "offloading/network_estimator.h"

// How the estimate follows links over minutes of a clock that the tests move, with the exchanges
// that a device has: inferences of one size, and looks of two others (device/link_probe.h).
namespace tinysplit {
namespace {

constexpr double kReplyBytes = 200.0;
constexpr double kReportBytes = 300.0;

struct PlainLink {
  double bytes_per_s;
  double base_s;
};

class LinkChanges : public ::testing::Test {
 protected:
  double link_s(const PlainLink& link, double up_bytes) const {
    return link.base_s + (up_bytes + kReplyBytes) / link.bytes_per_s;
  }

  void exchange(const PlainLink& link, double up_bytes) {
    std::normal_distribution<double> normal;
    double seconds = link_s(link, up_bytes) * std::exp(noise_ * normal(random_));
    if (std::bernoulli_distribution(outliers_)(random_)) {
      seconds *= std::uniform_real_distribution<double>(3.0, 20.0)(random_);
    }
    ASSERT_TRUE(estimator_.add({up_bytes, kReplyBytes, seconds, true}, now_ns_));
  }

  // Sizes as of measure_link().
  void learn(const PlainLink& link) {
    for (const double bytes : {300.0, 300.0, 2300.0, 8500.0, 8500.0, 300.0}) exchange(link, bytes);
  }

  void look(const PlainLink& link) {
    for (int pair = 0; pair < 3; ++pair) {
      const LinkEstimate known = estimator_.estimate(now_ns_);
      const double believed = known.uplink_bytes_per_s;
      const double seconds = (1.0 + 3.0 * estimator_.rate_uncertainty(now_ns_)) *
                             std::clamp(known.base_latency_s, 0.01, 0.05);
      const double padding = std::clamp(known.uplink_bytes_per_s * seconds, 256.0, 16384.0);
      exchange(link, kReportBytes + padding);
      exchange(link, kReportBytes);
      const double change =
          std::abs(std::log(estimator_.estimate(now_ns_).uplink_bytes_per_s / believed));
      if (!estimator_.is_in_doubt() && estimator_.rate_uncertainty(now_ns_) < 0.3 && change < 0.3) {
        return;
      }
    }
  }

  // Inferences of one size, one each `period_s`, for `seconds`.
  void infer(const PlainLink& link, double bytes, double period_s, double seconds) {
    for (double past_s = 0.0; past_s < seconds; past_s += period_s) {
      now_ns_ += std::llround(1e9 * period_s);
      exchange(link, bytes);
    }
  }

  // As a device that offloads: looks where the rate has become vague.
  void offload(const PlainLink& link, double bytes, double period_s, double seconds) {
    for (double past_s = 0.0; past_s < seconds; past_s += period_s) {
      infer(link, bytes, period_s, period_s);
      if (now_ns_ - looked_ns_ < 5'000'000'000 || estimator_.rate_uncertainty(now_ns_) < 0.3) {
        continue;
      }
      looked_ns_ = now_ns_;
      look(link);
    }
  }

  LinkEstimate estimate() const { return estimator_.estimate(now_ns_); }

  void expect_right(const PlainLink& link, double tolerance = 0.15) const {
    EXPECT_NEAR(estimate().uplink_bytes_per_s / link.bytes_per_s, 1.0, tolerance);
    EXPECT_NEAR(estimate().base_latency_s / link.base_s, 1.0, tolerance);
  }

  NetworkEstimator estimator_;
  std::int64_t now_ns_ = 0;
  std::int64_t looked_ns_ = 0;
  std::mt19937 random_{7};
  double noise_ = 0.02;
  double outliers_ = 0.0;
};

TEST_F(LinkChanges, SteadyLinkWithOneSizeStaysRight) {
  const PlainLink link{1e6, 0.016};
  learn(link);
  for (int second = 0; second < 60; ++second) {
    infer(link, 1010, 0.02, 1.0);
    expect_right(link);
    if (HasFailure()) FAIL() << "after " << second << " s";
  }
}

TEST_F(LinkChanges, OneSizeScalesThePriorAndKeepsItsParts) {
  const LinkEstimate prior{2e6, 2e6, 0.03, 0.0};
  for (const double factor : {0.1, 0.7, 1.0, 3.0, 30.0}) {
    NetworkEstimator estimator(prior);
    const double seconds = factor * (prior.base_latency_s + 20'200 / 2e6);
    for (int i = 0; i < 500; ++i) {
      estimator.add({20'000, 200, seconds, true}, 100'000'000LL * i);
      const LinkEstimate link = estimator.estimate(100'000'000LL * i);
      ASSERT_NEAR(link.base_latency_s / (factor * 0.03), 1.0, 0.01) << factor << " " << i;
      ASSERT_NEAR(link.uplink_bytes_per_s * factor / 2e6, 1.0, 0.01) << factor << " " << i;
    }
  }
}

TEST_F(LinkChanges, RateThatRisesIsSeenByLooks) {
  const PlainLink slow{25e3, 0.016};
  const PlainLink fast{1e6, 0.016};
  learn(slow);
  for (int i = 0; i < 6; ++i) {
    now_ns_ += 5'000'000'000;
    look(slow);
  }
  expect_right(slow, 0.2);
  for (int i = 0; i < 3; ++i) {
    now_ns_ += 5'000'000'000;
    look(fast);
  }
  expect_right(fast, 0.25);
}

TEST_F(LinkChanges, FollowsRateAndLatencyUpAndDown) {
  for (const double bytes : {1010.0, 12'800.0}) {
    for (const double period_s : {0.1, 1.0}) {
      estimator_ = NetworkEstimator();
      learn({1e6, 0.016});
      for (const PlainLink& link :
           {PlainLink{1e6, 0.016}, PlainLink{25e3, 0.016}, PlainLink{1e6, 0.016},
            PlainLink{1e6, 0.05}, PlainLink{1e6, 0.016}, PlainLink{2e5, 0.04}}) {
        offload(link, bytes, period_s, 30.0);
        SCOPED_TRACE(testing::Message()
                     << bytes << " bytes, " << link.bytes_per_s << " B/s, " << link.base_s << " s");
        expect_right(link, 0.4);
      }
    }
  }
}

TEST_F(LinkChanges, OutliersNeitherMoveItNorMakeItForgetTheRate) {
  const PlainLink link{1e6, 0.016};
  learn(link);
  outliers_ = 0.03;
  int wrong = 0;
  for (int second = 0; second < 120; ++second) {
    offload(link, 1010, 0.1, 1.0);
    const double rate = estimate().uplink_bytes_per_s / link.bytes_per_s;
    const double base = estimate().base_latency_s / link.base_s;
    wrong += rate < 0.6 || rate > 1.6 || base < 0.85 || base > 1.15;
  }
  EXPECT_LE(wrong, 6);
}

TEST_F(LinkChanges, AgeMakesTheRateVagueAndALookMakesItSureAgain) {
  const PlainLink link{1e6, 0.016};
  learn(link);
  look(link);
  const double fresh = estimator_.rate_uncertainty(now_ns_);
  const double confidence = estimate().confidence;
  EXPECT_LT(fresh, 0.3);
  double before = fresh;
  for (int i = 0; i < 10; ++i) {
    now_ns_ += 6'000'000'000;
    EXPECT_GE(estimator_.rate_uncertainty(now_ns_), before);
    before = estimator_.rate_uncertainty(now_ns_);
  }
  EXPECT_GT(before, 0.3);
  EXPECT_LT(estimate().confidence, confidence);
  expect_right(link);  // what is not looked at is believed as before
  look(link);
  EXPECT_LT(estimator_.rate_uncertainty(now_ns_), 0.3);
}

TEST_F(LinkChanges, OneSizeLeavesTheRateVague) {
  const PlainLink link{1e6, 0.016};
  infer(link, 1010, 0.1, 10.0);
  EXPECT_GT(estimator_.rate_uncertainty(now_ns_), 0.5);
  look(link);
  EXPECT_LT(estimator_.rate_uncertainty(now_ns_), 0.3);
  expect_right(link);
}

// Whatever the link: where looks can tell its rate, they do, before and after it changes to any
// other.
TEST_F(LinkChanges, RandomLinks) {
  std::uniform_real_distribution<double> rate(std::log(2e4), std::log(1e6));
  std::uniform_real_distribution<double> base(std::log(0.004), std::log(0.1));
  std::uniform_real_distribution<double> size(std::log(500.0), std::log(50'000.0));
  int right = 0;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    estimator_ = NetworkEstimator();
    const double bytes = std::exp(size(random_));
    for (int change = 0; change < 3; ++change) {
      const PlainLink link{std::exp(rate(random_)), std::exp(base(random_))};
      offload(link, bytes, 0.5, 40.0);
      const double expected_s = link_s(link, bytes);
      const LinkEstimate known = estimate();
      const double predicted_s =
          known.base_latency_s + (bytes + kReplyBytes) / known.uplink_bytes_per_s;
      // What the device sees all the time is always right.
      ASSERT_NEAR(predicted_s / expected_s, 1.0, 0.15) << round << " " << change;
      const double other = known.base_latency_s + 5000.0 / known.uplink_bytes_per_s;
      const double other_s = link.base_s + 5000.0 / link.bytes_per_s;
      right += std::abs(other / other_s - 1.0) < 0.3;
    }
  }
  EXPECT_GE(right, 3 * kRounds * 95 / 100);
}

}  // namespace
}  // namespace tinysplit
