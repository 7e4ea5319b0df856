#include "graph/cuts.h"
#include "server/endpoints.h"

namespace tinysplit {
namespace {

OrderedJson describe_values(const Graph& graph, const std::vector<ValueId>& ids) {
  OrderedJson list = OrderedJson::array();
  for (const ValueId id : ids) {
    const Value& value = graph.value(id);
    list.push_back(
        {{"name", value.name}, {"shape", value.shape.dims()}, {"dtype", dtype_name(value.dtype)}});
  }
  return list;
}

OrderedJson describe(const ServedModel& model) {
  const Graph& graph = model.graph();
  return {{"name", model.folder.name},
          {"digest", graph.digest()},
          {"num_layers", graph.num_layers()},
          {"inputs", describe_values(graph, graph.inputs())},
          {"outputs", describe_values(graph, graph.outputs())}};
}

}  // namespace

HttpResponse json_response(const OrderedJson& body) {
  HttpResponse response;
  response.body = body.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
  return response;
}

HttpResponse json_response(const Status& status) {
  const int http_status = http_status_of(status.code());
  // The original's text, which its clients know.
  if (http_status == 500) {
    return json_error(500, "ERROR: Unexpected error occurred! (" + status.message() + ")");
  }
  return json_error(http_status, status.message());
}

OrderedJson to_json(const Analytics& analytics) {
  return OrderedJson::parse(format_analytics(analytics), nullptr, false);
}

void handle_models(EdgeState& state, HttpRequest&&, HttpResponder respond) {
  OrderedJson models = OrderedJson::array();
  for (const auto& model : state.models.all()) models.push_back(describe(*model));
  respond(json_response(OrderedJson{{"models", std::move(models)}}));
}

void handle_model(EdgeState& state, HttpRequest&& request, HttpResponder respond) {
  const std::string name = request.path.substr(std::string_view("/v1/models/").size());
  const auto model = state.models.find(name);
  if (!model.ok()) {
    respond(json_response(model.status()));
    return;
  }
  OrderedJson body = describe(**model);
  body["analytics"] = to_json((*model)->offloading->analytics());
  respond(json_response(body));
}

void handle_health(EdgeState& state, HttpRequest&&, HttpResponder respond) {
  respond(json_response(
      OrderedJson{{"status", "ok"},
                  {"models", state.models.all().size()},
                  {"queued", state.pool.queued()},
                  {"expected_wait_s", state.pool.expected_wait_s()},
                  {"uptime_s", seconds_between(state.started_ns, state.clock.now_ns())}}));
}

}  // namespace tinysplit
