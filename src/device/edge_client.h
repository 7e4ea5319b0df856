#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/status.h"
#include "graph/analytics.h"
#include "net/http_client.h"
#include "wire/frames.h"

namespace tinysplit {

// What an edge tells about one of its models.
struct EdgeModelInfo {
  std::string name;
  std::string digest;   // SHA-256 in hexadecimal
  Analytics analytics;  // times measured on the edge
};

// A request for inference and its reply, with what it took. Times of the device are of its own
// clock, those inside `reply` of the edge's: only differences of one clock are ever taken.
struct EdgeExchange {
  InferReply reply;
  std::uint64_t bytes_up = 0;  // of HTTP, head and body
  std::uint64_t bytes_down = 0;
  double encode_s = 0;      // request to bytes
  double round_trip_s = 0;  // first byte sent to last received
  double decode_s = 0;      // bytes to reply
  // The connection was opened for this exchange: over a network with a handshake the time says
  // nothing about the link.
  bool connected = false;

  // The round trip without what the edge reports as its own; not negative.
  double link_s() const;
};

// The device's end of the protocol (docs/protocol.md) over HTTP/1.1, on one connection that is
// kept. Not thread-safe.
class EdgeClient {
 public:
  // `url`: "http://host[:port]". Does not connect yet. `clock` must outlive the client.
  // Errors: INVALID_ARGUMENT.
  static Result<EdgeClient> create(std::string_view url,
                                   const Clock& clock = SteadyClock::instance());

  // Sends `request` with `tensors` in the place of its own, and waits for the reply.
  // Errors: those of HttpClient (DEADLINE_EXCEEDED, UNAVAILABLE, ...); those that the edge answers;
  // FAILED_PRECONDITION (edge and device hold different models); DATA_LOSS (the reply is to another
  // request). A connection whose answer is late or unfit is closed, so that it can never be taken
  // for the answer to the next request.
  Result<EdgeExchange> infer(const InferRequest& request, std::span<const NamedTensorView> tensors,
                             std::chrono::nanoseconds timeout);

  // Errors: those of HttpClient, NOT_FOUND (no such model there), INVALID_ARGUMENT (a malformed
  // answer).
  Result<EdgeModelInfo> model_info(const std::string& model, std::chrono::nanoseconds timeout);

  const std::string& url() const { return url_; }
  bool is_connected() const { return http_.is_connected(); }
  void close() { http_.close(); }

 private:
  EdgeClient(std::string url, HttpClient http, const Clock& clock);

  std::string url_;
  HttpClient http_;
  const Clock* clock_;
  std::string frame_;  // reused: after the first request encoding allocates nothing
};

// Errors: FAILED_PRECONDITION that says what to do, unless both digests are equal.
Status check_digest(std::string_view model, std::string_view device_digest,
                    std::string_view edge_digest);

}  // namespace tinysplit
