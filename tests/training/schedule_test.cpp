#include "training/schedule.h"

#include <gtest/gtest.h>

namespace tinysplit::training {
namespace {

TEST(Schedule, WarmsUpOnALine) {
  ScheduleOptions options;
  options.rate = 1.0;
  options.warmup_start = 0.2;
  options.warmup_steps = 4;
  EXPECT_DOUBLE_EQ(learning_rate(options, 0), 0.2);
  EXPECT_DOUBLE_EQ(learning_rate(options, 1), 0.4);
  EXPECT_DOUBLE_EQ(learning_rate(options, 4), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate(options, 1000), 1.0);
}

TEST(Schedule, FallsAlongACosine) {
  ScheduleOptions options;
  options.kind = ScheduleKind::kCosine;
  options.rate = 2.0;
  options.final_rate = 0.5;
  options.warmup_steps = 10;
  options.decay_steps = 100;
  EXPECT_DOUBLE_EQ(learning_rate(options, 10), 2.0);
  EXPECT_DOUBLE_EQ(learning_rate(options, 60), 1.25);
  EXPECT_NEAR(learning_rate(options, 35), 0.5 + 1.5 * (0.5 + 0.25 * 1.4142135623730951), 1e-12);
  EXPECT_DOUBLE_EQ(learning_rate(options, 110), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(options, 5000), 0.5);
}

TEST(Schedule, StepsDownAtItsBoundaries) {
  ScheduleOptions options;
  options.kind = ScheduleKind::kStep;
  options.rate = 1.0;
  options.factor = 0.5;
  options.boundaries = {3, 7};
  EXPECT_DOUBLE_EQ(learning_rate(options, 2), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate(options, 3), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(options, 6), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(options, 7), 0.25);
}

TEST(Schedule, RefusesWhatIsNoSchedule) {
  ScheduleOptions options;
  EXPECT_TRUE(check_schedule(options).ok());
  options.rate = -1.0;
  EXPECT_FALSE(check_schedule(options).ok());
  options = {};
  options.boundaries = {7, 3};
  EXPECT_FALSE(check_schedule(options).ok());
  options = {};
  options.kind = ScheduleKind::kCosine;
  options.decay_steps = 0;
  EXPECT_FALSE(check_schedule(options).ok());
  for (const auto kind : {ScheduleKind::kConstant, ScheduleKind::kCosine, ScheduleKind::kStep}) {
    EXPECT_EQ(*schedule_of(schedule_name(kind)), kind);
  }
  EXPECT_FALSE(schedule_of("triangle").ok());
}

}  // namespace
}  // namespace tinysplit::training
