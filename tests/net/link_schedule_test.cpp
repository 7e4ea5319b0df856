#include "net/link_schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/clock.h"

namespace tinysplit {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMs;

RateProfile constant(double bits_per_s) { return *RateProfile::constant(bits_per_s); }

TEST(LinkSchedule, ASegmentTakesItsBitsOverTheRatePlusTheDelay) {
  ManualClock clock(7 * kSecond);
  LinkSchedule link(constant(8e6), 20 * kMs, clock.now_ns());
  EXPECT_EQ(link.admit_ns(clock.now_ns(), 1000), 7 * kSecond + 1 * kMs + 20 * kMs);
  // The second waits for the first to be sent, not for it to arrive.
  EXPECT_EQ(link.admit_ns(clock.now_ns(), 1000), 7 * kSecond + 2 * kMs + 20 * kMs);
  EXPECT_EQ(link.busy_until_ns(), 7 * kSecond + 2 * kMs);
  // An idle link starts at once.
  clock.advance_ns(kSecond);
  EXPECT_EQ(link.admit_ns(clock.now_ns(), 500), clock.now_ns() + kMs / 2 + 20 * kMs);
}

TEST(LinkSchedule, DoesNotDriftHoweverFineTheSegments) {
  // 1/3 of a nanosecond would be lost with every byte if times were rounded.
  for (const std::size_t bytes : {1u, 7u, 1460u}) {
    LinkSchedule link(constant(3e9), 0, 0);
    const int count = 300'000;
    std::int64_t last = 0;
    for (int i = 0; i < count; ++i) last = link.admit_ns(0, bytes);
    EXPECT_NEAR(double(last), 8.0 * double(bytes) * count / 3.0, 1.0) << bytes;
  }
}

TEST(LinkSchedule, LateCallsWhileBusyChangeNothing) {
  // A timer that fires late must not lower the rate: the second segment was queued behind the
  // first.
  LinkSchedule punctual(constant(1e6), 5 * kMs, 0);
  LinkSchedule late(constant(1e6), 5 * kMs, 0);
  punctual.admit_ns(0, 10'000);
  late.admit_ns(0, 10'000);
  EXPECT_EQ(punctual.admit_ns(1 * kMs, 500), late.admit_ns(79 * kMs, 500));
}

TEST(LinkSchedule, ArrivalsNeverGoBackWhenTheDelayShrinks) {
  LinkSchedule link(constant(8e6), 100 * kMs, 0);
  const std::int64_t first = link.admit_ns(0, 1000);
  link.set_delay_ns(0);
  EXPECT_GE(link.admit_ns(0, 1000), first);
  EXPECT_EQ(link.admit_ns(kSecond, 1000), kSecond + kMs);
}

TEST(LinkSchedule, ANewRateHoldsForWhatComesAfter) {
  LinkSchedule link(constant(8e6), 0, 0);
  EXPECT_EQ(link.admit_ns(0, 10'000), 10 * kMs);
  link.set_profile(constant(8e5), 4 * kMs);
  EXPECT_EQ(link.admit_ns(4 * kMs, 1000), 20 * kMs) << "behind the bytes already taken on";
  EXPECT_DOUBLE_EQ(link.rate_at(4 * kMs), 8e5);
}

TEST(RateProfile, FollowsATraceAndRepeatsIt) {
  // 1000 bit/s for 2 s, nothing for 1 s, 4000 bit/s for 1 s; begun at time 10.
  const RateProfile trace = *RateProfile::repeating({{10, 1000}, {12, 0}, {13, 4000}});
  EXPECT_DOUBLE_EQ(trace.mean_bits_per_s(), 1500);
  EXPECT_DOUBLE_EQ(trace.finish_s(0, 500), 0.5);
  EXPECT_DOUBLE_EQ(trace.finish_s(1.5, 500), 2.0);
  EXPECT_DOUBLE_EQ(trace.finish_s(1.5, 2500), 3.5);
  EXPECT_DOUBLE_EQ(trace.finish_s(2.5, 4000), 4.0);
  EXPECT_DOUBLE_EQ(trace.finish_s(3.5, 2500), 4.5);
  EXPECT_DOUBLE_EQ(trace.finish_s(0, 6000 * 1000.0 + 500), 4000.5);
  EXPECT_DOUBLE_EQ(trace.rate_at(4000.5), 1000);
  EXPECT_DOUBLE_EQ(trace.rate_at(2.5), 0);
  EXPECT_DOUBLE_EQ(trace.rate_at(7.9), 4000);
}

// Against a sum over small steps.
TEST(RateProfile, AgreesWithNumericalIntegration) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int round = 0; round < 200; ++round) {
    std::vector<RatePoint> points;
    double time_s = uniform(random);
    for (int i = 0; i < 6; ++i) {
      points.push_back({time_s, uniform(random) < 0.3 && i > 0 ? 0 : 100 * uniform(random) + 1});
      time_s += 0.2 + uniform(random);
    }
    const RateProfile profile = *RateProfile::repeating(points);
    const double start_s = 20 * uniform(random);
    const double bits = 2000 * uniform(random);
    const double finish_s = profile.finish_s(start_s, bits);
    double sum = 0;
    const double step_s = (finish_s - start_s) / 200'000;
    for (int i = 0; i < 200'000; ++i) sum += profile.rate_at(start_s + (i + 0.5) * step_s) * step_s;
    EXPECT_NEAR(sum, bits, 1e-3 * bits + 0.1);
  }
}

TEST(RateProfile, RefusesRatesThatNeverDeliver) {
  for (const double rate : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    EXPECT_FALSE(RateProfile::constant(rate).ok()) << rate;
  }
  EXPECT_FALSE(RateProfile::repeating({}).ok());
  EXPECT_FALSE(RateProfile::repeating({{0, 0}}).ok());
  EXPECT_FALSE(RateProfile::repeating({{0, 0}, {1, 0}}).ok());
  EXPECT_FALSE(RateProfile::repeating({{0, 1}, {0, 2}}).ok());
  EXPECT_FALSE(RateProfile::repeating({{1, 1}, {0, 2}}).ok());
  EXPECT_FALSE(RateProfile::repeating({{0, 1}, {1, -2}}).ok());
  EXPECT_FALSE(RateProfile::repeating({{0, 1}, {HUGE_VAL, 2}}).ok());
}

}  // namespace
}  // namespace tinysplit
