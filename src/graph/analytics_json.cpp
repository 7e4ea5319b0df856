#include <algorithm>
#include <charconv>

#include "core/limits.h"
#include "graph/analytics.h"
#include "graph/json_fields.h"

namespace tinysplit {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kHeaderKey = "tinysplit";
constexpr int kFormatVersion = 1;
constexpr std::int64_t kBitsPerByte = 8;
constexpr std::int64_t kMaxCount = std::int64_t{1} << 53;  // whole in a double

Result<Shape> read_shape(const json& layer, const std::string& where) {
  const auto field = layer.find("output_shape");
  if (field == layer.end() || field->is_null()) return Shape();
  const std::string problem = where + ": key \"output_shape\" must be a list of at most " +
                              std::to_string(limits::kMaxRank) + " whole numbers";
  if (!field->is_array() || field->size() > limits::kMaxRank) return invalid_argument(problem);
  std::vector<std::int64_t> dims;
  for (const json& dim : *field) {
    if (!dim.is_number_integer()) return invalid_argument(problem);
    dims.push_back(dim.get<std::int64_t>());
  }
  Result<Shape> shape = Shape::create(dims);
  if (!shape.ok()) {
    return invalid_argument(where + ": key \"output_shape\": " + shape.status().message());
  }
  return shape;
}

Result<LayerAnalytics> read_layer(const json& entry, const std::string& where) {
  if (!entry.is_object()) {
    return invalid_argument(where + " must be an object, not a " + entry.type_name());
  }
  namespace jf = json_fields;
  LayerAnalytics layer;
  TINYSPLIT_ASSIGN_OR_RETURN(
      const std::int64_t bits,
      jf::whole(entry, "layer_size", limits::kMaxActivationBytes * kBitsPerByte, where));
  layer.output_bytes = (bits + kBitsPerByte - 1) / kBitsPerByte;
  constexpr double kMaxTime = limits::kMaxLayerTimeS;
  TINYSPLIT_ASSIGN_OR_RETURN(layer.time_s,
                             jf::number(entry, "layer_inference_time", kMaxTime, where));
  TINYSPLIT_ASSIGN_OR_RETURN(layer.time_p10_s, jf::number_or(entry, "layer_inference_time_p10",
                                                             kMaxTime, layer.time_s, where));
  TINYSPLIT_ASSIGN_OR_RETURN(layer.time_p90_s, jf::number_or(entry, "layer_inference_time_p90",
                                                             kMaxTime, layer.time_s, where));
  TINYSPLIT_ASSIGN_OR_RETURN(layer.name, jf::text_or(entry, "name", "", where));
  TINYSPLIT_ASSIGN_OR_RETURN(layer.kind, jf::text_or(entry, "kind", "", where));
  TINYSPLIT_ASSIGN_OR_RETURN(layer.output_shape, read_shape(entry, where));
  TINYSPLIT_ASSIGN_OR_RETURN(layer.macs,
                             jf::whole_or(entry, "macs", kMaxCount, kUnknownBytes, where));
  TINYSPLIT_ASSIGN_OR_RETURN(layer.weight_bytes,
                             jf::whole_or(entry, "weight_bytes", kMaxCount, kUnknownBytes, where));
  TINYSPLIT_ASSIGN_OR_RETURN(
      layer.head_peak_ram_bytes,
      jf::whole_or(entry, "head_peak_ram_bytes", kMaxCount, kUnknownBytes, where));
  TINYSPLIT_ASSIGN_OR_RETURN(
      layer.head_tflm_arena_bytes,
      jf::whole_or(entry, "head_tflm_arena_bytes", kMaxCount, kUnknownBytes, where));
  return layer;
}

Status read_cuts(const json& header, Analytics& analytics, const std::string& where) {
  const auto field = header.find("cuts");
  if (field == header.end() || field->is_null()) return ok_status();
  if (!field->is_array() || field->size() != analytics.layers.size() + 1) {
    return invalid_argument(where + ": key \"cuts\" must be a list of " +
                            std::to_string(analytics.layers.size() + 1) +
                            " objects, one more than there are layers");
  }
  for (std::size_t c = 0; c < field->size(); ++c) {
    const json& entry = (*field)[c];
    const std::string cut_where = where + ", cut " + std::to_string(c);
    if (!entry.is_object()) return invalid_argument(cut_where + " must be an object");
    CutAnalytics& cut = analytics.cuts[c];
    TINYSPLIT_ASSIGN_OR_RETURN(
        cut.live_bytes,
        json_fields::whole(entry, "live_bytes", limits::kMaxActivationBytes, cut_where));
    TINYSPLIT_ASSIGN_OR_RETURN(cut.reveals_input,
                               json_fields::boolean_or(entry, "reveals_input", c == 0, cut_where));
    TINYSPLIT_ASSIGN_OR_RETURN(cut.splits_fusion,
                               json_fields::boolean_or(entry, "splits_fusion", false, cut_where));
  }
  analytics.cuts_from_graph = true;
  return ok_status();
}

Status read_header(const json& document, Analytics& analytics, std::string_view file) {
  namespace jf = json_fields;
  TINYSPLIT_ASSIGN_OR_RETURN(const json* header, jf::object_or_null(document, kHeaderKey, file));
  if (header == nullptr) {
    set_chain_cuts(analytics);
    return ok_status();
  }
  const std::string where = std::string(file) + ", \"" + kHeaderKey + "\"";
  TINYSPLIT_ASSIGN_OR_RETURN(analytics.model_name, jf::text_or(*header, "model_name", "", where));
  TINYSPLIT_ASSIGN_OR_RETURN(analytics.model_digest,
                             jf::text_or(*header, "model_digest", "", where));
  TINYSPLIT_ASSIGN_OR_RETURN(analytics.machine, jf::text_or(*header, "machine", "", where));
  TINYSPLIT_ASSIGN_OR_RETURN(analytics.date, jf::text_or(*header, "date", "", where));
  constexpr std::int64_t kMaxInt = 1'000'000'000;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t threads,
                             jf::whole_or(*header, "threads", kMaxInt, 0, where));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t runs,
                             jf::whole_or(*header, "runs", kMaxInt, 0, where));
  analytics.threads = static_cast<int>(threads);
  analytics.runs = static_cast<int>(runs);
  constexpr std::int64_t kMaxBytes = limits::kMaxActivationBytes;
  TINYSPLIT_ASSIGN_OR_RETURN(const json* input, jf::object_or_null(*header, "input_bytes", where));
  if (input != nullptr) {
    const std::string input_where = where + ", \"input_bytes\"";
    TINYSPLIT_ASSIGN_OR_RETURN(analytics.input_bytes_f32, jf::whole_or(*input, "float32", kMaxBytes,
                                                                       kUnknownBytes, input_where));
    TINYSPLIT_ASSIGN_OR_RETURN(
        analytics.input_bytes_raw,
        jf::whole_or(*input, "raw", kMaxBytes, analytics.input_bytes_f32, input_where));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(
      analytics.output_bytes,
      jf::whole_or(*header, "output_bytes", kMaxBytes, analytics.output_bytes, where));
  set_chain_cuts(analytics);
  return read_cuts(*header, analytics, where);
}

// A key that is meant as a layer's index, whether or not it is a good one.
bool looks_like_index(std::string_view key) {
  return !key.empty() && (key[0] == '-' || key[0] == '+' || (key[0] >= '0' && key[0] <= '9'));
}

// Indices in 0 .. count-1 that differ leave no gap among `count` of them.
Status check_index(const std::string& key, std::size_t count, std::string_view where) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (error != std::errc() || end != key.data() + key.size() || std::to_string(index) != key) {
    return invalid_argument(std::string(where) + ": key \"" + key.substr(0, 32) +
                            "\" is not the index of a layer (0, 1, 2, ...)");
  }
  if (index >= count) {
    return invalid_argument(std::string(where) + ": there is a layer \"" + key + "\" but only " +
                            std::to_string(count) + " layers: one before it is missing");
  }
  return ok_status();
}

void put_if_known(ordered_json& object, const char* key, std::int64_t value) {
  if (value != kUnknownBytes) object[key] = value;
}

void put_if_known(ordered_json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

ordered_json format_layer(const LayerAnalytics& layer) {
  ordered_json entry;
  entry["layer_size"] = layer.output_bytes * kBitsPerByte;
  entry["layer_inference_time"] = layer.time_s;
  entry["layer_inference_time_p10"] = layer.time_p10_s;
  entry["layer_inference_time_p90"] = layer.time_p90_s;
  put_if_known(entry, "name", layer.name);
  put_if_known(entry, "kind", layer.kind);
  if (layer.output_shape.rank() > 0) entry["output_shape"] = layer.output_shape.dims();
  put_if_known(entry, "macs", layer.macs);
  put_if_known(entry, "weight_bytes", layer.weight_bytes);
  put_if_known(entry, "head_peak_ram_bytes", layer.head_peak_ram_bytes);
  put_if_known(entry, "head_tflm_arena_bytes", layer.head_tflm_arena_bytes);
  return entry;
}

ordered_json format_header(const Analytics& analytics) {
  ordered_json header;
  header["version"] = kFormatVersion;
  put_if_known(header, "model_name", analytics.model_name);
  put_if_known(header, "model_digest", analytics.model_digest);
  put_if_known(header, "machine", analytics.machine);
  put_if_known(header, "date", analytics.date);
  if (analytics.threads > 0) header["threads"] = analytics.threads;
  if (analytics.runs > 0) header["runs"] = analytics.runs;
  ordered_json input = ordered_json::object();
  put_if_known(input, "float32", analytics.input_bytes_f32);
  put_if_known(input, "raw", analytics.input_bytes_raw);
  if (!input.empty()) header["input_bytes"] = input;
  put_if_known(header, "output_bytes", analytics.output_bytes);
  if (analytics.cuts_from_graph) {
    ordered_json cuts = ordered_json::array();
    for (const CutAnalytics& cut : analytics.cuts) {
      ordered_json entry = {{"live_bytes", cut.live_bytes}, {"reveals_input", cut.reveals_input}};
      if (cut.splits_fusion) entry["splits_fusion"] = true;
      cuts.push_back(std::move(entry));
    }
    header["cuts"] = std::move(cuts);
  }
  return header;
}

}  // namespace

Result<Analytics> parse_analytics(std::string_view text, std::string_view where) {
  TINYSPLIT_ASSIGN_OR_RETURN(const json document, json_fields::parse_object(text, where));
  const auto count = static_cast<std::size_t>(
      std::count_if(document.items().begin(), document.items().end(),
                    [](const auto& item) { return looks_like_index(item.key()); }));
  if (count == 0) {
    return invalid_argument(std::string(where) +
                            " describes no layer: keys \"0\", \"1\", ... are missing");
  }
  if (count > limits::kMaxLayers) {
    return out_of_range(std::string(where) + " describes " + std::to_string(count) +
                        " layers, at most " + std::to_string(limits::kMaxLayers) + " are read");
  }
  for (const auto& [key, value] : document.items()) {
    if (looks_like_index(key)) TINYSPLIT_RETURN_IF_ERROR(check_index(key, count, where));
  }
  Analytics analytics;
  analytics.layers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string key = std::to_string(i);
    TINYSPLIT_ASSIGN_OR_RETURN(
        LayerAnalytics layer,
        read_layer(document.at(key), std::string(where) + ", layer \"" + key + "\""));
    analytics.layers.push_back(std::move(layer));
  }
  analytics.output_bytes = analytics.layers.back().output_bytes;
  TINYSPLIT_RETURN_IF_ERROR(read_header(document, analytics, where));
  return analytics;
}

std::string format_analytics(const Analytics& analytics) {
  // One line a layer: short for people, and a change of one layer is a change of one line.
  const auto line = [](const ordered_json& value) {
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  };
  std::string text = "{\n";
  for (std::size_t i = 0; i < analytics.layers.size(); ++i) {
    text += "\"" + std::to_string(i) + "\": " + line(format_layer(analytics.layers[i])) + ",\n";
  }
  text += "\"" + std::string(kHeaderKey) + "\": " + line(format_header(analytics)) + "\n}\n";
  return text;
}

}  // namespace tinysplit
