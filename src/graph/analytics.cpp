#include "graph/analytics.h"

#include <algorithm>

#include "core/file.h"
#include "core/limits.h"
#include "graph/cuts.h"
#include "graph/metrics.h"
#include "graph/micro_arena.h"

namespace tinysplit {
namespace {

std::string plural(int count) {
  return std::to_string(count) + (count == 1 ? " layer" : " layers");
}

constexpr std::size_t kShownDigestDigits = 12;

Status different_digests(const std::string& what, std::string_view a, std::string_view b) {
  return failed_precondition(what + " (digests " + std::string(a.substr(0, kShownDigestDigits)) +
                             "... and " + std::string(b.substr(0, kShownDigestDigits)) +
                             "...): measure again with tinysplit profile");
}

}  // namespace

Analytics Analytics::from_graph(const Graph& graph) {
  Analytics analytics;
  analytics.model_name = graph.name();
  analytics.model_digest = graph.digest();
  analytics.input_bytes_f32 = 0;
  analytics.input_bytes_raw = 0;
  for (const ValueId id : graph.inputs()) {
    const Value& input = graph.value(id);
    analytics.input_bytes_f32 += input.shape.num_elements() * std::int64_t{sizeof(float)};
    analytics.input_bytes_raw += static_cast<std::int64_t>(input.num_bytes());
  }
  analytics.output_bytes = 0;
  for (const ValueId id : graph.outputs()) {
    analytics.output_bytes += static_cast<std::int64_t>(graph.value(id).num_bytes());
  }
  const std::vector<std::int64_t> macs = layer_macs(graph);
  const std::vector<std::int64_t> output_bytes = layer_output_bytes(graph);
  const std::vector<std::int64_t> peak_ram_bytes = head_peak_ram_bytes(graph);
  const std::vector<std::int64_t> arena_bytes = head_micro_arena_bytes(graph);
  for (std::size_t i = 0; i < graph.layers().size(); ++i) {
    const Layer& source = graph.layers()[i];
    LayerAnalytics layer;
    layer.name = source.name;
    layer.kind = source.kind;
    if (!source.outputs.empty()) layer.output_shape = graph.value(source.outputs.back()).shape;
    layer.output_bytes = output_bytes[i];
    layer.macs = macs[i];
    layer.weight_bytes = source.weight_bytes;
    layer.head_peak_ram_bytes = peak_ram_bytes[i + 1];
    layer.head_tflm_arena_bytes = arena_bytes[i + 1];
    analytics.layers.push_back(std::move(layer));
  }
  for (const Cut& cut : find_cuts(graph)) {
    analytics.cuts.push_back({cut.live_bytes, cut.reveals_input, cut.splits_fusion});
  }
  analytics.cuts_from_graph = true;
  return analytics;
}

void set_chain_cuts(Analytics& analytics) {
  const std::size_t num_layers = analytics.layers.size();
  analytics.cuts.assign(num_layers + 1, CutAnalytics{});
  analytics.cuts[0] = {analytics.input_bytes_f32, true, false};
  for (std::size_t c = 1; c < num_layers; ++c) {
    analytics.cuts[c].live_bytes = analytics.layers[c - 1].output_bytes;
  }
  if (num_layers > 0) analytics.cuts[num_layers] = {0, false, false};
  analytics.cuts_from_graph = false;
}

std::int64_t transfer_bytes(const Analytics& analytics, int cut) {
  const std::int64_t live_bytes = analytics.cuts[static_cast<std::size_t>(cut)].live_bytes;
  if (cut > 0 || analytics.input_bytes_raw == kUnknownBytes) return live_bytes;
  if (live_bytes == kUnknownBytes) return analytics.input_bytes_raw;
  return std::min(live_bytes, analytics.input_bytes_raw);
}

Result<Analytics> read_analytics(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string text, read_file(path, limits::kMaxAnalyticsBytes));
  return parse_analytics(text, path.string());
}

Status write_analytics(const Analytics& analytics, const std::filesystem::path& path) {
  return write_file_atomically(path, format_analytics(analytics));
}

Status check_analytics(const Analytics& analytics, std::string_view digest, int num_layers) {
  if (analytics.num_layers() != num_layers) {
    return failed_precondition("the analytics describe " + plural(analytics.num_layers()) +
                               ", the model has " + std::to_string(num_layers) +
                               ": measure again with tinysplit profile");
  }
  if (!digest.empty() && !analytics.model_digest.empty() && analytics.model_digest != digest) {
    return different_digests("the analytics were measured on another model file",
                             analytics.model_digest, digest);
  }
  return ok_status();
}

Status check_same_model(const Analytics& device, const Analytics& edge) {
  if (device.num_layers() != edge.num_layers()) {
    return failed_precondition("the device analytics describe " + plural(device.num_layers()) +
                               ", the edge analytics " + std::to_string(edge.num_layers()) +
                               ": both must come from one model");
  }
  if (!device.model_digest.empty() && !edge.model_digest.empty() &&
      device.model_digest != edge.model_digest) {
    return different_digests("the device and edge analytics were measured on different model files",
                             device.model_digest, edge.model_digest);
  }
  for (std::size_t i = 0; i < device.layers.size(); ++i) {
    const std::int64_t on_device = device.layers[i].output_bytes;
    const std::int64_t on_edge = edge.layers[i].output_bytes;
    if (on_device != on_edge) {
      return failed_precondition("layer " + std::to_string(i) + " hands on " +
                                 std::to_string(on_device) + " bytes in the device analytics and " +
                                 std::to_string(on_edge) +
                                 " in the edge analytics: both must come from one model");
    }
  }
  return ok_status();
}

}  // namespace tinysplit
