#include "core/clock.h"

namespace tinysplit {

const SteadyClock& SteadyClock::instance() {
  static const SteadyClock clock;
  return clock;
}

}  // namespace tinysplit
