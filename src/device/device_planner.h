#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/status.h"
#include "device/edge_client.h"
#include "device/line_fit.h"
#include "graph/analytics.h"
#include "graph/graph.h"
#include "offloading/decision.h"
#include "offloading/layer_times.h"
#include "offloading/network_estimator.h"
#include "offloading/plan_input.h"

namespace tinysplit {

// What a device has learnt by itself, and its own decision from that: for when the edge gives none,
// or one that must not be obeyed, and to tell in advance what each cut will cost. Not thread-safe.
class DevicePlanner {
 public:
  // `raw_input`: the inputs hold whole numbers of 0..255, such as a camera's, and travel as bytes.
  // `clock` must outlive the planner.
  DevicePlanner(std::shared_ptr<const Graph> graph, bool raw_input, Constraints constraints,
                const Clock& clock = SteadyClock::instance());

  // Times measured on the edge. Errors: FAILED_PRECONDITION (of another model).
  Status set_edge(const Analytics& analytics);
  bool knows_edge() const { return !edge_time_s_.empty(); }

  // Seconds that layers [begin, end) took here; `seconds` has an entry for each layer of the model.
  void add_layer_times(int begin, int end, std::span<const double> seconds);
  // NaN where a layer was never measured.
  std::span<const double> layer_times_s() const { return layer_times_.times_s(); }

  // An exchange that asked for layers [cut, N), or, with no tensors, only reported.
  void add_exchange(int cut, std::span<const NamedTensorView> tensors, std::size_t num_layer_times,
                    const EdgeExchange& exchange);
  // Only whether the link was fit to be sampled decides about false.
  bool add_link_sample(const LinkSample& sample) { return network_.add(sample, clock_.now_ns()); }

  LinkEstimate link() const { return network_.estimate(clock_.now_ns()); }
  // As NetworkEstimator's.
  double rate_uncertainty() const { return network_.rate_uncertainty(clock_.now_ns()); }
  bool doubts_link() const { return network_.is_in_doubt(); }
  std::size_t num_link_samples() const { return network_.num_samples(); }
  CostParameters costs() const;
  const Constraints& constraints() const { return constraints_; }

  // Why this device may not run cut `cut`, whatever it costs; kNone if it may. Costs do not count
  // here: neither deadline nor fusion. Precondition: 0 <= cut <= N.
  Exclusion standing_exclusion(int cut) const;

  // The predicted cost of every cut, and the best. Errors: FAILED_PRECONDITION (nothing is known of
  // the edge yet, or the constraints leave no cut).
  Result<Decision> plan() const;

 private:
  std::shared_ptr<const Graph> graph_;
  Constraints constraints_;
  const Clock& clock_;
  LayerTimes layer_times_;
  std::vector<double> edge_time_s_;  // [N]; empty: not known
  std::vector<CutFacts> facts_;      // [N + 1]; transfer_bytes as on the wire
  std::vector<Exclusion> standing_;  // [N + 1]
  std::int64_t result_bytes_ = 0;
  NetworkEstimator network_;
  LineFit encode_{0.0};
  LineFit decode_{0.0};
  LineFit edge_{1.0};  // over what the edge's analytics say
  LineFit queue_{0.0};
  LineFit uplink_overhead_{0.0};  // bytes in the place of seconds
  LineFit downlink_overhead_{0.0};
};

// Wire bytes of `tensors` in a frame, their names included.
std::size_t wire_bytes(std::span<const NamedTensorView> tensors);

}  // namespace tinysplit
