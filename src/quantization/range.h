#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/type_inference.h"

namespace tinysplit {

// The real numbers that a value is to hold; low <= high, both finite. What lies outside saturates.
struct Range {
  float low = 0.0f;
  float high = 0.0f;
};

// By the name of the value.
using Ranges = std::map<std::string, Range, std::less<>>;

// The int8 type that covers `range` and 0: scale and zero point for the whole tensor, 0 being one
// of its numbers exactly, as TensorFlow Lite asks (padding writes it).
ElementType int8_type_of(Range range);

// How a range follows from the numbers that were seen.
enum class RangeMethod : std::uint8_t {
  kMinMax,      // all of them
  kPercentile,  // all but a share at either end
  kMse,         // the one with the smallest squared error, of rounding and of saturation together
};

// Counts of the numbers of one value, between bounds that are known before.
class Histogram {
 public:
  static constexpr std::size_t kBins = 2048;

  // Precondition: bounds.low <= bounds.high, finite.
  explicit Histogram(Range bounds);

  // Numbers outside of the bounds count as the bound.
  void add(std::span<const float> numbers);

  Range bounds() const { return bounds_; }
  // `share` (0 to 1/2) of all numbers lie below the result, and as many above.
  Range percentile_range(double share) const;
  // Exact zeros, which any range holds exactly, weigh nothing.
  Range least_squares_range() const;

 private:
  double centre(std::size_t bin) const;
  // The sum of squared errors in 8 bits.
  double error_of(Range range) const;

  Range bounds_;
  double bin_width_ = 0.0;
  std::vector<std::int64_t> counts_;
  std::int64_t zeros_ = 0;
};

}  // namespace tinysplit
