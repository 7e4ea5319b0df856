#pragma once

#include <chrono>

#include "core/status.h"
#include "device/edge_session.h"

namespace tinysplit {

// Exchanges reports of different sizes with the edge until they tell the link's rate from its
// latency, a second or so on slow links. All samples reach the session's planner; the last report
// tells them to the edge, whose answer is returned. `timeout` is that of each exchange. Errors: of
// EdgeSession.
Result<InferReply> probe_link(EdgeSession& session, int cut, std::chrono::nanoseconds timeout);

}  // namespace tinysplit
