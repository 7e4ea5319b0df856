#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/limits.h"
#include "core/status.h"
#include "net/http_message.h"

namespace tinysplit {

struct HttpUrl {
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 80;
  std::string target = "/";  // path and query
};

// "http://host[:port][/path][?query]". Errors: INVALID_ARGUMENT.
Result<HttpUrl> parse_http_url(std::string_view url);

struct HttpClientOptions {
  std::size_t max_header_bytes = limits::kMaxHeaderBytes;
  std::size_t max_response_bytes = limits::kMaxBodyBytes;
};

struct HttpExchange {
  HttpResponse response;
  std::uint64_t bytes_sent = 0;      // head and body of the request
  std::uint64_t bytes_received = 0;  // head and body of the response
  // Whether this exchange had to open the connection first; over a real network it is then slower
  // by a round trip, and says less about the link's rate.
  bool connected = false;
  // From the first byte sent to the last received, without connecting.
  double seconds = 0;
};

// A blocking HTTP/1.1 client of one server that keeps its connection open. Not thread-safe: one per
// thread. Movable.
//
// A kept connection may have been closed by the server meanwhile. If it fails before any byte of
// the response, the request is sent once more over a new one; so requests should be idempotent
// (inferences are: they carry an id and change nothing but statistics).
class HttpClient {
 public:
  HttpClient(std::string host, std::uint16_t port, HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  // `timeout` bounds connecting, sending and receiving together; a host name is looked up once,
  // before, within the time limits of the system's resolver. `body` is not copied. Any complete
  // response is a value, whatever its status. Errors: DEADLINE_EXCEEDED, UNAVAILABLE (no such host,
  // refused, closed), DATA_LOSS (not HTTP), OUT_OF_RANGE (response too large), INVALID_ARGUMENT
  // (control characters in an argument). The connection is closed after an error.
  Result<HttpExchange> request(std::string_view method, std::string_view target,
                               std::string_view content_type, std::string_view body,
                               std::chrono::nanoseconds timeout);
  Result<HttpExchange> get(std::string_view target, std::chrono::nanoseconds timeout) {
    return request("GET", target, {}, {}, timeout);
  }

  bool is_connected() const;
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tinysplit
