#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "device/backoff.h"
#include "device/device_planner.h"
#include "device/edge_client.h"
#include "graph/graph.h"

namespace tinysplit {

struct EdgeSessionOptions {
  std::string device_id;
  std::string model_name;
  double first_retry_s = 1.0;
  double longest_retry_s = 60.0;
};

// What goes on between a device and its edge: what was told and learnt, whether the edge is there,
// and when to ask again. Feeds every exchange to the planner. Not thread-safe.
class EdgeSession {
 public:
  // All but the client must outlive the session.
  EdgeSession(EdgeClient client, const Graph& graph, DevicePlanner& planner,
              EdgeSessionOptions options, const Clock& clock);

  // Fetches the edge's times of the model, unless they are there. Errors: as SimpleDevice::connect.
  Status open(std::chrono::nanoseconds timeout);

  // Sends the live tensors of `cut`; `layer_seconds` are those of the head. After an answer call
  // note_success() or note_failure().
  Result<EdgeExchange> infer(int cut, std::span<const NamedTensorView> tensors,
                             std::span<const double> layer_seconds,
                             std::chrono::nanoseconds timeout);

  // Tells the device's layer times and link samples, runs nothing. The request grows by
  // `padding_bytes` (rounded up to what a layer's time takes) to see what the link makes of it.
  Result<EdgeExchange> report(int cut, std::size_t padding_bytes, std::chrono::nanoseconds timeout);
  std::size_t max_padding_bytes() const;

  // What came of an answer to infer(): it was used, or of no use, which counts like none.
  void note_success();
  void note_failure(const Status& status);

  bool is_open() const { return planner_.knows_edge(); }
  bool has_failed() const { return !backoff_.available(); }
  bool may_retry() const { return backoff_.may_try(clock_.now_ns()); }
  const Status& status() const { return last_status_; }
  // Since the last exchange; 0 before the first.
  double silent_s() const;

 private:
  Result<EdgeExchange> exchange(InferRequest& request, std::span<const NamedTensorView> tensors,
                                std::chrono::nanoseconds timeout);
  InferRequest make_request(int cut);
  std::vector<double> known_layer_times() const;

  EdgeClient client_;
  const Graph& graph_;
  DevicePlanner& planner_;
  EdgeSessionOptions options_;
  const Clock& clock_;
  Backoff backoff_;
  Status last_status_;
  std::uint64_t last_id_ = 0;
  std::int64_t last_exchange_ns_ = 0;
  bool told_times_ = false;                        // since the edge last failed
  std::vector<InferRequest::LinkSample> samples_;  // not told yet, oldest first
};

}  // namespace tinysplit
