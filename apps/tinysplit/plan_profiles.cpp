#include "plan_profiles.h"

#include "device/pacer.h"
#include "device_cuts.h"
#include "formats/model_folder.h"
#include "graph/analytics.h"
#include "report/units.h"

namespace tinysplit {
namespace {

constexpr double kMillion = 1e6;
// A core of a server, on networks of this size.
constexpr double kUsualEdgeMmacsPerS = 5000.0;

// One side of a combined profile serves as an analytics file, too.
Result<Analytics> read_side(const std::string& path, bool device) {
  Result<Analytics> analytics = read_analytics(path);
  if (analytics.ok()) return analytics;
  Result<AnalyticsPair> pair = read_combined_profile(path);
  if (pair.ok()) return device ? std::move(pair->device) : std::move(pair->edge);
  return analytics;
}

Result<Analytics> analytics_at_rate(const Graph& graph, const ModelFolder& folder,
                                    double mmacs_per_s) {
  const double macs_per_s = mmacs_per_s * kMillion;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<double> times_s,
                             modelled_layer_times(graph, macs_per_s, kElementsPerMac * macs_per_s));
  Analytics analytics = Analytics::from_graph(graph);
  // A camera delivers bytes; the float32 that the network computes with never has to travel.
  if (folder.takes_images()) analytics.input_bytes_raw = analytics.input_bytes_f32 / 4;
  for (std::size_t i = 0; i < times_s.size(); ++i) {
    LayerAnalytics& layer = analytics.layers[i];
    layer.time_s = layer.time_p10_s = layer.time_p90_s = times_s[i];
  }
  return analytics;
}

// A side's file if there is one, which must be of the model; else its work at the rate.
Result<Analytics> side_of_model(const Graph& graph, const ModelFolder& folder,
                                const std::string& path, bool device, double mmacs_per_s) {
  if (path.empty()) return analytics_at_rate(graph, folder, mmacs_per_s);
  TINYSPLIT_ASSIGN_OR_RETURN(Analytics analytics, read_side(path, device));
  TINYSPLIT_RETURN_IF_ERROR(
      check_analytics(analytics, graph.digest(), graph.num_layers()).with_context(path));
  return analytics;
}

Result<PlanProfiles> read_model_profiles(const PlanSources& sources) {
  if (sources.device_analytics.empty() && sources.device_mmacs_per_s <= 0.0) {
    return invalid_argument(
        "how fast is the device? Give --mmacs-per-s with --model, or --device-analytics");
  }
  PlanProfiles profiles;
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelFolder folder, resolve_model(sources.model));
  TINYSPLIT_ASSIGN_OR_RETURN(profiles.graph, read_model(folder.model_path, sources.reading));
  const double edge_rate =
      sources.edge_mmacs_per_s > 0.0 ? sources.edge_mmacs_per_s : kUsualEdgeMmacsPerS;
  TINYSPLIT_ASSIGN_OR_RETURN(profiles.pair.device,
                             side_of_model(*profiles.graph, folder, sources.device_analytics, true,
                                           sources.device_mmacs_per_s));
  TINYSPLIT_ASSIGN_OR_RETURN(
      profiles.pair.edge,
      side_of_model(*profiles.graph, folder, sources.edge_analytics, false, edge_rate));
  if (sources.edge_analytics.empty() && sources.edge_mmacs_per_s <= 0.0) {
    profiles.notes.push_back("the edge is taken to do " +
                             format_magnitude(kUsualEdgeMmacsPerS * kMillion) +
                             " MACs a second; --edge-mmacs-per-s or --edge-analytics tells it");
  }
  return profiles;
}

}  // namespace

Result<PlanProfiles> read_plan_profiles(const PlanSources& sources) {
  if (!sources.model.empty()) return read_model_profiles(sources);
  PlanProfiles profiles;
  if (!sources.profile.empty()) {
    TINYSPLIT_ASSIGN_OR_RETURN(profiles.pair, read_combined_profile(sources.profile));
    return profiles;
  }
  if (sources.device_analytics.empty() || sources.edge_analytics.empty()) {
    return invalid_argument(
        "give --device-analytics and --edge-analytics, --profile with both in one file, or --model "
        "with --mmacs-per-s");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(profiles.pair.device, read_side(sources.device_analytics, true));
  TINYSPLIT_ASSIGN_OR_RETURN(profiles.pair.edge, read_side(sources.edge_analytics, false));
  TINYSPLIT_RETURN_IF_ERROR(check_same_model(profiles.pair.device, profiles.pair.edge));
  return profiles;
}

std::vector<int> distinct_cuts_of(const PlanProfiles& profiles) {
  if (profiles.graph) return distinct_cuts(*profiles.graph);
  const Analytics& device = profiles.pair.device;
  const Analytics& edge = profiles.pair.edge;
  std::vector<int> cuts{0};
  for (int cut = 1; cut <= device.num_layers(); ++cut) {
    const auto layer = static_cast<std::size_t>(cut) - 1;
    const bool works = device.layers[layer].time_s > 0.0 || edge.layers[layer].time_s > 0.0;
    const bool sends_the_same = transfer_bytes(device, cut) == transfer_bytes(device, cut - 1);
    if (works || !sends_the_same || cut == device.num_layers()) cuts.push_back(cut);
  }
  return cuts;
}

}  // namespace tinysplit
