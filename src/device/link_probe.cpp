#include "device/link_probe.h"

#include <algorithm>
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

}  // namespace tinysplit
