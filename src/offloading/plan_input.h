#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "graph/analytics.h"
#include "offloading/cost_model.h"
#include "offloading/link_estimate.h"

namespace tinysplit {

// What the choice of a cut depends on, of one cut of one model.
struct CutFacts {
  std::int64_t transfer_bytes = kUnknownBytes;     // that cross the link
  std::int64_t head_ram_bytes = kUnknownBytes;     // peak activations of layers [0, cut)
  std::int64_t head_weight_bytes = kUnknownBytes;  // their weights
  bool reveals_input = false;
  bool splits_fusion = false;
  std::int64_t head_arena_bytes = kUnknownBytes;  // of TensorFlow Lite Micro, estimated
};

// What a limit on RAM counts: values that are alive at once, the least that any runtime needs, or
// the arena that TensorFlow Lite Micro is estimated to take (graph/micro_arena.h).
enum class RamCount : std::uint8_t { kActivations, kTflmArena };

// What a device or its owner asks of a cut. Empty: nothing is asked.
struct Constraints {
  std::optional<std::int64_t> ram_bytes;    // for the head, counted as ram_count says
  std::optional<std::int64_t> flash_bytes;  // for the head's weights
  std::optional<double> deadline_s;
  std::vector<int> forbidden_cuts;  // in any order; those that no cut has are ignored
  bool private_input = false;       // the raw input must not leave the device
  bool edge_available = true;
  RamCount ram_count = RamCount::kActivations;
};

// One question to OffloadingAlgo: N layers, N + 1 cuts. Views: what they show must outlive the
// call.
struct PlanInput {
  std::span<const double> device_time_s;     // [N]
  std::span<const double> edge_time_s;       // [N]
  std::span<const CutFacts> cuts;            // [N + 1]
  const Constraints* constraints = nullptr;  // none if null
  LinkEstimate link;
  CostParameters costs;
};

// What a cut needs of the RAM that `limits` bound; kUnknownBytes where that is not known.
inline std::int64_t ram_needed(const CutFacts& facts, const Constraints& limits) {
  return limits.ram_count == RamCount::kTflmArena ? facts.head_arena_bytes : facts.head_ram_bytes;
}

// Facts of every cut of a model as `analytics` tells them. RAM and weights of a head are those of
// the analytics, unknown where a layer before the cut lacks them.
std::vector<CutFacts> cut_facts(const Analytics& analytics);

// Fills unknown head RAM with what a chain of the same layers needs: the largest input and output
// of one layer together. Too little for a graph with branches. False if nothing was unknown.
bool estimate_chain_ram(const Analytics& analytics, std::vector<CutFacts>& facts);

}  // namespace tinysplit
