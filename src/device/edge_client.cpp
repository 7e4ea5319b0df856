#include "device/edge_client.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "wire/json.h"

namespace tinysplit {
namespace {

constexpr std::size_t kShownDigestDigits = 12;

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<EdgeModelInfo> parse_model_info(const std::string& body, const std::string& where) {
  TINYSPLIT_ASSIGN_OR_RETURN(const nlohmann::json answer, parse_json(body, where));
  if (!answer.is_object() || !answer.contains("analytics")) {
    return invalid_argument(where +
                            " did not answer with a model's name, digest and analytics: is it "
                            "a tinysplit edge?");
  }
  EdgeModelInfo info;
  info.name = text_of(answer, "name");
  info.digest = text_of(answer, "digest");
  using nlohmann::json;
  const std::string analytics =
      answer["analytics"].dump(-1, ' ', false, json::error_handler_t::replace);
  TINYSPLIT_ASSIGN_OR_RETURN(info.analytics, parse_analytics(analytics, where));
  return info;
}

}  // namespace

double EdgeExchange::link_s() const {
  return std::max(0.0, round_trip_s - reply.decode_s - reply.queue_s - reply.edge_s);
}

EdgeClient::EdgeClient(std::string url, HttpClient http, const Clock& clock)
    : url_(std::move(url)), http_(std::move(http)), clock_(&clock) {}

Result<EdgeClient> EdgeClient::create(std::string_view url, const Clock& clock) {
  const Result<HttpUrl> parsed = parse_http_url(url);
  if (!parsed.ok()) return parsed.status();
  if (parsed->target != "/") {
    return invalid_argument("the address of an edge is http://host:port, without \"" +
                            parsed->target + "\"");
  }
  return EdgeClient(std::string(url), HttpClient(parsed->host, parsed->port), clock);
}

Result<EdgeExchange> EdgeClient::infer(const InferRequest& request,
                                       std::span<const NamedTensorView> tensors,
                                       std::chrono::nanoseconds timeout) {
  EdgeExchange exchange;
  const std::int64_t begin_ns = clock_->now_ns();
  EncodeOptions options;
  options.clock = clock_;
  TINYSPLIT_RETURN_IF_ERROR(encode_frame(request, tensors, options, frame_));
  exchange.encode_s = seconds_between(begin_ns, clock_->now_ns());

  TINYSPLIT_ASSIGN_OR_RETURN(
      const HttpExchange http,
      http_.request("POST", "/v1/infer", kFrameContentType, frame_, timeout));
  exchange.bytes_up = http.bytes_sent;
  exchange.bytes_down = http.bytes_received;
  exchange.round_trip_s = http.seconds;
  exchange.connected = http.connected;
  if (http.response.status != 200) {
    return status_of_error_answer(http.response.status, http.response.content_type,
                                  http.response.body)
        .with_context(url_);
  }
  const std::int64_t received_ns = clock_->now_ns();
  Result<InferReply> reply = decode_infer_reply(http.response.body);
  if (!reply.ok()) {
    http_.close();
    return reply.status().with_context(url_ + " answered with no valid reply");
  }
  exchange.decode_s = seconds_between(received_ns, clock_->now_ns());
  if (reply->id != request.id) {
    http_.close();
    return data_loss(url_ + " answered request " + std::to_string(reply->id) + " in the place of " +
                     std::to_string(request.id) + "; its answer is discarded");
  }
  TINYSPLIT_RETURN_IF_ERROR(check_digest(request.model, request.model_digest, reply->model_digest));
  exchange.reply = std::move(*reply);
  return exchange;
}

Result<EdgeModelInfo> EdgeClient::model_info(const std::string& model,
                                             std::chrono::nanoseconds timeout) {
  const std::string target = "/v1/models/" + model;
  TINYSPLIT_ASSIGN_OR_RETURN(const HttpExchange http, http_.get(target, timeout));
  if (http.response.status != 200) {
    return status_of_error_answer(http.response.status, http.response.content_type,
                                  http.response.body)
        .with_context(url_);
  }
  return parse_model_info(http.response.body, url_ + target);
}

Status check_digest(std::string_view model, std::string_view device_digest,
                    std::string_view edge_digest) {
  if (device_digest == edge_digest) return ok_status();
  return failed_precondition(
      "model \"" + std::string(model) + "\" has digest " +
      std::string(device_digest.substr(0, kShownDigestDigits)) + " on the device and " +
      std::string(edge_digest.substr(0, kShownDigestDigits)) +
      " on the edge: both sides must hold the same model, copy its file to the other side");
}

}  // namespace tinysplit
