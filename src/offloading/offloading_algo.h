#pragma once

#include <span>

#include "core/status.h"
#include "offloading/decision.h"
#include "offloading/plan_input.h"

namespace tinysplit {

// Chooses the cut with the least predicted latency. For c < N
//   T(c) = sum device_time[0, c) + encode + RTT + (bytes(c) + overhead) / uplink + decode
//          + queue wait + load * sum edge_time[c, N) + (result + overhead) / downlink
// and T(N) = sum device_time[0, N), without any link. Cut 0 sends the raw input and counts like any
// other. A model with branches is served by its live tensors: bytes(c) are all of them.
// O(N). Of equal latencies the smallest cut wins: it asks least of the device.
// A cut that splits a fusion is chosen only where every other cut is excluded.
// Stateless; thread-safe.
class OffloadingAlgo {
 public:
  // Fills `costs` ([N + 1]) and returns the chosen cut, -1 if all are excluded. Neither allocates
  // nor throws. Precondition: check(input) is ok and costs has input.cuts.size() entries.
  static int choose(const PlanInput& input, std::span<CutCost> costs) noexcept;

  // The same with a sentence of reasons. confidence is that of the link: what else was assumed, the
  // caller knows. Errors: INVALID_ARGUMENT (see check), FAILED_PRECONDITION (all cuts are excluded;
  // says why and what would help).
  static Result<Decision> decide(const PlanInput& input);

  // Errors: INVALID_ARGUMENT (no layers, lengths that do not fit, a time or rate that is negative
  // or not finite, a limit on RAM or flash where a cut's need is not known).
  static Status check(const PlanInput& input);
};

}  // namespace tinysplit
