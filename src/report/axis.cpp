#include "report/axis.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include "report/units.h"

namespace tinysplit {
namespace {

// Keeps sums and logarithms of hostile numbers finite.
constexpr double kLargest = 1e30;
constexpr double kSmallestPositive = 1e-30;
// Keeps whole numbers of the x axis, and the steps between them, in an int.
constexpr double kLargestX = 1e9;

std::string shortest(double value) {
  std::array<char, 40> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 6);
  return {text.data(), end.ptr};
}

// The smallest of 1, 2, 5 and 10 times a power of ten that is at least `value`.
double round_up(double value) {
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (value <= factor * power * (1.0 + 1e-9)) return factor * power;
  }
  return 10.0 * power;
}

struct TickUnit {
  double scale;
  std::string_view name;
};

TickUnit unit_for(double size, Unit unit) {
  static constexpr std::array<TickUnit, 4> kTimes{
      {{1.0, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}}};
  static constexpr std::array<TickUnit, 4> kSizes{
      {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}, {1.0, "B"}}};
  if (unit == Unit::kNone) return {1.0, ""};
  const auto& units = unit == Unit::kSeconds ? kTimes : kSizes;
  for (const TickUnit& candidate : units) {
    if (size >= candidate.scale * (1.0 - 1e-9)) return candidate;
  }
  return units.back();
}

std::vector<double> usable(std::span<const double> values) {
  std::vector<double> kept;
  for (const double value : values) {
    if (std::isfinite(value)) kept.push_back(std::clamp(value, -kLargest, kLargest));
  }
  return kept;
}

// The last power of ten at or below `low`, those above, up to the first at or above `high`; with
// `fine`, 2 and 5 times the powers as well. At least two numbers.
std::vector<double> log_grid(double low, double high, bool fine) {
  const int first_power = static_cast<int>(std::floor(std::log10(low) + 1e-9));
  const int last_power = static_cast<int>(std::ceil(std::log10(high) - 1e-9));
  std::vector<double> grid;
  for (int power = first_power; power <= last_power + 1; ++power) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor == 1.0 || fine) grid.push_back(factor * std::pow(10.0, power));
    }
  }
  while (grid.size() > 2 && grid[1] <= low) grid.erase(grid.begin());
  while (grid.size() > 2 && grid[grid.size() - 2] >= high) grid.pop_back();
  return grid;
}

}  // namespace

double Axis::position(double value) const {
  if (log) return std::log(value / low) / std::log(high / low);
  return (value - low) / (high - low);
}

Axis linear_axis(std::span<const double> values, int num_ticks) {
  const std::vector<double> kept = usable(values);
  double low = 0.0;
  double high = 0.0;
  for (const double value : kept) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (high - low < kSmallestPositive) high = low + 1.0;
  const double step = round_up((high - low) / std::max(num_ticks, 1));
  const auto first = static_cast<int>(std::floor(low / step + 1e-9));
  // A little room above the highest value: markers and bars should not touch the frame.
  const auto last = static_cast<int>(std::ceil(high / step * 1.02));
  Axis axis{first * step, last * step, false, {}};
  for (int i = first; i <= last; ++i) axis.ticks.push_back(i * step);
  return axis;
}

Axis spanning_axis(std::span<const double> values, int num_ticks) {
  const std::vector<double> kept = usable(values);
  if (kept.empty()) return linear_axis(values, num_ticks);
  const auto [least, most] = std::ranges::minmax_element(kept);
  // Differences that are lost in rounding are none.
  const double smallest = std::max(1e-3 * std::max(std::abs(*least), std::abs(*most)), 1e-6);
  const double room = std::max(smallest - (*most - *least), 0.0) / 2.0;
  const double low = *least - room;
  const double high = *most + room;
  const double step = round_up((high - low) / std::max(num_ticks, 1));
  const double first = std::floor(low / step + 1e-9);
  const double last = std::max(std::ceil(high / step - 1e-9), first + 1.0);
  Axis axis{first * step, last * step, false, {}};
  for (double i = first; i <= last; ++i) axis.ticks.push_back(i * step);
  return axis;
}

Axis log_axis(std::span<const double> values, int num_ticks) {
  double low = kLargest;
  double high = 0.0;
  for (const double value : usable(values)) {
    if (value < kSmallestPositive) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (high == 0.0) return linear_axis(values, num_ticks);

  std::vector<double> grid = log_grid(low, high, true);
  if (grid.size() > std::size_t(std::max(num_ticks, 1)) + 2) grid = log_grid(low, high, false);
  Axis axis{grid.front(), grid.back(), true, {}};
  const std::size_t stride = (grid.size() - 1) / std::size_t(std::max(num_ticks, 1)) + 1;
  for (std::size_t i = 0; i < grid.size(); i += stride) axis.ticks.push_back(grid[i]);
  return axis;
}

Axis y_axis_of(const Panel& panel, int num_ticks) {
  std::vector<double> values;
  std::map<double, double> sums;
  for (const Series& series : panel.series) {
    const std::size_t count = std::min(series.x.size(), series.y.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (!std::isfinite(series.y[i])) continue;
      if (series.style == SeriesStyle::kStackedBar) {
        sums[series.x[i]] += std::max(series.y[i], 0.0);
      } else {
        values.push_back(series.y[i]);
      }
    }
  }
  for (const auto& [x, sum] : sums) values.push_back(sum);
  const bool log = panel.log_y && !has_stacked_bars(panel);
  const bool spans = !panel.y_from_zero && !has_stacked_bars(panel);
  Axis axis = log     ? log_axis(values, num_ticks)
              : spans ? spanning_axis(values, num_ticks)
                      : linear_axis(values, num_ticks);
  if (panel.y_most && axis.low < *panel.y_most && *panel.y_most < axis.high) {
    axis.high = *panel.y_most;
    std::erase_if(axis.ticks, [&](double tick) { return tick > axis.high; });
  }
  return axis;
}

XRange x_range_of(const Panel& panel) {
  bool any = false;
  XRange range;
  const auto include = [&](double x) {
    if (!std::isfinite(x)) return;
    x = std::clamp(std::round(x), -kLargestX, kLargestX);
    range.low = any ? std::min(range.low, x) : x;
    range.high = any ? std::max(range.high, x) : x;
    any = true;
  };
  for (const Series& series : panel.series) {
    const std::size_t count = std::min(series.x.size(), series.y.size());
    for (std::size_t i = 0; i < count; ++i) include(series.x[i]);
  }
  if (panel.highlight) include(panel.highlight->x);
  return range;
}

int x_label_step(const XRange& range, int max_labels) {
  const double per_label = (range.high - range.low + 1.0) / std::max(max_labels, 1);
  return static_cast<int>(std::min(round_up(std::max(per_label, 1.0)), kLargestX));
}

std::string format_tick(double tick, const Axis& axis, Unit unit) {
  if (tick == 0.0) return "0";
  const double reference = axis.log ? tick : std::max(std::abs(axis.low), std::abs(axis.high));
  const TickUnit scale = unit_for(std::abs(reference), unit);
  if (unit == Unit::kNone && std::abs(tick) >= 1e4) return format_magnitude(tick);
  const std::string number = shortest(tick / scale.scale);
  return scale.name.empty() ? number : number + " " + std::string(scale.name);
}

std::string format_value(double value, Unit unit) {
  switch (unit) {
    case Unit::kSeconds:
      return format_seconds(value);
    case Unit::kBytes:
      return format_bytes(value);
    case Unit::kNone:
      break;
  }
  return shortest(value);
}

bool has_stacked_bars(const Panel& panel) {
  return std::ranges::any_of(
      panel.series, [](const Series& series) { return series.style == SeriesStyle::kStackedBar; });
}

}  // namespace tinysplit
