#include <algorithm>

#include "server/endpoints.h"
#include "wire/seed_requests.h"

// The decision as the original's clients read it, with what is new beside its keys.
namespace tinysplit {
namespace {

OrderedJson describe_cut(const CutCost& cost) {
  const std::string_view excluded = exclusion_text(cost.exclusion);
  return {{"cut", cost.cut},
          {"latency_s", cost.total_s},
          {"device_s", cost.device_s},
          {"encode_s", cost.encode_s},
          {"rtt_s", cost.rtt_s},
          {"uplink_s", cost.uplink_s},
          {"decode_s", cost.decode_s},
          {"queue_s", cost.queue_s},
          {"edge_s", cost.edge_s},
          {"downlink_s", cost.downlink_s},
          {"live_bytes", cost.live_bytes},
          {"excluded", excluded.empty() ? OrderedJson() : OrderedJson(excluded)}};
}

OrderedJson describe_model(const ServedModel& served) {
  const OffloadingModel& model = *served.offloading;
  std::int64_t classes = 0;
  const Graph& graph = served.graph();
  if (const Shape& shape = graph.value(graph.outputs().front()).shape; shape.rank() > 0) {
    classes = shape[shape.rank() - 1];
  }
  return {{"model_name", model.name()},
          {"model_path", model.path()},
          {"model_analytics_path", model.analytics_path()},
          {"num_layers", model.num_layers()},
          {"layers_sizes", model.layer_sizes_bits()},
          {"layers_inference_time", model.edge_time_s()},
          {"model_analytics", to_json(model.analytics())},
          {"load_model_data", nullptr},
          {"predictions", OrderedJson::array()},
          {"custom_model",
           {{"model_path", model.path()},
            {"num_classes", classes},
            {"num_layers", model.num_layers()},
            {"save_path", model.path()},
            {"model_data", nullptr}}}};
}

OrderedJson describe_algo(const Evaluation& evaluation) {
  const Decision& decision = evaluation.decision;
  OrderedJson cuts = OrderedJson::array();
  for (const CutCost& cost : decision.cuts) cuts.push_back(describe_cut(cost));
  return {{"avg_speed", evaluation.average_speed_bits_per_s},
          {"num_layers", evaluation.model->num_layers()},
          {"layers_sizes", evaluation.model->layer_sizes_bits()},
          {"inference_time_device", evaluation.device_time_s},
          {"inference_time_edge", evaluation.model->edge_time_s()},
          {"best_offloading_layer", decision.cut - 1},
          {"lowest_evaluation", decision.latency_s},
          {"scenario", scenario_name(decision.scenario)},
          {"cut", decision.cut},
          {"reason", decision.reason},
          {"confidence", decision.confidence},
          {"measured_share", evaluation.measured_share},
          {"link",
           {{"uplink_bytes_per_s", evaluation.link.uplink_bytes_per_s},
            {"downlink_bytes_per_s", evaluation.link.downlink_bytes_per_s},
            {"base_latency_s", evaluation.link.base_latency_s},
            {"confidence", evaluation.link.confidence}}},
          {"cuts", std::move(cuts)}};
}

Result<HttpResponse> evaluate(EdgeState& state, const HttpRequest& http) {
  TINYSPLIT_ASSIGN_OR_RETURN(const EvaluateRequest request, parse_evaluate_request(http.body));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto served, state.models.find(request.model_name));
  EvaluationRequest evaluation;
  evaluation.queue_wait_s = state.pool.expected_wait_s();
  IncomingMessage& message = evaluation.message;
  message.device_id = request.device_id;
  message.model_name = request.model_name;
  message.size_bytes = static_cast<std::int64_t>(http.wire_bytes);
  message.cut = static_cast<int>(std::min<std::uint32_t>(
      request.start_layer_index, static_cast<std::uint32_t>(served->graph().num_layers())));
  for (const EvaluateRequest::LayerTime& time : request.layer_times) {
    if (time.layer < static_cast<std::uint32_t>(served->graph().num_layers())) {
      message.layer_times.push_back({static_cast<int>(time.layer), time.seconds});
    }
  }
  message.receive_s = http.receive_s;
  TINYSPLIT_ASSIGN_OR_RETURN(const Evaluation made, state.manager.evaluate(evaluation));
  return json_response(OrderedJson{{"text",
                                    {{"best_offloading_layer", made.decision.cut - 1},
                                     {"scenario", scenario_name(made.decision.scenario)},
                                     {"additional_info",
                                      {{"offloaded_model_info", describe_model(*served)},
                                       {"offloading_algo_info", describe_algo(made)}}}}}});
}

}  // namespace

void handle_evaluate(EdgeState& state, HttpRequest&& request, HttpResponder respond) {
  Result<HttpResponse> response = evaluate(state, request);
  respond(response.ok() ? std::move(*response) : json_response(response.status()));
}

void handle_communication_status(EdgeState& state, HttpRequest&&, HttpResponder respond) {
  OrderedJson devices = OrderedJson::array();
  const std::int64_t now_ns = state.clock.now_ns();
  for (const DeviceStatus& device : state.manager.communication_status()) {
    OrderedJson messages = OrderedJson::array();
    for (const OffloadingMessage& message : device.sent_messages) {
      const auto speed = message.speed_bits_per_s();
      const auto link_s = message.link_s();
      messages.push_back({{"device_id", message.device_id},
                          {"model_name", message.model_name},
                          {"start_layer_index", message.cut},
                          {"age_s", seconds_between(message.received_at_ns, now_ns)},
                          {"message_size_bytes", message.size_bytes},
                          {"link_s", link_s ? OrderedJson(*link_s) : OrderedJson()},
                          {"speed_bits_per_s", speed ? OrderedJson(*speed) : OrderedJson()}});
    }
    devices.push_back({{"device_id", device.device_id},
                       {"sent_messages", std::move(messages)},
                       {"silent_s", device.silent_s},
                       {"uplink_bytes_per_s", device.link.uplink_bytes_per_s},
                       {"base_latency_s", device.link.base_latency_s},
                       {"link_confidence", device.link.confidence}});
  }
  respond(json_response(OrderedJson{
      {"code", 200}, {"message", "Success"}, {"communication_data", std::move(devices)}}));
}

}  // namespace tinysplit
