#pragma once

#include <chrono>

#include "core/status.h"
#include "device/device_planner.h"
#include "device/edge_session.h"

namespace tinysplit {

// Exchanges reports of different sizes with the edge until they tell the link's rate from its
// latency, a second or so on slow links. All samples reach the session's planner; the last report
// tells them to the edge, whose answer is returned. `timeout` is that of each exchange. Errors: of
// EdgeSession.
Result<InferReply> probe_link(EdgeSession& session, int cut, std::chrono::nanoseconds timeout);

// The same for a link that is known but may have changed: a report with as much padding as takes a
// moment at the rate that `planner` believes in, at most kMaxLookBytes, then one without, whose
// answer is returned. Where they contradict what was known, or leave the rate vague, up to two more
// such pairs.
inline constexpr std::size_t kMaxLookBytes = 16384;
// Standard deviation of a rate, as a part of it, from which on it is vague.
inline constexpr double kVagueRate = 0.3;
Result<InferReply> look_at_link(EdgeSession& session, const DevicePlanner& planner, int cut,
                                std::chrono::nanoseconds timeout);

}  // namespace tinysplit
