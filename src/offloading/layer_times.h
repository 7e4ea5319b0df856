#pragma once

#include <span>
#include <vector>

namespace tinysplit {

// Measured times of a model's layers on one device: smoothed, and unknown until first measured.
// Bounded by the model's number of layers, not by what a device sends. Not thread-safe.
class LayerTimes {
 public:
  explicit LayerTimes(int num_layers);

  // Takes in one measurement in seconds. A single one moves the time by at most a factor, so that a
  // hiccup does not; a lasting change is followed within some ten measurements. False, and nothing
  // changes, if there is no such layer or the time is negative, not a number or beyond
  // limits::kMaxLayerTimeS.
  bool add(int layer, double time_s);

  int num_layers() const { return static_cast<int>(times_s_.size()); }
  bool is_known(int layer) const;
  // NaN where not known.
  std::span<const double> times_s() const { return times_s_; }

 private:
  std::vector<double> times_s_;
};

// Replaces what is NaN in `times_s` by the time of the same layer in `reference_s` (the edge's)
// times the ratio of both over the known layers; times `default_ratio` if no layer is known.
// Returns the part of the sum of times that was known, in 0 .. 1. Precondition: equal lengths.
double fill_unknown_times(std::span<double> times_s, std::span<const double> reference_s,
                          double default_ratio);

}  // namespace tinysplit
