#include "device/pacer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>
#include <utility>

#include "graph/fusion.h"
#include "graph/metrics.h"

namespace tinysplit {

void sleep_ns(std::int64_t duration_ns) {
  std::this_thread::sleep_for(std::chrono::nanoseconds(duration_ns));
}

Pacer::Pacer(std::vector<double> target_s, const Clock& clock, Sleeper sleeper)
    : target_s_(std::move(target_s)), clock_(clock), sleeper_(std::move(sleeper)) {}

void Pacer::pace(int begin, int end, std::int64_t begin_ns, std::span<double> layer_seconds) const {
  double total_s = 0.0;
  for (std::size_t i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
    if (i < target_s_.size()) layer_seconds[i] = std::max(layer_seconds[i], target_s_[i]);
    total_s += layer_seconds[i];
  }
  wait_until(begin_ns + std::llround(total_s * 1e9));
}

void Pacer::wait_until(std::int64_t end_ns) const {
  for (;;) {
    const std::int64_t left_ns = end_ns - clock_.now_ns();
    if (left_ns <= 0) return;
    if (left_ns > kSpinNs) sleeper_(left_ns - kSpinNs);
  }
}

Result<std::vector<double>> slowed_layer_times(const Analytics& measured, double slowdown) {
  if (!std::isfinite(slowdown) || slowdown < 1.0) {
    return invalid_argument("a slowdown must be 1 or more, it is " + std::to_string(slowdown));
  }
  std::vector<double> times_s;
  for (const LayerAnalytics& layer : measured.layers) times_s.push_back(slowdown * layer.time_s);
  return times_s;
}

Result<std::vector<double>> modelled_layer_times(const Graph& graph, double macs_per_s,
                                                 double elements_per_s) {
  if (!(macs_per_s > 0.0) || !(elements_per_s > 0.0)) {
    return invalid_argument("a device's rates must be positive");
  }
  const std::vector<int> roots = find_fusion_roots(graph);
  const std::vector<std::int64_t> macs = layer_macs(graph);
  std::vector<double> times_s(macs.size());
  for (std::size_t i = 0; i < macs.size(); ++i) {
    times_s[i] = static_cast<double>(macs[i]) / macs_per_s;
  }
  for (std::size_t node = 0; node < roots.size(); ++node) {
    const Node& source = graph.nodes()[node];
    const bool is_free =
        roots[node] != static_cast<int>(node) || std::holds_alternative<ReshapeOp>(source.op);
    if (is_free) continue;
    const auto elements = static_cast<double>(graph.value(source.output).shape.num_elements());
    times_s[static_cast<std::size_t>(graph.layer_of_node(static_cast<int>(node)))] +=
        elements / elements_per_s;
  }
  return times_s;
}

}  // namespace tinysplit
