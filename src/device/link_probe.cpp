#include "device/link_probe.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tinysplit {
namespace {

constexpr int kSmallReports = 3;
constexpr int kLargeReports = 2;
constexpr std::size_t kFirstPaddingBytes = 2048;
constexpr std::size_t kPaddingGrowth = 4;
// A large report must take this much longer than a small one, so that timers and jitter do not
// matter.
constexpr double kClearDifferenceS = 4e-3;
constexpr double kClearDifference = 0.1;  // as a part of the small one's time

constexpr int kMaxLooks = 3;
constexpr std::size_t kLeastLookBytes = 256;
// As long as the base latency, the bytes tell as much as it does; within these bounds.
constexpr double kShortLookS = 10e-3;
constexpr double kLongLookS = 50e-3;

// A rate that is vague may be a much higher one, which takes more bytes to be seen.
constexpr double kOptimism = 3.0;

std::size_t look_padding(const DevicePlanner& planner, const EdgeSession& session) {
  const LinkEstimate link = planner.link();
  const double seconds = (1.0 + kOptimism * planner.rate_uncertainty()) *
                         std::clamp(link.base_latency_s, kShortLookS, kLongLookS);
  const double bytes =
      std::clamp(seconds * link.uplink_bytes_per_s, static_cast<double>(kLeastLookBytes),
                 static_cast<double>(kMaxLookBytes));
  return std::min(static_cast<std::size_t>(bytes), session.max_padding_bytes());
}

}  // namespace

Result<InferReply> probe_link(EdgeSession& session, int cut, std::chrono::nanoseconds timeout) {
  // The first may have to open the connection.
  TINYSPLIT_RETURN_IF_ERROR(session.report(cut, 0, timeout).status());
  double small_s = 1e9;
  for (int i = 0; i < kSmallReports; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const EdgeExchange exchange, session.report(cut, 0, timeout));
    small_s = std::min(small_s, exchange.link_s());
  }
  const double clear_s = std::max(kClearDifferenceS, kClearDifference * small_s);
  std::size_t padding_bytes = std::min(kFirstPaddingBytes, session.max_padding_bytes());
  for (int at_size = 0; at_size < kLargeReports;) {
    TINYSPLIT_ASSIGN_OR_RETURN(const EdgeExchange exchange,
                               session.report(cut, padding_bytes, timeout));
    const bool is_largest = padding_bytes >= session.max_padding_bytes();
    if (exchange.link_s() - small_s >= clear_s || is_largest) {
      ++at_size;
    } else {
      padding_bytes = std::min(kPaddingGrowth * padding_bytes, session.max_padding_bytes());
      at_size = 0;
    }
  }
  TINYSPLIT_ASSIGN_OR_RETURN(EdgeExchange last, session.report(cut, 0, timeout));
  return std::move(last.reply);
}

Result<InferReply> look_at_link(EdgeSession& session, const DevicePlanner& planner, int cut,
                                std::chrono::nanoseconds timeout) {
  for (int look = 1;; ++look) {
    const double believed = planner.link().uplink_bytes_per_s;
    TINYSPLIT_RETURN_IF_ERROR(
        session.report(cut, look_padding(planner, session), timeout).status());
    TINYSPLIT_ASSIGN_OR_RETURN(EdgeExchange last, session.report(cut, 0, timeout));
    // One delayed packet looks like another rate: a new one is looked at twice.
    const double change = std::abs(std::log(planner.link().uplink_bytes_per_s / believed));
    const bool is_clear =
        !planner.doubts_link() && planner.rate_uncertainty() <= kVagueRate && change <= kVagueRate;
    if (is_clear || look == kMaxLooks) return std::move(last.reply);
  }
}

}  // namespace tinysplit
