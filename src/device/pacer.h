#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "graph/analytics.h"
#include "graph/graph.h"

namespace tinysplit {

// Blocks for about this many nanoseconds; may be late, but not early.
using Sleeper = std::function<void(std::int64_t)>;

// std::this_thread::sleep_for.
void sleep_ns(std::int64_t duration_ns);

// Makes this machine take as long for its layers as a slower device would. It models time, and
// nothing else: not the device's memory, caches, energy, nor its arithmetic. Layers that are faster
// here than there are made up for by waiting; layers that are slower here stay slower. Not
// thread-safe.
class Pacer {
 public:
  // How long before the end of a wait sleeping gives way to reading the clock in a loop, because
  // timers of operating systems are late by about as much.
  static constexpr std::int64_t kSpinNs = 120'000;

  // `target_s`: seconds that each layer takes at least; layers computed together count for the
  // first of them. `clock` must outlive the pacer.
  explicit Pacer(std::vector<double> target_s, const Clock& clock = SteadyClock::instance(),
                 Sleeper sleeper = sleep_ns);

  const std::vector<double>& target_s() const { return target_s_; }

  // Call after layers [begin, end) ran, which began at `begin_ns` and took `layer_seconds` each:
  // raises these to their targets and returns when as much time has gone by since `begin_ns`. One
  // wait on an absolute time: errors of single layers do not add up.
  void pace(int begin, int end, std::int64_t begin_ns, std::span<double> layer_seconds) const;

 private:
  void wait_until(std::int64_t end_ns) const;

  std::vector<double> target_s_;
  const Clock& clock_;
  Sleeper sleeper_;
};

// Targets for a device that is `slowdown` times as slow as what was measured.
// Errors: INVALID_ARGUMENT (not 1 or more).
Result<std::vector<double>> slowed_layer_times(const Analytics& measured, double slowdown);

// Targets for a device that does `macs_per_s` multiply-accumulates, and hands on `elements_per_s`
// values, in a second. Layers that run as one with an earlier layer take no time of their own.
// Errors: INVALID_ARGUMENT (a rate that is not positive).
Result<std::vector<double>> modelled_layer_times(const Graph& graph, double macs_per_s,
                                                 double elements_per_s);

}  // namespace tinysplit
