#include "quantization/range.h"

#include <algorithm>
#include <cmath>

namespace tinysplit {
namespace {

constexpr double kSteps = 255.0;

}  // namespace

ElementType int8_type_of(Range range) {
  const double low = std::min(0.0, static_cast<double>(range.low));
  const double high = std::max(0.0, static_cast<double>(range.high));
  // A scale that is below the smallest normal number, or no number at all, serves nobody.
  const float scale = static_cast<float>((high - low) / kSteps);
  if (!(scale > 1e-30f)) return {DType::kInt8, Quantization{{1.0f}, {0}, -1}};
  const double zero_point = std::round(-128.0 - low / static_cast<double>(scale));
  const auto stored = static_cast<std::int32_t>(std::clamp(zero_point, -128.0, 127.0));
  return {DType::kInt8, Quantization{{scale}, {stored}, -1}};
}

Histogram::Histogram(Range bounds) : bounds_(bounds), counts_(kBins, 0) {
  bin_width_ = (static_cast<double>(bounds.high) - static_cast<double>(bounds.low)) / kBins;
}

void Histogram::add(std::span<const float> numbers) {
  const float low = bounds_.low;
  const float bins_per_unit = bin_width_ > 0.0 ? static_cast<float>(1.0 / bin_width_) : 0.0f;
  constexpr float kLast = kBins - 1;
  for (const float number : numbers) {
    if (number == 0.0f) {
      ++zeros_;
      continue;
    }
    const float bin = std::min(std::max((number - low) * bins_per_unit, 0.0f), kLast);
    ++counts_[static_cast<std::size_t>(bin)];
  }
}

double Histogram::centre(std::size_t bin) const {
  return static_cast<double>(bounds_.low) + (static_cast<double>(bin) + 0.5) * bin_width_;
}

Range Histogram::percentile_range(double share) const {
  std::vector<std::int64_t> counts = counts_;
  if (bin_width_ > 0.0 && zeros_ > 0) {
    const double bin = -static_cast<double>(bounds_.low) / bin_width_;
    counts[static_cast<std::size_t>(std::clamp(bin, 0.0, kBins - 1.0))] += zeros_;
  }
  std::int64_t total = 0;
  for (const std::int64_t count : counts) total += count;
  const double outside = share * static_cast<double>(total);
  std::size_t first = 0, last = kBins - 1;
  for (double seen = 0.0; first < last; ++first) {
    seen += static_cast<double>(counts[first]);
    if (seen > outside) break;
  }
  for (double seen = 0.0; last > first; --last) {
    seen += static_cast<double>(counts[last]);
    if (seen > outside) break;
  }
  // The outer edges of the two bins; the outermost are the bounds themselves.
  Range range = bounds_;
  if (first > 0) range.low = static_cast<float>(centre(first) - bin_width_ / 2);
  if (last < kBins - 1) range.high = static_cast<float>(centre(last) + bin_width_ / 2);
  return range;
}

double Histogram::error_of(Range range) const {
  const double low = std::min(0.0, static_cast<double>(range.low));
  const double high = std::max(0.0, static_cast<double>(range.high));
  const double step = (high - low) / kSteps;
  const double rounding = step * step / 12.0;
  double error = 0.0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    if (counts_[bin] == 0) continue;
    const double x = centre(bin);
    const double beyond = std::max({low - x, x - high, 0.0});
    error += static_cast<double>(counts_[bin]) * (beyond > 0.0 ? beyond * beyond : rounding);
  }
  return error;
}

Range Histogram::least_squares_range() const {
  // One end after the other, each on a grid that becomes finer around the best so far.
  Range best = bounds_;
  double least = error_of(best);
  constexpr int kTries = 24, kRounds = 3;
  double span = 1.0;
  for (int round = 0; round < kRounds; ++round, span /= kTries / 4.0) {
    for (const bool upper : {true, false}) {
      const Range start = best;
      for (int i = 0; i <= kTries; ++i) {
        const double part = 1.0 - span * (static_cast<double>(i) / kTries);
        Range range = start;
        float& end = upper ? range.high : range.low;
        end = static_cast<float>(static_cast<double>(end) * part);
        const double error = error_of(range);
        if (error >= least) continue;
        least = error;
        best = range;
      }
    }
  }
  return best;
}

}  // namespace tinysplit
