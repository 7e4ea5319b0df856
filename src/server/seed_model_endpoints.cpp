#include <cstdio>

#include "engine/named_run.h"
#include "engine/value_conversion.h"
#include "server/endpoints.h"
#include "wire/seed_requests.h"

// The original's model-initialization and model-inference.
namespace tinysplit {
namespace {

constexpr int kInitializationRuns = 30;

// NumPy's way of printing, which the original's clients show to people: "[[0.1 0.9]]".
void print_values(std::span<const float> values, std::span<const std::int64_t> dims,
                  std::string& text) {
  if (dims.empty()) {
    char number[32];
    std::snprintf(number, sizeof(number), "%.8g", static_cast<double>(values[0]));
    text += number;
    return;
  }
  text += "[";
  const std::size_t count = static_cast<std::size_t>(dims[0]);
  const std::size_t inner = count == 0 ? 0 : values.size() / count;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += " ";
    print_values(values.subspan(i * inner, inner), dims.subspan(1), text);
  }
  text += "]";
}

std::string print_model(const ServedModel& model) {
  const Analytics& analytics = model.offloading->analytics();
  std::string text = "model " + model.folder.name + ": " + std::to_string(analytics.num_layers()) +
                     " layers, analytics in " + model.folder.analytics_path.string();
  for (int i = 0; i < analytics.num_layers(); ++i) {
    const LayerAnalytics& layer = analytics.layers[static_cast<std::size_t>(i)];
    char numbers[96];
    std::snprintf(numbers, sizeof(numbers), ": %lld bits, %.9f s",
                  static_cast<long long>(layer.output_bytes) * 8, layer.time_s);
    text += "\nlayer_" + std::to_string(i) + " " + layer.name + " (" + layer.kind + ")" + numbers;
  }
  return text;
}

Result<HttpResponse> initialize(EdgeState& state, const HttpRequest& http) {
  TINYSPLIT_ASSIGN_OR_RETURN(const TensorRequest request,
                             parse_model_initialization_request(http.body));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const auto model,
      state.models.measure(request.model_name, request.input, kInitializationRuns));
  return json_response(
      OrderedJson{{"text", print_model(*model)},
                  {"model_info",
                   {{"model_name", model->folder.name},
                    {"num_layers", model->graph().num_layers()},
                    {"model_analytics", to_json(model->offloading->analytics())}}}});
}

Result<HttpResponse> infer_from(EdgeState& state, const HttpRequest& http, SegmentCache& segments) {
  TINYSPLIT_ASSIGN_OR_RETURN(TensorRequest request, parse_model_inference_request(http.body));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto model, state.models.find(request.model_name));
  const Graph& graph = model->graph();
  if (request.start_layer_index >= static_cast<std::uint32_t>(graph.num_layers())) {
    return out_of_range("start_layer_index " + std::to_string(request.start_layer_index) +
                        " is beyond the " + std::to_string(graph.num_layers()) +
                        " layers of model \"" + request.model_name + "\"");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(
      Segment* const segment,
      segments.get(model->engine, static_cast<int>(request.start_layer_index), graph.num_layers()));
  if (segment->inputs().size() != 1) {
    return invalid_argument("layers from " + std::to_string(request.start_layer_index) +
                            " on read " + std::to_string(segment->inputs().size()) +
                            " tensors, this endpoint takes one; use POST /v1/infer");
  }
  std::vector<NamedTensor> inputs;
  inputs.push_back({graph.value(segment->inputs()[0]).name, std::move(request.input)});
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<NamedTensor> outputs,
                             run_named(*segment, graph, std::move(inputs)));
  std::string text;
  OrderedJson list = OrderedJson::array();
  for (const NamedTensor& output : outputs) {
    const Value* value = find_value(graph, output.name);
    if (value == nullptr) return internal_error("tensor \"" + output.name + "\" is of no model");
    const Tensor numbers = real_numbers(output.tensor, *value);
    const auto values = numbers.as<float>();
    if (!text.empty()) text += "\n";
    print_values(values, output.tensor.shape().dims(), text);
    list.push_back({{"name", output.name},
                    {"shape", output.tensor.shape().dims()},
                    {"values", std::vector<float>(values.begin(), values.end())}});
  }
  return json_response(OrderedJson{{"text", text}, {"outputs", std::move(list)}});
}

// Runs `handle` on a worker, so that I/O never waits for computing.
template <typename Handle>
void run_on_worker(EdgeState& state, HttpRequest&& request, HttpResponder respond, Handle handle) {
  auto shared = std::make_shared<HttpRequest>(std::move(request));
  const auto fail = [respond](const Status& status) { respond(json_response(status)); };
  const Status submitted = state.pool.submit(
      [&state, shared, respond, handle](SegmentCache& segments, double) {
        Result<HttpResponse> response = handle(state, *shared, segments);
        respond(response.ok() ? std::move(*response) : json_response(response.status()));
      },
      fail);
  if (!submitted.ok()) respond(json_response(submitted));
}

}  // namespace

void handle_model_initialization(EdgeState& state, HttpRequest&& request, HttpResponder respond) {
  run_on_worker(
      state, std::move(request), std::move(respond),
      [](EdgeState& at, const HttpRequest& http, SegmentCache&) { return initialize(at, http); });
}

void handle_model_inference(EdgeState& state, HttpRequest&& request, HttpResponder respond) {
  run_on_worker(state, std::move(request), std::move(respond), infer_from);
}

}  // namespace tinysplit
