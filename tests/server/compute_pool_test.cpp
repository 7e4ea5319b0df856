#include "server/compute_pool.h"

#include <gtest/gtest.h>

#include <future>

namespace tinysplit {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(ComputePool, ExpectedWaitRisesWithABurstAndFallsWhenItIsOver) {
  ManualClock clock;
  ComputePool pool({}, clock);
  std::promise<void> begun;
  std::promise<void> go_on;
  ASSERT_TRUE(pool.submit([&](SegmentCache&, double) {
                    begun.set_value();
                    go_on.get_future().wait();
                  })
                  .ok());
  begun.get_future().wait();
  EXPECT_EQ(pool.expected_wait_s(), 0.0);
  std::promise<double> waited;
  ASSERT_TRUE(pool.submit([&](SegmentCache&, double queue_s) { waited.set_value(queue_s); }).ok());
  EXPECT_EQ(pool.queued(), 1u);
  clock.advance_ns(8 * kSecond);
  go_on.set_value();
  EXPECT_DOUBLE_EQ(waited.get_future().get(), 8.0);
  EXPECT_GT(pool.expected_wait_s(), 0.5);
  clock.advance_ns(60 * kSecond);
  EXPECT_LT(pool.expected_wait_s(), 1e-3);
}

TEST(ComputePool, RefusesWhatTheQueueDoesNotHoldAndFinishesTheRest) {
  ComputePoolOptions options;
  options.max_queued = 2;
  ComputePool pool(options);
  std::promise<void> begun;
  std::promise<void> go_on;
  int done = 0;
  ASSERT_TRUE(pool.submit([&](SegmentCache&, double) {
                    begun.set_value();
                    go_on.get_future().wait();
                  })
                  .ok());
  begun.get_future().wait();
  const auto count = [&](SegmentCache&, double) { ++done; };
  EXPECT_TRUE(pool.submit(count).ok());
  EXPECT_TRUE(pool.submit(count).ok());
  const Status refused = pool.submit(count);
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_NE(refused.message().find("busy"), std::string::npos);
  go_on.set_value();
  pool.stop();
  EXPECT_EQ(done, 2);
  EXPECT_EQ(pool.submit(count).code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tinysplit
