#include "offloading/layer_times.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/limits.h"

namespace tinysplit {
namespace {

constexpr double kSmoothing = 0.3;    // weight of a new measurement
constexpr double kMaxChange = 4.0;    // a new measurement counts as within this factor of the time
constexpr double kLeastTimeS = 1e-6;  // from which the factor is taken: timers are not finer

}  // namespace

LayerTimes::LayerTimes(int num_layers)
    : times_s_(static_cast<std::size_t>(num_layers), std::numeric_limits<double>::quiet_NaN()) {}

bool LayerTimes::is_known(int layer) const {
  return layer >= 0 && layer < num_layers() &&
         !std::isnan(times_s_[static_cast<std::size_t>(layer)]);
}

bool LayerTimes::add(int layer, double time_s) {
  if (layer < 0 || layer >= num_layers()) return false;
  if (!std::isfinite(time_s) || time_s < 0.0 || time_s > limits::kMaxLayerTimeS) return false;
  double& smoothed_s = times_s_[static_cast<std::size_t>(layer)];
  if (std::isnan(smoothed_s)) {
    smoothed_s = time_s;
    return true;
  }
  const double base_s = std::max(smoothed_s, kLeastTimeS);
  const double bounded_s =
      std::clamp(time_s, std::min(smoothed_s, base_s / kMaxChange), base_s * kMaxChange);
  smoothed_s += kSmoothing * (bounded_s - smoothed_s);
  return true;
}

double fill_unknown_times(std::span<double> times_s, std::span<const double> reference_s,
                          double default_ratio) {
  double known_s = 0.0;
  double known_reference_s = 0.0;
  std::size_t num_known = 0;
  for (std::size_t i = 0; i < times_s.size(); ++i) {
    if (std::isnan(times_s[i])) continue;
    known_s += times_s[i];
    known_reference_s += reference_s[i];
    ++num_known;
  }
  if (num_known == times_s.size()) return 1.0;
  // Layers without work (an input layer) tell nothing of the ratio.
  const bool ratio_known = known_s > 0.0 && known_reference_s > 0.0;
  const double ratio = ratio_known ? known_s / known_reference_s : default_ratio;
  double filled_s = 0.0;
  for (std::size_t i = 0; i < times_s.size(); ++i) {
    if (!std::isnan(times_s[i])) continue;
    times_s[i] = std::min(ratio * reference_s[i], limits::kMaxLayerTimeS);
    filled_s += times_s[i];
  }
  return known_s + filled_s > 0.0 ? known_s / (known_s + filled_s) : 0.0;
}

}  // namespace tinysplit
