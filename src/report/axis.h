#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/chart.h"

namespace tinysplit {

// The range of an axis and its ticks at round numbers, for both kinds of chart.
struct Axis {
  double low = 0.0;
  double high = 1.0;
  bool log = false;           // then 0 < low < high
  std::vector<double> ticks;  // ascending, all inside [low, high]

  // Where `value` lies: 0 at `low`, 1 at `high`, outside of that beyond the ends.
  double position(double value) const;
};

// From 0 (or below, if a value is) to the first round number some 2% above every value, in about
// `num_ticks` steps of 1, 2 or 5 times a power of ten.
Axis linear_axis(std::span<const double> values, int num_ticks);

// Between round numbers around the values, wherever 0 is: as linear_axis(), but of equal values
// some way to either side.
Axis spanning_axis(std::span<const double> values, int num_ticks);

// Between 1, 2 and 5 times powers of ten, ticks at these if they are few enough, else at powers of
// ten. Values at or below zero are left out; without any other the axis is linear.
Axis log_axis(std::span<const double> values, int num_ticks);

// The y axis that shows every value of `panel`, stacked bars by their sums.
Axis y_axis_of(const Panel& panel, int num_ticks);

// The range of whole numbers that the series and the highlight of `panel` lie in; {0, 0} without
// any.
struct XRange {
  double low = 0.0;
  double high = 0.0;
};
XRange x_range_of(const Panel& panel);

// The smallest of 1, 2, 5, 10, 20, ... that gives at most `max_labels` labels over `range`.
int x_label_step(const XRange& range, int max_labels);

// The tick's number in a unit that suits the whole axis (or just the tick, on a logarithmic one):
// "20 ms".
std::string format_tick(double tick, const Axis& axis, Unit unit);

// A value in full for a tooltip: "20.3 ms".
std::string format_value(double value, Unit unit);

bool has_stacked_bars(const Panel& panel);

}  // namespace tinysplit
