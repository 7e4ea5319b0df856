#include "core/interval_clock.h"

#include <fstream>
#include <limits>
#include <optional>
#include <string>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace tinysplit {
namespace {

#if defined(__x86_64__)
// The kernel takes another clock source when the counters stop, differ between cores or change
// rate, so its choice is the check.
bool kernel_trusts_counter() {
  std::ifstream file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  std::string source;
  return std::getline(file, source) && source == "tsc";
}

struct Moment {
  std::int64_t steady_ns = 0;
  std::uint64_t ticks = 0;
};

// Both clocks at one moment. Of some tries the quickest, since the thread may be set aside between
// the two readings.
Moment read_both() {
  const SteadyClock& steady = SteadyClock::instance();
  Moment best;
  std::int64_t least_ns = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < 20; ++i) {
    const std::int64_t before_ns = steady.now_ns();
    const std::uint64_t ticks = __rdtsc();
    const std::int64_t spent_ns = steady.now_ns() - before_ns;
    if (spent_ns < least_ns) {
      least_ns = spent_ns;
      best = {before_ns, ticks};
    }
  }
  return best;
}

class CounterClock final : public Clock {
 public:
  CounterClock() {
    constexpr std::int64_t kCalibrationNs = 2'000'000;
    const Moment first = read_both();
    Moment last = first;
    while (last.steady_ns - first.steady_ns < kCalibrationNs) last = read_both();
    origin_ = first.ticks;
    ns_per_tick_ = static_cast<double>(last.steady_ns - first.steady_ns) /
                   static_cast<double>(last.ticks - first.ticks);
  }
  std::int64_t now_ns() const override {
    return static_cast<std::int64_t>(static_cast<double>(__rdtsc() - origin_) * ns_per_tick_);
  }

 private:
  std::uint64_t origin_ = 0;
  double ns_per_tick_ = 0.0;
};
#endif

}  // namespace

const Clock& interval_clock() {
#if defined(__x86_64__)
  static const std::optional<CounterClock> counter = [] {
    std::optional<CounterClock> made;
    if (kernel_trusts_counter()) made.emplace();
    return made;
  }();
  if (counter) return *counter;
#endif
  return SteadyClock::instance();
}

const Clock& interval_clock_for(const Clock& clock) {
  return &clock == &SteadyClock::instance() ? interval_clock() : clock;
}

}  // namespace tinysplit
