#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "graph/combined_profile.h"
#include "offloading/offloading_algo.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// Whatever is read is fit to plan with.
void plan(const tinysplit::Analytics& analytics) {
  using namespace tinysplit;
  std::vector<double> times_s;
  for (const LayerAnalytics& layer : analytics.layers) times_s.push_back(layer.time_s);
  std::vector<CutFacts> cuts = cut_facts(analytics);
  estimate_chain_ram(analytics, cuts);
  PlanInput input;
  input.device_time_s = times_s;
  input.edge_time_s = times_s;
  input.cuts = cuts;
  const Result<Decision> decision = OffloadingAlgo::decide(input);
  require(decision.ok() && decision->cut >= 0 && decision->cut <= analytics.num_layers());
}

}  // namespace

// Reads the bytes as both kinds of analytics; what is accepted must survive writing and reading.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tinysplit;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const Result<Analytics> analytics = parse_analytics(text, "input"); analytics.ok()) {
    plan(*analytics);
    const Result<Analytics> again = parse_analytics(format_analytics(*analytics), "again");
    require(again.ok());
    require(check_same_model(*analytics, *again).ok());
    require(format_analytics(*again) == format_analytics(*analytics));
  }
  if (const Result<AnalyticsPair> pair = parse_combined_profile(text, "input"); pair.ok()) {
    plan(pair->device);
    plan(pair->edge);
  }
  return 0;
}
