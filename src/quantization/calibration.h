#pragma once

#include <cstddef>
#include <functional>

#include "core/status.h"
#include "graph/graph.h"
#include "quantization/range.h"
#include "quantization/samples.h"

namespace tinysplit {

struct CalibrationOptions {
  RangeMethod method = RangeMethod::kMinMax;
  // kPercentile: the percentage of numbers that lie below the range's upper end; as many lie above
  // its lower one. 50 < percentile <= 100.
  double percentile = 99.99;
  // Called after each sample; there are calibration_runs() of them.
  std::function<void()> on_sample;
};

// How many times calibrate() runs the network.
std::size_t calibration_runs(const Samples& samples, const CalibrationOptions& options);

// The range of every float32 value that a layer of `graph` hands on, and of every float32 input,
// over all samples. `graph` is best one of fold_operations(), whose values are those that an 8-bit
// network holds. Errors: INVALID_ARGUMENT (no samples, a sample that does not fit, a value that is
// not finite, with its name), those of Engine.
Result<Ranges> calibrate(const Graph& graph, const Samples& samples,
                         const CalibrationOptions& options);

}  // namespace tinysplit
