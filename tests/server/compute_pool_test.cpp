#include "server/compute_pool.h"

#include <gtest/gtest.h>

#include <future>
#include <new>
#include <stdexcept>
#include <vector>

#include "bounded_wait.h"
#include "core/logging.h"

namespace tinysplit {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

void expect_no_failure(const Status& status) { ADD_FAILURE() << status.to_string(); }

TEST(ComputePool, ExpectedWaitRisesWithABurstAndFallsWhenItIsOver) {
  ManualClock clock;
  ComputePool pool({}, clock);
  std::promise<void> begun;
  std::promise<void> go_on;
  ASSERT_TRUE(pool.submit(
                      [&](SegmentCache&, double) {
                        begun.set_value();
                        get_in_time(go_on);
                      },
                      expect_no_failure)
                  .ok());
  get_in_time(begun);
  EXPECT_EQ(pool.expected_wait_s(), 0.0);
  std::promise<double> waited;
  ASSERT_TRUE(pool.submit([&](SegmentCache&, double queue_s) { waited.set_value(queue_s); },
                          expect_no_failure)
                  .ok());
  EXPECT_EQ(pool.queued(), 1u);
  clock.advance_ns(8 * kSecond);
  go_on.set_value();
  EXPECT_DOUBLE_EQ(get_in_time(waited), 8.0);
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
  ASSERT_TRUE(pool.submit(
                      [&](SegmentCache&, double) {
                        begun.set_value();
                        get_in_time(go_on);
                      },
                      expect_no_failure)
                  .ok());
  get_in_time(begun);
  const auto count = [&](SegmentCache&, double) { ++done; };
  EXPECT_TRUE(pool.submit(count, expect_no_failure).ok());
  EXPECT_TRUE(pool.submit(count, expect_no_failure).ok());
  const Status refused = pool.submit(count, expect_no_failure);
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_NE(refused.message().find("busy"), std::string::npos);
  go_on.set_value();
  pool.stop();
  EXPECT_EQ(done, 2);
  EXPECT_EQ(pool.submit(count, expect_no_failure).code(), StatusCode::kUnavailable);
}

// Each job throws something else; each is told of once, and the only worker does what comes after.
TEST(ComputePool, SurvivesWhateverAJobThrows) {
  set_up_logging("off");
  ComputePool pool({});
  std::vector<Status> failures;
  const auto remember = [&](const Status& status) { failures.push_back(status); };
  int done = 0;
  const auto submit = [&](const ComputePool::Job& job, const ComputePool::Failure& failure) {
    EXPECT_TRUE(pool.submit(job, failure).ok());
    EXPECT_TRUE(pool.submit([&](SegmentCache&, double) { ++done; }, expect_no_failure).ok());
  };
  submit([](SegmentCache&, double) { throw std::bad_alloc(); }, remember);
  submit([](SegmentCache&, double) { throw std::runtime_error("the cause"); }, remember);
  submit([](SegmentCache&, double) { throw 1; }, remember);
  // One whose report fails as well.
  submit([](SegmentCache&, double) { throw std::bad_alloc(); },
         [](const Status&) { throw std::bad_alloc(); });
  pool.stop();
  EXPECT_EQ(done, 4);
  ASSERT_EQ(failures.size(), 3u);
  EXPECT_EQ(failures[0].code(), StatusCode::kUnavailable);
  EXPECT_NE(failures[0].message().find("memory"), std::string::npos);
  EXPECT_EQ(failures[1].code(), StatusCode::kInternal);
  EXPECT_NE(failures[1].message().find("the cause"), std::string::npos);
  EXPECT_EQ(failures[2].code(), StatusCode::kInternal);
}

}  // namespace
}  // namespace tinysplit
