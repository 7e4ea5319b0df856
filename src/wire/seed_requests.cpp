#include "wire/seed_requests.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/limits.h"
#include "wire/base64.h"
#include "wire/json.h"
#include "wire/names.h"
#include "wire/utf8.h"

namespace tinysplit {
namespace {

using Json = nlohmann::json;

Status missing(std::string_view key) {
  return invalid_argument("OPS: Key missing. Try again. (\"" + std::string(key) +
                          "\" is required)");
}

Status wrong_type(std::string_view key, std::string_view expected) {
  return invalid_argument("\"" + std::string(key) + "\" must be " + std::string(expected));
}

Result<Json> parse_object(std::string_view body) {
  TINYSPLIT_ASSIGN_OR_RETURN(Json json, parse_json(body, "the request body"));
  if (!json.is_object()) return invalid_argument("the request body must be a JSON object");
  return json;
}

// nullptr if there is none, or it is null.
const Json* find(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

Result<std::string> read_name(const Json& object, const char* key,
                              Status (*check)(std::string_view)) {
  const Json* value = find(object, key);
  if (value == nullptr) return missing(key);
  if (!value->is_string()) return wrong_type(key, "a string");
  const auto& name = value->get_ref<const std::string&>();
  TINYSPLIT_RETURN_IF_ERROR(check(name));
  return name;
}

Result<std::uint32_t> read_layer_index(const Json& object) {
  constexpr const char* kKey = "start_layer_index";
  const Json* value = find(object, kKey);
  if (value == nullptr) return missing(kKey);
  if (!value->is_number_unsigned()) return wrong_type(kKey, "an integer that is not negative");
  const auto index = value->get<std::uint64_t>();
  if (index > limits::kMaxLayers) {
    return out_of_range("\"start_layer_index\" is " + std::to_string(index) + ", at most " +
                        std::to_string(limits::kMaxLayers) + " is possible");
  }
  return static_cast<std::uint32_t>(index);
}

// The number of "layer_<i>" in plain decimal digits.
Result<std::uint32_t> parse_layer_key(std::string_view key) {
  constexpr std::string_view kPrefix = "layer_";
  std::uint32_t layer = 0;
  if (key.starts_with(kPrefix)) {
    const std::string_view digits = key.substr(kPrefix.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), layer);
    if (!digits.empty() && error == std::errc() && end == digits.data() + digits.size())
      return layer;
  }
  return invalid_argument(
      "the keys of \"layers_inference_time\" must be \"layer_\" and a layer number");
}

Result<std::vector<EvaluateRequest::LayerTime>> read_layer_times(const Json& request) {
  constexpr const char* kKey = "layers_inference_time";
  std::vector<EvaluateRequest::LayerTime> times;
  const Json* information = find(request, "offloading_information");
  if (information == nullptr) return times;
  if (!information->is_object()) return wrong_type("offloading_information", "an object");
  const Json* entries = find(*information, kKey);
  if (entries == nullptr) return times;
  if (!entries->is_object()) return wrong_type(kKey, "an object");
  if (entries->size() > limits::kMaxLayers) {
    return out_of_range("\"layers_inference_time\" has more than " +
                        std::to_string(limits::kMaxLayers) + " entries");
  }
  times.reserve(entries->size());
  for (const auto& [key, value] : entries->items()) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::uint32_t layer, parse_layer_key(key));
    const double seconds = value.is_number() ? value.get<double>() : -1.0;
    if (!std::isfinite(seconds) || seconds < 0) {
      return invalid_argument("\"layers_inference_time\": layer_" + std::to_string(layer) +
                              " must be a number of seconds that is not negative");
    }
    times.push_back({layer, seconds});
  }
  std::ranges::sort(times, {}, &EvaluateRequest::LayerTime::layer);
  // "layer_1" and "layer_01" are different keys of JSON.
  const auto twice = std::ranges::adjacent_find(times, {}, &EvaluateRequest::LayerTime::layer);
  if (twice != times.end()) {
    return invalid_argument("\"layers_inference_time\" has layer " + std::to_string(twice->layer) +
                            " twice");
  }
  return times;
}

Result<Shape> read_shape(const Json& request) {
  constexpr const char* kKey = "shape";
  const Json* value = find(request, kKey);
  if (value == nullptr) return missing(kKey);
  if (!value->is_array() || value->size() > limits::kMaxRank) {
    return wrong_type(kKey,
                      "an array of at most " + std::to_string(limits::kMaxRank) + " integers");
  }
  std::array<std::int64_t, limits::kMaxRank> dims{};
  for (std::size_t i = 0; i < value->size(); ++i) {
    const Json& dim = (*value)[i];
    if (!dim.is_number_unsigned() ||
        dim.get<std::uint64_t>() > std::uint64_t(limits::kMaxElements)) {
      return wrong_type(kKey,
                        "an array of integers from 0 to " + std::to_string(limits::kMaxElements));
    }
    dims[i] = dim.get<std::int64_t>();
  }
  return Shape::create(std::span(dims).first(value->size()));
}

Result<Tensor> read_tensor(const Json& request) {
  constexpr const char* kKey = "model_data";
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, read_shape(request));
  const Json* value = find(request, kKey);
  if (value == nullptr) return missing(kKey);
  if (!value->is_string()) return wrong_type(kKey, "a base64 string");
  const auto& given = value->get_ref<const std::string&>();
  // Python, in which the original is written, takes wrapped text.
  const bool is_wrapped = given.find_first_of(" \t\r\n") != std::string::npos;
  const std::string unwrapped = is_wrapped ? base64_unwrapped(given) : std::string();
  const std::string& text = is_wrapped ? unwrapped : given;
  const Result<std::size_t> bytes = base64_decoded_bytes(text);
  if (!bytes.ok()) return bytes.status().with_context(kKey);
  const std::size_t expected = std::size_t(shape.num_elements()) * sizeof(float);
  if (*bytes != expected) {
    return invalid_argument("\"model_data\" has " + std::to_string(*bytes) + " bytes, shape " +
                            shape.to_string() + " of float32 takes " + std::to_string(expected));
  }
  Tensor tensor(DType::kFloat32, shape);
  TINYSPLIT_RETURN_IF_ERROR(base64_decode(text, tensor.bytes()).with_context(kKey));
  return tensor;
}

Result<TensorRequest> parse_tensor_request(std::string_view body, bool with_layer) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Json json, parse_object(body));
  TensorRequest request;
  TINYSPLIT_ASSIGN_OR_RETURN(request.model_name, read_name(json, "model_name", check_model_name));
  if (with_layer) {
    TINYSPLIT_ASSIGN_OR_RETURN(request.start_layer_index, read_layer_index(json));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(request.input, read_tensor(json));
  return request;
}

}  // namespace

Result<EvaluateRequest> parse_evaluate_request(std::string_view body) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Json json, parse_object(body));
  EvaluateRequest request;
  TINYSPLIT_ASSIGN_OR_RETURN(request.device_id, read_name(json, "device_id", check_device_id));
  TINYSPLIT_ASSIGN_OR_RETURN(request.model_name, read_name(json, "model_name", check_model_name));
  TINYSPLIT_ASSIGN_OR_RETURN(request.start_layer_index, read_layer_index(json));
  TINYSPLIT_ASSIGN_OR_RETURN(request.layer_times, read_layer_times(json));
  if (const Json* payload = find(json, "payload"); payload != nullptr && payload->is_object()) {
    const Json* message = find(*payload, "message");
    if (message != nullptr && message->is_string()) {
      request.message =
          clip_utf8(message->get_ref<const std::string&>(), limits::kMaxErrorMessageBytes);
    }
  }
  request.message_bytes = body.size();
  return request;
}

Result<TensorRequest> parse_model_initialization_request(std::string_view body) {
  return parse_tensor_request(body, false);
}

Result<TensorRequest> parse_model_inference_request(std::string_view body) {
  return parse_tensor_request(body, true);
}

}  // namespace tinysplit
