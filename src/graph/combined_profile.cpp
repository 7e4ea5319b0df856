#include "graph/combined_profile.h"

#include "core/file.h"
#include "core/limits.h"
#include "graph/json_fields.h"

namespace tinysplit {
namespace {

using nlohmann::json;

Status read_input_bytes(const json& document, Analytics& analytics, std::string_view where) {
  TINYSPLIT_ASSIGN_OR_RETURN(const json* forms,
                             json_fields::object_or_null(document, "input_bytes", where));
  if (forms == nullptr) return ok_status();
  const std::string forms_where = std::string(where) + ", \"input_bytes\"";
  for (const auto& [form, value] : forms->items()) {
    TINYSPLIT_ASSIGN_OR_RETURN(
        const std::int64_t bytes,
        json_fields::whole(*forms, form.c_str(), limits::kMaxActivationBytes, forms_where));
    if (form == "float32") analytics.input_bytes_f32 = bytes;
    if (analytics.input_bytes_raw == kUnknownBytes || bytes < analytics.input_bytes_raw) {
      analytics.input_bytes_raw = bytes;
    }
  }
  return ok_status();
}

Status read_layer(const json& entry, std::size_t index, AnalyticsPair& pair,
                  const std::string& where) {
  if (!entry.is_object()) {
    return invalid_argument(where + " must be an object, not a " + entry.type_name());
  }
  namespace jf = json_fields;
  constexpr auto kMaxIndex = static_cast<std::int64_t>(limits::kMaxLayers);
  TINYSPLIT_ASSIGN_OR_RETURN(
      const std::int64_t stated,
      jf::whole_or(entry, "index", kMaxIndex, static_cast<std::int64_t>(index), where));
  if (stated != static_cast<std::int64_t>(index)) {
    return invalid_argument(where + ": key \"index\" is " + std::to_string(stated) +
                            ": layers must stand in order, none left out");
  }
  LayerAnalytics layer;
  TINYSPLIT_ASSIGN_OR_RETURN(layer.output_bytes,
                             jf::whole(entry, "output_bytes", limits::kMaxActivationBytes, where));
  TINYSPLIT_ASSIGN_OR_RETURN(layer.name, jf::text_or(entry, "name", "", where));
  for (const auto& [side, key] :
       {std::pair(&pair.device, "device_time_s"), std::pair(&pair.edge, "edge_time_s")}) {
    TINYSPLIT_ASSIGN_OR_RETURN(layer.time_s, jf::number(entry, key, limits::kMaxLayerTimeS, where));
    layer.time_p10_s = layer.time_s;
    layer.time_p90_s = layer.time_s;
    side->layers.push_back(layer);
  }
  return ok_status();
}

}  // namespace

Result<AnalyticsPair> parse_combined_profile(std::string_view text, std::string_view where) {
  TINYSPLIT_ASSIGN_OR_RETURN(const json document, json_fields::parse_object(text, where));
  const auto layers = document.find("layers");
  if (layers == document.end() || !layers->is_array() || layers->empty()) {
    return invalid_argument(std::string(where) +
                            " is not a combined profile: key \"layers\" must be a list of layers");
  }
  if (layers->size() > limits::kMaxLayers) {
    return out_of_range(std::string(where) + " describes " + std::to_string(layers->size()) +
                        " layers, at most " + std::to_string(limits::kMaxLayers) + " are read");
  }
  AnalyticsPair pair;
  TINYSPLIT_ASSIGN_OR_RETURN(pair.device.model_name,
                             json_fields::text_or(document, "model", "", where));
  TINYSPLIT_RETURN_IF_ERROR(read_input_bytes(document, pair.device, where));
  pair.edge = pair.device;
  for (std::size_t i = 0; i < layers->size(); ++i) {
    TINYSPLIT_RETURN_IF_ERROR(
        read_layer((*layers)[i], i, pair, std::string(where) + ", layer " + std::to_string(i)));
  }
  for (Analytics* side : {&pair.device, &pair.edge}) {
    side->output_bytes = side->layers.back().output_bytes;
    set_chain_cuts(*side);
  }
  return pair;
}

Result<AnalyticsPair> read_combined_profile(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string text, read_file(path, limits::kMaxAnalyticsBytes));
  return parse_combined_profile(text, path.string());
}

}  // namespace tinysplit
