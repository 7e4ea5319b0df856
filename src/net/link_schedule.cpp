#include "net/link_schedule.h"

#include <algorithm>
#include <cmath>

namespace tinysplit {

Result<RateProfile> RateProfile::constant(double bits_per_s) {
  if (!(bits_per_s > 0) || !std::isfinite(bits_per_s)) {
    return invalid_argument("the rate of a link must be positive, it is " +
                            std::to_string(bits_per_s) + " bit/s");
  }
  RateProfile profile;
  profile.points_ = {{0, bits_per_s}};
  profile.period_s_ = 1;
  profile.bits_per_period_ = bits_per_s;
  return profile;
}

Result<RateProfile> RateProfile::repeating(std::vector<RatePoint> trace) {
  if (trace.empty()) return invalid_argument("the trace of a link has no points");
  if (trace.size() == 1) return constant(trace[0].bits_per_s);
  RateProfile profile;
  const double first_s = trace.front().time_s;
  const double last_gap_s = trace.back().time_s - trace[trace.size() - 2].time_s;
  profile.period_s_ = trace.back().time_s - first_s + last_gap_s;
  for (RatePoint& point : trace) point.time_s -= first_s;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const double end_s = i + 1 < trace.size() ? trace[i + 1].time_s : profile.period_s_;
    const bool is_rising = end_s > trace[i].time_s && std::isfinite(end_s);
    if (!is_rising || !(trace[i].bits_per_s >= 0) || !std::isfinite(trace[i].bits_per_s)) {
      return invalid_argument("point " + std::to_string(i) +
                              " of a link's trace has a rate that is negative or a time that is "
                              "not before the next");
    }
    profile.bits_per_period_ += trace[i].bits_per_s * (end_s - trace[i].time_s);
  }
  if (!(profile.bits_per_period_ > 0)) {
    return invalid_argument("a link's trace has no rate above 0, nothing would ever arrive");
  }
  profile.points_ = std::move(trace);
  return profile;
}

std::size_t RateProfile::point_at(double offset_s) const {
  const auto after = std::ranges::upper_bound(points_, offset_s, {}, &RatePoint::time_s);
  return after == points_.begin() ? 0 : static_cast<std::size_t>(after - points_.begin()) - 1;
}

double RateProfile::rate_at(double time_s) const {
  return points_[point_at(time_s - std::floor(time_s / period_s_) * period_s_)].bits_per_s;
}

double RateProfile::finish_s(double start_s, double bits) const {
  if (points_.size() == 1) return start_s + bits / points_[0].bits_per_s;
  // From any moment, one whole period later one whole period's bits are through.
  const double whole_periods = std::floor(bits / bits_per_period_);
  bits -= whole_periods * bits_per_period_;
  start_s += whole_periods * period_s_;
  double period_start_s = std::floor(start_s / period_s_) * period_s_;
  std::size_t i = point_at(start_s - period_start_s);
  double now_s = start_s;
  // Less than a period is left, so this passes every point once at most; the rounding of sums may
  // cost another pass.
  for (std::size_t steps = 0; bits > 0 && steps < 3 * points_.size(); ++steps) {
    const bool is_last = i + 1 == points_.size();
    const double end_s = period_start_s + (is_last ? period_s_ : points_[i + 1].time_s);
    const double capacity = points_[i].bits_per_s * std::max(0.0, end_s - now_s);
    if (bits <= capacity) return now_s + bits / points_[i].bits_per_s;
    bits -= capacity;
    now_s = end_s;
    if (is_last) period_start_s += period_s_;
    i = is_last ? 0 : i + 1;
  }
  return now_s;
}

namespace {

double to_seconds(std::int64_t ns) { return static_cast<double>(ns) * 1e-9; }
std::int64_t to_ns(double seconds) { return std::llround(seconds * 1e9); }

}  // namespace

std::int64_t LinkSchedule::admit_ns(std::int64_t now_ns, std::size_t bytes) {
  const double begin_s = std::max(to_seconds(now_ns - start_ns_), busy_until_s_);
  busy_until_s_ = profile_.finish_s(begin_s, 8.0 * static_cast<double>(bytes));
  last_arrival_ns_ = std::max(last_arrival_ns_, busy_until_ns() + delay_ns_);
  return last_arrival_ns_;
}

double LinkSchedule::rate_at(std::int64_t now_ns) const {
  return profile_.rate_at(to_seconds(now_ns - start_ns_));
}

std::int64_t LinkSchedule::busy_until_ns() const { return start_ns_ + to_ns(busy_until_s_); }

void LinkSchedule::set_profile(RateProfile profile, std::int64_t now_ns) {
  busy_until_s_ = to_seconds(busy_until_ns() - now_ns);
  start_ns_ = now_ns;
  profile_ = std::move(profile);
}

}  // namespace tinysplit
