#include "quantization/trained_ranges.h"

#include <algorithm>
#include <string>

#include "quantization/treatment.h"

namespace tinysplit {
namespace {

Range within(Range range, Range bounds) {
  return {std::clamp(range.low, bounds.low, bounds.high),
          std::clamp(range.high, bounds.low, bounds.high)};
}

}  // namespace

Ranges with_trained(const Graph& folded, const Ranges& calibrated, const Ranges& trained) {
  Ranges ranges = calibrated;
  for (auto& [name, range] : ranges) {
    if (const auto own = trained.find(name); own != trained.end()) range = own->second;
  }
  for (const Layer& layer : folded.layers()) {
    if (treatment_of(folded, layer).kind != TreatmentKind::kSame) continue;
    const Node& node = folded.nodes()[static_cast<std::size_t>(layer.first_node)];
    const auto from = ranges.find(folded.value(node.inputs[0]).name);
    const auto to = ranges.find(folded.value(layer.outputs[0]).name);
    if (from == ranges.end() || to == ranges.end()) continue;
    // 0 belongs to every range: padding writes it.
    const Range bounds{std::min(from->second.low, 0.0f), std::max(from->second.high, 0.0f)};
    to->second = within(to->second, bounds);
  }
  return ranges;
}

}  // namespace tinysplit
