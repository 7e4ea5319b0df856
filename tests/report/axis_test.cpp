#include "report/axis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace tinysplit {
namespace {

bool is_round(double value) {
  if (value == 0.0) return true;
  const double mantissa =
      std::abs(value) / std::pow(10.0, std::floor(std::log10(std::abs(value)) + 1e-9));
  return std::abs(mantissa - std::round(mantissa * 100.0) / 100.0) < 1e-6;
}

TEST(Axis, LinearTicksAreRoundFewAndCoverTheValues) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> exponent(-9.0, 9.0);
  for (int i = 0; i < 2000; ++i) {
    const std::vector<double> values{std::pow(10.0, exponent(random)),
                                     std::pow(10.0, exponent(random))};
    const Axis axis = linear_axis(values, 5);
    EXPECT_EQ(axis.low, 0.0);
    ASSERT_GE(axis.ticks.size(), 2U);
    EXPECT_LE(axis.ticks.size(), 8U);
    for (const double value : values) EXPECT_LE(axis.position(value), 1.0);
    EXPECT_GT(axis.position(std::max(values[0], values[1])), 0.4) << "the plot is mostly empty";
    for (const double tick : axis.ticks) EXPECT_TRUE(is_round(tick)) << tick;
  }
}

TEST(Axis, LogTicksCoverTheValues) {
  std::mt19937 random(8);
  std::uniform_real_distribution<double> exponent(-9.0, 9.0);
  for (int i = 0; i < 2000; ++i) {
    const std::vector<double> values{std::pow(10.0, exponent(random)),
                                     std::pow(10.0, exponent(random)), 0.0, -1.0};
    const Axis axis = log_axis(values, 5);
    ASSERT_TRUE(axis.log);
    EXPECT_GT(axis.low, 0.0);
    for (const double value : {values[0], values[1]}) {
      EXPECT_GE(axis.position(value), -1e-9);
      EXPECT_LE(axis.position(value), 1.0 + 1e-9);
    }
    EXPECT_GE(axis.ticks.size(), 2U);
    EXPECT_LE(axis.ticks.size(), 7U);
  }
}

TEST(Axis, SurvivesNumbersThatAreNone) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const std::vector<double>& values : {std::vector<double>{},
                                            {std::nan("")},
                                            {infinity, -infinity},
                                            {0.0},
                                            {-5.0, -1.0},
                                            {1e308, -1e308},
                                            {5e-324},
                                            {1e-300, 1e300}}) {
    for (const Axis& axis : {linear_axis(values, 5), log_axis(values, 5)}) {
      EXPECT_LT(axis.low, axis.high);
      EXPECT_FALSE(axis.ticks.empty());
      EXPECT_LE(axis.ticks.size(), 100U);
      EXPECT_TRUE(std::isfinite(axis.position(1.0)));
    }
  }
}

TEST(Axis, StackedBarsCountByTheirSum) {
  Panel panel;
  panel.log_y = true;
  panel.series = {{"device", {0, 1}, {0.1, 0.2}, SeriesStyle::kStackedBar},
                  {"link", {0, 1}, {0.3, 0.7}, SeriesStyle::kStackedBar}};
  const Axis axis = y_axis_of(panel, 5);
  EXPECT_FALSE(axis.log);
  EXPECT_GE(axis.high, 0.9);
  EXPECT_LE(axis.high, 1.2);
}

TEST(Axis, EndsWhereNoValueCanBe) {
  Panel panel;
  panel.series = {Series{"accuracy", {1, 2}, {40.0, 99.9}, SeriesStyle::kLine}};
  panel.y_most = 100.0;
  const Axis axis = y_axis_of(panel, 5);
  EXPECT_EQ(axis.high, 100.0);
  EXPECT_EQ(axis.ticks.back(), 100.0);
  panel.series[0].y[1] = 50.0;
  EXPECT_LT(y_axis_of(panel, 5).high, 100.0);
}

TEST(Axis, SpansTheValuesWhereZeroSaysNothing) {
  for (const std::vector<double>& values :
       {std::vector<double>{97.2, 98.9}, {0.01, 0.02}, {-5.0, -4.9}, {55.0}, {0.0}, {1e30, 1e30}}) {
    Panel panel;
    panel.y_from_zero = false;
    panel.series = {{"accuracy", std::vector<double>(values.size(), 1.0), values}};
    const Axis axis = y_axis_of(panel, 5);
    SCOPED_TRACE(values.front());
    const auto [least, most] = std::ranges::minmax_element(values);
    EXPECT_LE(axis.low, *least);
    EXPECT_GE(axis.high, *most);
    EXPECT_GE(axis.ticks.size(), 2U);
    EXPECT_LE(axis.ticks.size(), 9U);
    EXPECT_EQ(axis.ticks.front(), axis.low);
    // What differs fills a good part of the axis.
    if (*most > *least) {
      EXPECT_GT(axis.position(*most) - axis.position(*least), 0.4);
    }
    panel.series[0].style = SeriesStyle::kStackedBar;
    EXPECT_LE(y_axis_of(panel, 5).low, 0.0);
  }
}

TEST(Axis, LabelsOfWholeNumbersNeverCollide) {
  EXPECT_EQ(x_label_step({0, 9}, 20), 1);
  EXPECT_EQ(x_label_step({0, 59}, 20), 5);
  EXPECT_EQ(x_label_step({0, 999}, 20), 50);
  EXPECT_EQ(x_label_step({-1e9, 1e9}, 0), 1'000'000'000);
}

TEST(Axis, TicksShareOneUnitOnALinearAxis) {
  const Axis seconds = linear_axis(std::vector<double>{1.9}, 5);
  EXPECT_EQ(format_tick(0.5, seconds, Unit::kSeconds), "0.5 s");
  EXPECT_EQ(format_tick(0.0, seconds, Unit::kSeconds), "0");
  const Axis log = log_axis(std::vector<double>{0.01, 10.0}, 5);
  EXPECT_EQ(format_tick(0.01, log, Unit::kSeconds), "10 ms");
  EXPECT_EQ(format_tick(10.0, log, Unit::kSeconds), "10 s");
  EXPECT_EQ(format_tick(2000.0, linear_axis(std::vector<double>{5000.0}, 5), Unit::kBytes), "2 kB");
}

}  // namespace
}  // namespace tinysplit
