#pragma once

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "net/http_server.h"
#include "offloading/offloading_manager.h"
#include "server/compute_pool.h"
#include "server/model_store.h"

namespace tinysplit {

using OrderedJson = nlohmann::ordered_json;

// What the endpoints work on; everything outlives them.
struct EdgeState {
  ModelStore& models;
  OffloadingManager& manager;
  ComputePool& pool;
  const Clock& clock;
  std::int64_t started_ns;
};

// Each handles one endpoint: answers through `respond`, at once or later from a worker. Errors are
// answered too, as JSON {"message"} or, for infer, as an error frame.

// POST /v1/infer: a CBOR frame with the live tensors of a cut; runs the rest.
void handle_infer(EdgeState& state, HttpRequest&& request, HttpResponder respond);

// GET /v1/models, /v1/models/<name>, /healthz.
void handle_models(EdgeState& state, HttpRequest&& request, HttpResponder respond);
void handle_model(EdgeState& state, HttpRequest&& request, HttpResponder respond);
void handle_health(EdgeState& state, HttpRequest&& request, HttpResponder respond);

// The original's four endpoints under /api/offloading.
void handle_evaluate(EdgeState& state, HttpRequest&& request, HttpResponder respond);
void handle_communication_status(EdgeState& state, HttpRequest&& request, HttpResponder respond);
void handle_model_initialization(EdgeState& state, HttpRequest&& request, HttpResponder respond);
void handle_model_inference(EdgeState& state, HttpRequest&& request, HttpResponder respond);

// JSON answers. What is no number becomes null, what is no UTF-8 is replaced.
HttpResponse json_response(const OrderedJson& body);
HttpResponse json_response(const Status& status);
OrderedJson to_json(const Analytics& analytics);

}  // namespace tinysplit
