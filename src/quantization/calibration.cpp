#include "quantization/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "engine/engine.h"
#include "quantization/observed_run.h"

namespace tinysplit {
namespace {

class MinMax {
 public:
  Status add(std::span<const float> numbers, const std::string& name) {
    float low = low_, high = high_;
    bool finite = true;
    for (const float number : numbers) {
      low = std::min(low, number);
      high = std::max(high, number);
      finite &= std::isfinite(number);
    }
    if (!finite) {
      return invalid_argument("value \"" + name +
                              "\" holds infinity or NaN; the model cannot be quantised");
    }
    low_ = low;
    high_ = high;
    return ok_status();
  }
  Range range() const { return {low_, high_}; }

 private:
  float low_ = std::numeric_limits<float>::max();
  float high_ = std::numeric_limits<float>::lowest();
};

Result<Ranges> find_bounds(ObservedRun& run, const Samples& samples,
                           const CalibrationOptions& options) {
  std::vector<MinMax> seen(run.names().size());
  for (std::size_t i = 0; i < samples.count; ++i) {
    TINYSPLIT_RETURN_IF_ERROR(run.run(samples, i));
    for (std::size_t v = 0; v < seen.size(); ++v) {
      TINYSPLIT_RETURN_IF_ERROR(seen[v].add(run.numbers(v), run.names()[v]));
    }
    if (options.on_sample) options.on_sample();
  }
  Ranges ranges;
  for (std::size_t v = 0; v < seen.size(); ++v) ranges[run.names()[v]] = seen[v].range();
  return ranges;
}

Range range_of(const Histogram& histogram, const CalibrationOptions& options) {
  return options.method == RangeMethod::kMse
             ? histogram.least_squares_range()
             : histogram.percentile_range(1.0 - options.percentile / 100.0);
}

}  // namespace

std::size_t calibration_runs(const Samples& samples, const CalibrationOptions& options) {
  return samples.count * (options.method == RangeMethod::kMinMax ? 1 : 2);
}

Result<Ranges> calibrate(const Graph& graph, const Samples& samples,
                         const CalibrationOptions& options) {
  if (samples.count == 0) return invalid_argument("there are no samples to calibrate with");
  if (!(options.percentile > 50.0 && options.percentile <= 100.0)) {
    return invalid_argument("the percentile must lie above 50 and be at most 100");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(ObservedRun run, ObservedRun::create(graph, real_values(graph)));
  TINYSPLIT_ASSIGN_OR_RETURN(Ranges ranges, find_bounds(run, samples, options));
  if (options.method == RangeMethod::kMinMax) return ranges;

  std::vector<Histogram> histograms;
  for (const std::string& name : run.names()) histograms.emplace_back(ranges.at(name));
  for (std::size_t i = 0; i < samples.count; ++i) {
    TINYSPLIT_RETURN_IF_ERROR(run.run(samples, i));
    for (std::size_t v = 0; v < histograms.size(); ++v) histograms[v].add(run.numbers(v));
    if (options.on_sample) options.on_sample();
  }
  for (std::size_t v = 0; v < histograms.size(); ++v) {
    ranges[run.names()[v]] = range_of(histograms[v], options);
  }
  return ranges;
}

}  // namespace tinysplit
