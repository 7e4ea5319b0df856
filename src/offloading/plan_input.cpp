#include "offloading/plan_input.h"

#include <algorithm>

namespace tinysplit {

std::vector<CutFacts> cut_facts(const Analytics& analytics) {
  std::vector<CutFacts> facts(analytics.layers.size() + 1);
  std::int64_t weight_bytes = 0;
  bool weights_known = true;
  for (std::size_t c = 0; c < facts.size(); ++c) {
    CutFacts& fact = facts[c];
    fact.transfer_bytes = transfer_bytes(analytics, static_cast<int>(c));
    fact.reveals_input = analytics.cuts[c].reveals_input;
    fact.splits_fusion = analytics.cuts[c].splits_fusion;
    if (c == 0) {
      // There is no head, and the input can be sent while it is acquired.
      fact.head_ram_bytes = 0;
      fact.head_arena_bytes = 0;
      fact.head_weight_bytes = 0;
      continue;
    }
    const LayerAnalytics& layer = analytics.layers[c - 1];
    fact.head_ram_bytes = layer.head_peak_ram_bytes;
    fact.head_arena_bytes = layer.head_tflm_arena_bytes;
    weights_known = weights_known && layer.weight_bytes != kUnknownBytes;
    if (weights_known) {
      weight_bytes += layer.weight_bytes;
      fact.head_weight_bytes = weight_bytes;
    }
  }
  return facts;
}

bool estimate_chain_ram(const Analytics& analytics, std::vector<CutFacts>& facts) {
  bool estimated = false;
  std::int64_t input_bytes = std::max<std::int64_t>(analytics.input_bytes_f32, 0);
  std::int64_t peak_bytes = 0;
  for (std::size_t c = 1; c < facts.size(); ++c) {
    const std::int64_t output_bytes = analytics.layers[c - 1].output_bytes;
    peak_bytes = std::max(peak_bytes, input_bytes + output_bytes);
    input_bytes = output_bytes;
    if (facts[c].head_ram_bytes == kUnknownBytes) {
      facts[c].head_ram_bytes = peak_bytes;
      estimated = true;
    }
  }
  return estimated;
}

}  // namespace tinysplit
