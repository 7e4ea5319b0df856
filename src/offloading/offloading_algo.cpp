#include "offloading/offloading_algo.h"

#include <cmath>
#include <limits>

#include "offloading/decision_text.h"

namespace tinysplit {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool exceeds(const std::optional<std::int64_t>& limit, std::int64_t need) {
  return limit.has_value() && need > *limit;
}

// All but the list of forbidden cuts. The order is that of Exclusion.
Exclusion exclusion_of(const CutFacts& facts, const Constraints& limits, bool uses_edge,
                       double total_s) {
  if (uses_edge && limits.private_input && facts.reveals_input) return Exclusion::kRevealsInput;
  if (uses_edge && !limits.edge_available) return Exclusion::kEdgeUnavailable;
  if (uses_edge && facts.transfer_bytes < 0) return Exclusion::kUnknownSize;
  const std::int64_t ram_bytes = ram_needed(facts, limits);
  // An arena that is not known is that of operators which the estimate does not cover.
  if (exceeds(limits.ram_bytes, ram_bytes) || (limits.ram_bytes && ram_bytes < 0)) {
    return Exclusion::kDeviceRam;
  }
  if (exceeds(limits.flash_bytes, facts.head_weight_bytes)) return Exclusion::kDeviceFlash;
  if (limits.deadline_s && total_s > *limits.deadline_s) return Exclusion::kDeadline;
  return facts.splits_fusion ? Exclusion::kSplitsFusion : Exclusion::kNone;
}

void add_link_terms(const LinkTerms& terms, CutCost& cost) {
  const double bytes = cost.live_bytes < 0 ? kInfinity : static_cast<double>(cost.live_bytes);
  const bool is_known = cost.live_bytes >= 0;
  cost.encode_s = is_known ? terms.encode_s(bytes) : kInfinity;
  cost.decode_s = is_known ? terms.decode_s(bytes) : kInfinity;
  cost.uplink_s = terms.uplink_s(bytes);
  cost.rtt_s = terms.rtt_s();
  cost.queue_s = terms.queue_s();
  cost.downlink_s = terms.downlink_s();
}

// The first of the least total times among the cuts excluded as `wanted`; -1 if there is none.
int least(std::span<const CutCost> costs, Exclusion wanted) {
  int best = -1;
  double best_s = kInfinity;
  for (const CutCost& cost : costs) {
    if (cost.exclusion == wanted && cost.total_s < best_s) {
      best = cost.cut;
      best_s = cost.total_s;
    }
  }
  return best;
}

Status check_times(std::span<const double> times, const char* side) {
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (!std::isfinite(times[i]) || times[i] < 0.0) {
      return invalid_argument("the " + std::string(side) + "'s time of layer " + std::to_string(i) +
                              " is negative or not a number");
    }
  }
  return ok_status();
}

Status check_not_negative(double value, const char* what) {
  if (std::isfinite(value) && value >= 0.0) return ok_status();
  return invalid_argument(std::string(what) + " is negative or not a number");
}

Status check_costs(const CostParameters& costs) {
  TINYSPLIT_RETURN_IF_ERROR(check_not_negative(costs.encode.fixed_s, "the encoding time"));
  TINYSPLIT_RETURN_IF_ERROR(check_not_negative(costs.encode.s_per_byte, "the encoding time"));
  TINYSPLIT_RETURN_IF_ERROR(check_not_negative(costs.decode.fixed_s, "the decoding time"));
  TINYSPLIT_RETURN_IF_ERROR(check_not_negative(costs.decode.s_per_byte, "the decoding time"));
  TINYSPLIT_RETURN_IF_ERROR(check_not_negative(costs.queue_wait_s, "the queue's waiting time"));
  TINYSPLIT_RETURN_IF_ERROR(check_not_negative(costs.edge_load, "the edge's load"));
  if (costs.result_bytes < 0 || costs.uplink_overhead_bytes < 0 ||
      costs.downlink_overhead_bytes < 0) {
    return invalid_argument("a number of bytes to send is negative");
  }
  return ok_status();
}

Status check_needs_known(const PlanInput& input) {
  if (input.constraints == nullptr) return ok_status();
  for (std::size_t c = 0; c < input.cuts.size(); ++c) {
    const bool counts_arena = input.constraints->ram_count == RamCount::kTflmArena;
    const bool lacks_ram = input.constraints->ram_bytes && (c == 1 || !counts_arena) &&
                           ram_needed(input.cuts[c], *input.constraints) < 0;
    const bool lacks_flash = input.cuts[c].head_weight_bytes < 0 && input.constraints->flash_bytes;
    if (lacks_ram || lacks_flash) {
      return invalid_argument(std::string("a limit on the device's ") +
                              (lacks_ram ? "RAM" : "flash") + " was given, but the " +
                              (!lacks_ram     ? "weight bytes"
                               : counts_arena ? "arena in TensorFlow Lite Micro"
                                              : "peak RAM") +
                              " of layers [0, " + std::to_string(c) +
                              ") are not known: measure the model with tinysplit profile");
    }
  }
  return ok_status();
}

}  // namespace

int OffloadingAlgo::choose(const PlanInput& input, std::span<CutCost> costs) noexcept {
  static const Constraints kNoConstraints;
  const Constraints& limits = input.constraints ? *input.constraints : kNoConstraints;
  const LinkTerms terms(input.link, input.costs);
  const std::size_t num_layers = input.device_time_s.size();

  // The tail's time is summed from the end rather than subtracted from the whole: no cancellation.
  costs[num_layers] = CutCost{};
  double tail_s = 0.0;
  for (std::size_t c = num_layers; c-- > 0;) {
    tail_s += input.edge_time_s[c];
    costs[c] = CutCost{};
    costs[c].edge_s = input.costs.edge_load * tail_s;
  }
  double head_s = 0.0;
  for (std::size_t c = 0; c <= num_layers; ++c) {
    const bool uses_edge = c < num_layers;
    CutCost& cost = costs[c];
    cost.cut = static_cast<int>(c);
    cost.device_s = head_s;
    if (uses_edge) {
      cost.live_bytes = input.cuts[c].transfer_bytes;
      add_link_terms(terms, cost);
      head_s += input.device_time_s[c];
    }
    cost.total_s = cost.device_s + cost.encode_s + cost.rtt_s + cost.uplink_s + cost.decode_s +
                   cost.queue_s + cost.edge_s + cost.downlink_s;
    cost.exclusion = exclusion_of(input.cuts[c], limits, uses_edge, cost.total_s);
  }
  for (const int cut : limits.forbidden_cuts) {
    if (cut >= 0 && static_cast<std::size_t>(cut) <= num_layers) {
      costs[static_cast<std::size_t>(cut)].exclusion = Exclusion::kForbidden;
    }
  }
  const int best = least(costs, Exclusion::kNone);
  if (best >= 0) return best;
  const int split = least(costs, Exclusion::kSplitsFusion);
  if (split >= 0) costs[static_cast<std::size_t>(split)].exclusion = Exclusion::kNone;
  return split;
}

Status OffloadingAlgo::check(const PlanInput& input) {
  const std::size_t num_layers = input.device_time_s.size();
  if (num_layers == 0) return invalid_argument("a model without layers cannot be cut");
  if (input.edge_time_s.size() != num_layers || input.cuts.size() != num_layers + 1) {
    return invalid_argument("there are device times of " + std::to_string(num_layers) +
                            " layers, edge times of " + std::to_string(input.edge_time_s.size()) +
                            " and facts of " + std::to_string(input.cuts.size()) +
                            " cuts: they do not fit together");
  }
  TINYSPLIT_RETURN_IF_ERROR(check_times(input.device_time_s, "device"));
  TINYSPLIT_RETURN_IF_ERROR(check_times(input.edge_time_s, "edge"));
  for (const double rate : {input.link.uplink_bytes_per_s, input.link.downlink_bytes_per_s}) {
    if (!std::isfinite(rate) || rate < kMinBytesPerS) {
      return invalid_argument("a rate of the link is below 8 bit/s or not a number");
    }
  }
  TINYSPLIT_RETURN_IF_ERROR(check_not_negative(input.link.base_latency_s, "the round trip time"));
  TINYSPLIT_RETURN_IF_ERROR(check_costs(input.costs));
  return check_needs_known(input);
}

Result<Decision> OffloadingAlgo::decide(const PlanInput& input) {
  TINYSPLIT_RETURN_IF_ERROR(check(input));
  Decision decision;
  decision.cuts.resize(input.cuts.size());
  const int cut = choose(input, decision.cuts);
  if (cut < 0) return failed_precondition(explain_no_choice(decision.cuts));
  decision.cut = cut;
  decision.scenario = scenario_of(cut, static_cast<int>(input.device_time_s.size()));
  decision.latency_s = decision.cuts[static_cast<std::size_t>(cut)].total_s;
  decision.confidence = input.link.confidence;
  decision.reason = explain_choice(decision.cuts, cut);
  return decision;
}

}  // namespace tinysplit
