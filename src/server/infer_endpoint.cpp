#include "engine/named_run.h"
#include "graph/quantization_match.h"
#include "server/endpoints.h"
#include "wire/frames.h"

namespace tinysplit {
namespace {

HttpResponse error_frame(std::uint64_t id, const Status& status) {
  HttpResponse response;
  response.status = http_status_of(status.code());
  response.content_type = kFrameContentType;
  encode_frame(ErrorReply{id, status}, response.body);
  return response;
}

Status check(const InferRequest& request, const Graph& graph) {
  if (request.model_digest != graph.digest()) {
    return failed_precondition("model \"" + request.model + "\" has digest " +
                               request.model_digest.substr(0, 12) + " on the device and " +
                               graph.digest().substr(0, 12) +
                               " here; give both sides the same model file");
  }
  if (request.cut > static_cast<std::uint32_t>(graph.num_layers())) {
    return out_of_range("cut " + std::to_string(request.cut) + " is beyond the " +
                        std::to_string(graph.num_layers()) + " layers of model \"" + request.model +
                        "\"");
  }
  return ok_status();
}

// Quantised tensors must have the model's own scales. Of names that the tail does not know, it
// takes the tensors in its own order.
Status check_quantizations(const std::vector<WireTensor>& tensors, const Graph& graph,
                           const Segment& segment) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const QuantizationView sent = tensors[i].quantization.view();
    if (sent.empty()) continue;
    const Value* value = find_value(graph, tensors[i].name);
    if (value == nullptr && i < segment.inputs().size()) value = &graph.value(segment.inputs()[i]);
    if (value == nullptr) continue;  // no tensor of the model: running it says so
    TINYSPLIT_RETURN_IF_ERROR(expect_quantization(*value, sent.scale, sent.zero_point, sent.axis));
  }
  return ok_status();
}

QuantizationView quantization_of(const Graph& graph, const std::string& name) {
  const Value* value = find_value(graph, name);
  if (value == nullptr || !value->quantization) return {};
  const Quantization& own = *value->quantization;
  return {own.scale, own.zero_point, own.axis};
}

EvaluationRequest to_evaluation(const InferRequest& request, std::uint64_t size_bytes) {
  EvaluationRequest evaluation;
  IncomingMessage& message = evaluation.message;
  message.device_id = request.device_id;
  message.model_name = request.model;
  message.size_bytes = static_cast<std::int64_t>(size_bytes);
  message.cut = static_cast<int>(request.cut);
  for (std::size_t i = 0; i < request.device_layer_times_s.size(); ++i) {
    message.layer_times.push_back({static_cast<int>(i), request.device_layer_times_s[i]});
  }
  for (const InferRequest::LinkSample& sample : request.link_samples) {
    // The device has taken the edge's own time out already.
    message.exchanges.push_back({static_cast<std::int64_t>(sample.up_bytes),
                                 static_cast<std::int64_t>(sample.down_bytes), sample.seconds,
                                 0.0});
  }
  Constraints& constraints = evaluation.constraints;
  if (request.constraints.ram_bytes) {
    constraints.ram_bytes = static_cast<std::int64_t>(*request.constraints.ram_bytes);
  }
  if (request.constraints.flash_bytes) {
    constraints.flash_bytes = static_cast<std::int64_t>(*request.constraints.flash_bytes);
  }
  for (const std::uint32_t cut : request.constraints.forbidden_cuts) {
    constraints.forbidden_cuts.push_back(static_cast<int>(cut));
  }
  constraints.private_input = request.constraints.private_input;
  return evaluation;
}

InferReply::Scenario to_wire(Scenario scenario) {
  switch (scenario) {
    case Scenario::kEdgeOnly:
      return InferReply::Scenario::kEdgeOnly;
    case Scenario::kMixed:
      return InferReply::Scenario::kMixed;
    case Scenario::kDeviceOnly:
      break;
  }
  return InferReply::Scenario::kDeviceOnly;
}

Result<HttpResponse> infer(EdgeState& state, const HttpRequest& http, InferRequest& request,
                           SegmentCache& segments, InferReply& reply) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto model, state.models.find(request.model));
  TINYSPLIT_RETURN_IF_ERROR(check(request, model->graph()));
  reply.id = request.id;
  reply.model_digest = model->graph().digest();

  EvaluationRequest evaluation = to_evaluation(request, http.wire_bytes);
  evaluation.queue_wait_s = state.pool.expected_wait_s();
  std::vector<NamedTensor> outputs;
  if (!request.tensors.empty()) {
    // Preparing a cut's first segment is the edge's time too, not the link's.
    const std::int64_t begin_ns = state.clock.now_ns();
    TINYSPLIT_ASSIGN_OR_RETURN(
        Segment* const segment,
        segments.get(model->engine, static_cast<int>(request.cut), model->graph().num_layers()));
    TINYSPLIT_RETURN_IF_ERROR(check_quantizations(request.tensors, model->graph(), *segment));
    TINYSPLIT_ASSIGN_OR_RETURN(
        outputs, run_named(*segment, model->graph(), take_tensors(std::move(request.tensors))));
    reply.edge_s = seconds_between(begin_ns, state.clock.now_ns());
  }
  const Result<Evaluation> next = state.manager.evaluate(evaluation);
  if (next.ok()) {
    reply.next = InferReply::Next{static_cast<std::uint32_t>(next->decision.cut),
                                  to_wire(next->decision.scenario), next->decision.latency_s};
  } else if (next.status().code() != StatusCode::kFailedPrecondition) {
    return next.status();
  }
  // Where the constraints leave no cut there is an answer, but no advice.
  HttpResponse response;
  response.content_type = kFrameContentType;
  std::vector<NamedTensorView> views;
  for (const NamedTensor& output : outputs) {
    views.push_back(
        {output.name, output.tensor.view(), quantization_of(model->graph(), output.name)});
  }
  TINYSPLIT_RETURN_IF_ERROR(encode_frame(reply, views, EncodeOptions{}, response.body));
  return response;
}

}  // namespace

void handle_infer(EdgeState& state, HttpRequest&& request, HttpResponder respond) {
  auto shared = std::make_shared<HttpRequest>(std::move(request));
  const auto fail = [shared, respond](const Status& status) {
    respond(error_frame(frame_id_or_zero(shared->body), status));
  };
  const Status submitted = state.pool.submit(
      [&state, shared, respond](SegmentCache& segments, double queue_s) {
        InferReply reply;
        reply.queue_s = queue_s;
        const std::int64_t begin_ns = state.clock.now_ns();
        Result<InferRequest> decoded = decode_infer_request(shared->body);
        reply.decode_s = seconds_between(begin_ns, state.clock.now_ns());
        if (!decoded.ok()) {
          respond(error_frame(frame_id_or_zero(shared->body), decoded.status()));
          return;
        }
        const std::uint64_t id = decoded->id;
        Result<HttpResponse> response = infer(state, *shared, *decoded, segments, reply);
        respond(response.ok() ? std::move(*response) : error_frame(id, response.status()));
      },
      fail);
  if (!submitted.ok()) fail(submitted);
}

}  // namespace tinysplit
