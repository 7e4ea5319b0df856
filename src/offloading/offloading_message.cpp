#include "offloading/offloading_message.h"

#include <cmath>

namespace tinysplit {
namespace {

bool is_positive(double seconds) { return std::isfinite(seconds) && seconds > 0.0; }

}  // namespace

std::optional<double> OffloadingMessage::link_s() const {
  if (round_trip_s && edge_s) {
    const double seconds = *round_trip_s - *edge_s;
    if (is_positive(seconds) && *edge_s >= 0.0) return seconds;
    return std::nullopt;
  }
  if (receive_s && is_positive(*receive_s)) return receive_s;
  return std::nullopt;
}

std::optional<double> OffloadingMessage::speed_bits_per_s() const {
  const std::optional<double> seconds = link_s();
  if (!seconds || link_bytes <= 0) return std::nullopt;
  return 8.0 * static_cast<double>(link_bytes) / *seconds;
}

}  // namespace tinysplit
