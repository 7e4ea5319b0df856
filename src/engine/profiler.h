#pragma once

#include <functional>

#include "core/clock.h"
#include "core/status.h"
#include "engine/engine.h"
#include "graph/analytics.h"

namespace tinysplit {

struct ProfileOptions {
  int runs = 100;  // measured ones, after a tenth as many to warm up
  int threads = 1;
  // Called after each run, with the number done so far, warm-up included.
  std::function<void(int)> on_run;
};

// Number of runs that profile_model does in all.
int total_profile_runs(const ProfileOptions& options);

// Measures every layer of the model on this machine: median and 10th and 90th percentile over the
// runs. `inputs`: one tensor for each graph input, or none for a fixed pattern of values (the time
// of these operations does not depend on values). Layers computed together with an earlier one take
// 0. Errors: INVALID_ARGUMENT (runs out of 1..1,000,000, inputs that do not fit).
Result<Analytics> profile_model(Engine& engine, std::span<const TensorView> inputs,
                                const ProfileOptions& options,
                                const Clock& clock = SteadyClock::instance());

// What this machine calls its processor, for the analytics' header.
std::string describe_machine();

}  // namespace tinysplit
