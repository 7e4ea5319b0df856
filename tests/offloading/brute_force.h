#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "offloading/offloading_algo.h"

// The decision once more, straight from the formula, without sums carried from cut to cut.
namespace tinysplit::brute_force {

inline double latency_s(const PlanInput& in, std::size_t cut) {
  const std::size_t n = in.device_time_s.size();
  double device_s = 0.0;
  for (std::size_t i = 0; i < cut; ++i) device_s += in.device_time_s[i];
  if (cut == n) return device_s;
  if (in.cuts[cut].transfer_bytes < 0) return std::numeric_limits<double>::infinity();
  double edge_s = 0.0;
  for (std::size_t i = cut; i < n; ++i) edge_s += in.edge_time_s[i];
  const double bytes = static_cast<double>(in.cuts[cut].transfer_bytes);
  const CostParameters& k = in.costs;
  const double up = bytes + static_cast<double>(k.uplink_overhead_bytes);
  const double down = static_cast<double>(k.result_bytes + k.downlink_overhead_bytes);
  return device_s + k.encode.fixed_s + k.encode.s_per_byte * bytes + in.link.base_latency_s +
         up / in.link.uplink_bytes_per_s + k.decode.fixed_s + k.decode.s_per_byte * bytes +
         k.queue_wait_s + k.edge_load * edge_s + down / in.link.downlink_bytes_per_s;
}

inline bool is_allowed(const PlanInput& in, std::size_t cut) {
  if (!std::isfinite(latency_s(in, cut))) return false;
  if (in.constraints == nullptr) return true;
  const Constraints& limits = *in.constraints;
  const CutFacts& facts = in.cuts[cut];
  const bool sends = cut < in.device_time_s.size();
  for (const int forbidden : limits.forbidden_cuts) {
    if (forbidden == static_cast<int>(cut)) return false;
  }
  if (sends && limits.private_input && facts.reveals_input) return false;
  if (sends && !limits.edge_available) return false;
  if (limits.ram_bytes && facts.head_ram_bytes > *limits.ram_bytes) return false;
  if (limits.flash_bytes && facts.head_weight_bytes > *limits.flash_bytes) return false;
  return !limits.deadline_s || latency_s(in, cut) <= *limits.deadline_s;
}

// -1 if there is none.
inline int best_cut(const PlanInput& in) {
  for (const bool may_split : {false, true}) {
    int best = -1;
    for (std::size_t c = 0; c < in.cuts.size(); ++c) {
      if (!is_allowed(in, c) || (in.cuts[c].splits_fusion && !may_split)) continue;
      if (best < 0 || latency_s(in, c) < latency_s(in, static_cast<std::size_t>(best))) {
        best = static_cast<int>(c);
      }
    }
    if (best >= 0) return best;
  }
  return -1;
}

// A random question whose numbers are sums of few powers of two, so that every sum and product is
// exact and equal latencies are really equal. Owns what `input` views.
class RandomCase {
 public:
  explicit RandomCase(std::mt19937& random, int max_layers = 24) : random_(random) {
    const int n = uniform(1, max_layers);
    for (int i = 0; i < n; ++i) {
      device_.push_back(time(64));
      edge_.push_back(time(4));
    }
    for (int c = 0; c <= n; ++c) {
      CutFacts facts;
      facts.transfer_bytes = c == n ? 0 : 16 * uniform(0, 40);
      facts.head_ram_bytes = uniform(0, 100);
      facts.head_weight_bytes = 10 * c;
      facts.reveals_input = c == 0 || (c < n && chance(6));
      facts.splits_fusion = c > 0 && c < n && chance(5);
      cuts_.push_back(facts);
    }
    if (chance(20)) cuts_[0].transfer_bytes = kUnknownBytes;
    make_conditions(n);
  }
  RandomCase(const RandomCase&) = delete;
  RandomCase& operator=(const RandomCase&) = delete;

  // With other cuts, such as those of a real graph.
  void set_cuts(std::vector<CutFacts> cuts) {
    cuts_ = std::move(cuts);
    const auto n = cuts_.size() - 1;
    device_.clear();
    edge_.clear();
    for (std::size_t i = 0; i < n; ++i) {
      device_.push_back(time(64));
      edge_.push_back(time(4));
    }
    make_conditions(static_cast<int>(n));
  }

  const PlanInput& input() const { return input_; }

 private:
  int uniform(int low, int high) { return std::uniform_int_distribution<>(low, high)(random_); }
  bool chance(int one_in) { return uniform(1, one_in) == 1; }
  // Few distinct values: ties are common.
  double time(int max) { return uniform(0, max) / 1024.0; }

  void make_conditions(int n) {
    constraints_ = Constraints();
    if (chance(3)) constraints_.ram_bytes = uniform(0, 120);
    if (chance(4)) constraints_.flash_bytes = uniform(0, 10 * n);
    if (chance(4)) constraints_.deadline_s = uniform(0, 512) / 1024.0;
    constraints_.private_input = chance(4);
    constraints_.edge_available = !chance(12);
    for (int k = chance(2) ? uniform(0, 4) : 0; k > 0; --k) {
      constraints_.forbidden_cuts.push_back(uniform(-1, n + 1));
    }
    input_.device_time_s = device_;
    input_.edge_time_s = edge_;
    input_.cuts = cuts_;
    input_.constraints = chance(4) ? nullptr : &constraints_;
    input_.link = {std::exp2(uniform(6, 20)), std::exp2(uniform(6, 20)), time(32), 1.0};
    input_.costs = {{time(2), std::exp2(-uniform(16, 24))},
                    {time(2), std::exp2(-uniform(16, 24))},
                    uniform(0, 64),
                    uniform(0, 64),
                    uniform(0, 64),
                    time(8),
                    1.0 + 0.5 * uniform(0, 4)};
  }

  std::mt19937& random_;
  std::vector<double> device_;
  std::vector<double> edge_;
  std::vector<CutFacts> cuts_;
  Constraints constraints_;
  PlanInput input_;
};

}  // namespace tinysplit::brute_force
