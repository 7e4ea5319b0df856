#include "core/interval_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace tinysplit {
namespace {

TEST(IntervalClock, NeverGoesBack) {
  const Clock& clock = interval_clock();
  std::int64_t before = clock.now_ns();
  for (int i = 0; i < 100'000; ++i) {
    const std::int64_t now = clock.now_ns();
    ASSERT_GE(now, before);
    before = now;
  }
}

// The median of several, because the thread may be set aside between readings of the two.
TEST(IntervalClock, MeasuresAsTheSteadyClock) {
  const Clock& clock = interval_clock();
  const SteadyClock& steady = SteadyClock::instance();
  std::vector<double> ratios;
  for (int i = 0; i < 15; ++i) {
    const std::int64_t begin = clock.now_ns(), steady_begin = steady.now_ns();
    while (steady.now_ns() - steady_begin < 2'000'000) {
    }
    const double measured = seconds_between(begin, clock.now_ns());
    ratios.push_back(measured / seconds_between(steady_begin, steady.now_ns()));
  }
  std::ranges::nth_element(ratios, ratios.begin() + 7);
  EXPECT_NEAR(ratios[7], 1.0, 1e-3);
}

TEST(IntervalClock, LeavesAnInjectedClockAlone) {
  const ManualClock manual;
  EXPECT_EQ(&interval_clock_for(manual), &manual);
  EXPECT_EQ(&interval_clock_for(SteadyClock::instance()), &interval_clock());
}

}  // namespace
}  // namespace tinysplit
