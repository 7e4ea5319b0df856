#include "offloading/decision_text.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace tinysplit {
namespace {

constexpr std::size_t kNumExclusions = static_cast<std::size_t>(Exclusion::kSplitsFusion) + 1;

std::string seconds_text(double seconds) {
  if (!std::isfinite(seconds)) return "unknown";
  std::array<char, 32> text{};
  if (seconds < 1.0) {
    std::snprintf(text.data(), text.size(), "%.4g ms", seconds * 1e3);
  } else {
    std::snprintf(text.data(), text.size(), "%.4g s", seconds);
  }
  return text.data();
}

// ", 136x faster than all on the device (5.09 s)" or "; all on the device (5.09 s) is excluded";
// nothing where that is what was chosen.
std::string compare(const CutCost& chosen, const CutCost& other, const char* what) {
  if (chosen.cut == other.cut) return "";
  const std::string time = " (" + seconds_text(other.total_s) + ")";
  if (other.exclusion != Exclusion::kNone) return std::string("; ") + what + time + " is excluded";
  if (chosen.total_s <= 0.0) return std::string(", faster than ") + what + time;
  std::array<char, 32> factor{};
  std::snprintf(factor.data(), factor.size(), ", %.3gx faster than ",
                other.total_s / chosen.total_s);
  return factor.data() + std::string(what) + time;
}

// "58 cuts: not enough RAM on the device; cut 0: the cut is forbidden".
std::string list_exclusions(std::span<const CutCost> costs) {
  std::array<int, kNumExclusions> counts{};
  std::array<int, kNumExclusions> firsts{};
  for (const CutCost& cost : costs) {
    const auto kind = static_cast<std::size_t>(cost.exclusion);
    if (counts[kind]++ == 0) firsts[kind] = cost.cut;
  }
  std::string text;
  for (std::size_t kind = 1; kind < kNumExclusions; ++kind) {
    if (counts[kind] == 0) continue;
    if (!text.empty()) text += "; ";
    text += counts[kind] == 1 ? "cut " + std::to_string(firsts[kind])
                              : std::to_string(counts[kind]) + " cuts";
    text += ": ";
    text += exclusion_text(static_cast<Exclusion>(kind));
  }
  return text;
}

}  // namespace

std::string cut_text(int cut, int num_layers) {
  const Scenario scenario = scenario_of(cut, num_layers);
  if (scenario == Scenario::kMixed) return "cut " + std::to_string(cut);
  return std::string(scenario_name(scenario));
}

std::string explain_choice(std::span<const CutCost> costs, int cut) {
  const CutCost& chosen = costs[static_cast<std::size_t>(cut)];
  std::string text =
      cut_text(cut, static_cast<int>(costs.size()) - 1) + " takes " + seconds_text(chosen.total_s);
  const std::string edge = compare(chosen, costs.front(), "all on the edge");
  const std::string device = compare(chosen, costs.back(), "all on the device");
  // What is gained, then what was out of reach.
  text += edge.starts_with(';') ? device + edge : edge + device;
  const std::string exclusions = list_exclusions(costs);
  if (!exclusions.empty()) text += "; excluded: " + exclusions;
  return text;
}

std::string explain_no_choice(std::span<const CutCost> costs) {
  const CutCost* fastest = &costs.front();
  for (const CutCost& cost : costs) {
    if (cost.total_s < fastest->total_s) fastest = &cost;
  }
  const std::string name = cut_text(fastest->cut, static_cast<int>(costs.size()) - 1);
  return "every cut is excluded (" + list_exclusions(costs) +
         "): relax a constraint; the fastest, " + name + " at " + seconds_text(fastest->total_s) +
         ", is excluded: " + std::string(exclusion_text(fastest->exclusion));
}

}  // namespace tinysplit
