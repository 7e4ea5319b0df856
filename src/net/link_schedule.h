#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/status.h"
#include "net/trace.h"

namespace tinysplit {

// How many bits a link may carry by when: one rate for ever, or a trace that repeats. Immutable.
class RateProfile {
 public:
  // Errors: INVALID_ARGUMENT unless the rate is positive and finite.
  static Result<RateProfile> constant(double bits_per_s);
  // The trace's first point is moved to time 0; the last holds as long as the one before it did.
  // Errors: INVALID_ARGUMENT (no points, times that do not rise, rates that are negative or all 0).
  static Result<RateProfile> repeating(std::vector<RatePoint> trace);

  // When the last of `bits`, begun at `start_s`, is through; times are seconds from the link's
  // start.
  double finish_s(double start_s, double bits) const;
  double rate_at(double time_s) const;
  double mean_bits_per_s() const { return bits_per_period_ / period_s_; }

 private:
  RateProfile() = default;
  std::size_t point_at(double offset_s) const;

  std::vector<RatePoint> points_;  // from time 0 within one period
  double period_s_ = 0;
  double bits_per_period_ = 0;
};

// The arithmetic of one direction of a link: segments leave in the order in which they come, each
// takes its bits over the rate to send, and arrives `delay` after its last bit was sent. Computed
// on absolute times, so that lateness of a caller's timers never adds up. Times are nanoseconds of
// one clock. Not thread-safe.
class LinkSchedule {
 public:
  LinkSchedule(RateProfile profile, std::int64_t delay_ns, std::int64_t start_ns)
      : profile_(std::move(profile)), delay_ns_(delay_ns), start_ns_(start_ns) {}

  // A segment of `bytes` that is ready to be sent at `now_ns`; returns when it arrives. Arrivals
  // never go back in time, even when the delay was shortened in between.
  std::int64_t admit_ns(std::int64_t now_ns, std::size_t bytes);

  // Bits per second at that moment.
  double rate_at(std::int64_t now_ns) const;

  // When everything admitted so far has been sent; earlier than now if the link is idle.
  std::int64_t busy_until_ns() const;

  // Takes effect for the segments admitted from now on. The profile's time 0 is `now_ns`.
  void set_profile(RateProfile profile, std::int64_t now_ns);
  void set_delay_ns(std::int64_t delay_ns) { delay_ns_ = delay_ns; }

 private:
  RateProfile profile_;
  std::int64_t delay_ns_;
  std::int64_t start_ns_;
  double busy_until_s_ = 0;  // from start_ns_
  std::int64_t last_arrival_ns_ = 0;
};

}  // namespace tinysplit
