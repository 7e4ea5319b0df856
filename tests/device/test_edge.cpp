#include "device/test_edge.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/named_run.h"
#include "graph/analytics.h"
#include "graph/quantization_match.h"

namespace tinysplit {
namespace {

HttpResponse error_frame(std::uint64_t id, Status status) {
  HttpResponse response;
  response.status = http_status_of(status.code());
  response.content_type = kFrameContentType;
  encode_frame(ErrorReply{id, std::move(status)}, response.body);
  return response;
}

}  // namespace

TestEdge::TestEdge(std::shared_ptr<const Graph> graph)
    : graph_(std::move(graph)), engine_(Engine::create(graph_).value()) {
  server_ = HttpServer::listen({}, [this](HttpRequest&& request, HttpResponder respond) {
              handle(std::move(request), std::move(respond));
            }).value();
}

TestEdge::~TestEdge() { server_->stop(); }

void TestEdge::set_mode(Mode mode) {
  const std::lock_guard lock(mutex_);
  mode_ = mode;
}

void TestEdge::set_next(std::optional<InferReply::Next> next) {
  const std::lock_guard lock(mutex_);
  next_ = next;
}

std::size_t TestEdge::num_kept() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

void TestEdge::answer_kept() {
  std::vector<std::pair<std::string, HttpResponder>> kept;
  {
    const std::lock_guard lock(mutex_);
    kept.swap(kept_);
  }
  for (auto& [frame, respond] : kept) respond(infer(frame));
}

std::vector<TestEdge::Seen> TestEdge::seen() const {
  const std::lock_guard lock(mutex_);
  std::vector<Seen> copies;
  for (const Seen& seen : seen_) {
    Seen copy;
    copy.num_tensors = seen.num_tensors;
    copy.request.id = seen.request.id;
    copy.request.cut = seen.request.cut;
    copy.request.device_layer_times_s = seen.request.device_layer_times_s;
    copy.request.link_samples = seen.request.link_samples;
    copy.request.constraints = seen.request.constraints;
    copies.push_back(std::move(copy));
  }
  return copies;
}

std::size_t TestEdge::num_inferences() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(seen_, [](const Seen& seen) { return seen.num_tensors > 0; }));
}

void TestEdge::handle(HttpRequest&& request, HttpResponder respond) {
  Mode mode = Mode::kServe;
  {
    const std::lock_guard lock(mutex_);
    mode = mode_;
  }
  if (request.path.starts_with("/v1/models/")) {
    if (mode == Mode::kSilent) {
      const std::lock_guard lock(mutex_);
      kept_.emplace_back("", std::move(respond));
    } else {
      respond(describe_model());
    }
    return;
  }
  const Result<InferRequest> decoded = decode_infer_request(request.body);
  const bool is_inference = decoded.ok() && !decoded->tensors.empty();
  switch (mode) {
    case Mode::kSilentToInfer:
      if (!is_inference) return respond(infer(request.body));
      [[fallthrough]];
    case Mode::kSilent: {
      const std::lock_guard lock(mutex_);
      kept_.emplace_back(std::move(request.body), std::move(respond));
      return;
    }
    case Mode::kBusy:
      return respond(error_frame(frame_id_or_zero(request.body), unavailable("the queue is full")));
    case Mode::kDrop:
      return;
    case Mode::kGarbage: {
      return respond({200, std::string(kFrameContentType), "\xff not a frame"});
    }
    default:
      return respond(infer(request.body));
  }
}

HttpResponse TestEdge::describe_model() const {
  Analytics analytics = Analytics::from_graph(*graph_);
  for (LayerAnalytics& layer : analytics.layers) layer.time_s = 1e-5;
  HttpResponse response;
  response.body = R"({"name":")" + graph_->name() + R"(","digest":")" + graph_->digest() +
                  R"(","analytics":)" + format_analytics(analytics) + "}";
  return response;
}

HttpResponse TestEdge::infer(const std::string& frame) {
  Result<InferRequest> request = decode_infer_request(frame);
  if (!request.ok()) return error_frame(frame_id_or_zero(frame), request.status());
  InferReply reply = compute(std::move(*request));
  HttpResponse response;
  response.content_type = kFrameContentType;
  EXPECT_TRUE(encode_frame(reply, EncodeOptions{}, response.body).ok());
  return response;
}

InferReply TestEdge::compute(InferRequest request) {
  const std::lock_guard lock(mutex_);
  InferReply reply;
  reply.id = request.id;
  reply.model_digest = graph_->digest();
  reply.next = next_;
  const int cut = static_cast<int>(request.cut);
  for (const WireTensor& tensor : request.tensors) {
    const QuantizationView sent = tensor.quantization.view();
    const Value* value = find_value(*graph_, tensor.name);
    if (value == nullptr) continue;
    const Status same = expect_quantization(*value, sent.scale, sent.zero_point, sent.axis);
    EXPECT_TRUE(same.ok()) << same.message();
  }
  std::vector<NamedTensor> tensors = take_tensors(std::move(request.tensors));
  request.tensors.clear();
  seen_.push_back({std::move(request), tensors.size()});
  if (!tensors.empty()) {
    const auto segment = engine_->make_segment(cut, graph_->num_layers()).value();
    reply.outputs = plain_tensors(run_named(*segment, *graph_, std::move(tensors)).value());
  }
  if (mode_ == Mode::kOtherId) reply.id += 1000;
  if (mode_ == Mode::kOtherDigest) reply.model_digest = std::string(64, '0');
  if (mode_ == Mode::kMissingOutput) reply.outputs.clear();
  if (mode_ == Mode::kOtherShape && !reply.outputs.empty()) {
    reply.outputs[0].tensor = Tensor(DType::kFloat32, Shape{1, 77});
  }
  return reply;
}

InferReply::Next next_cut(std::uint32_t cut) {
  InferReply::Next next;
  next.cut = cut;
  next.predicted_s = 1e-3;
  return next;
}

}  // namespace tinysplit
