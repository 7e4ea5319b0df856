#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/limits.h"
#include "core/status.h"
#include "net/http_message.h"

namespace tinysplit {

// Gives the answer to one request, from any thread, at any time, even after the server is gone.
// Only the first call counts. If every copy is destroyed without a call, the client gets a 500.
using HttpResponder = std::function<void(HttpResponse)>;

// Runs on an I/O thread of the server and must not block: long work goes to a thread of its own,
// which then calls the responder. May be called by several I/O threads at once. An exception gives
// a 500.
using HttpHandler = std::function<void(HttpRequest&&, HttpResponder)>;

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  int io_threads = 1;
  std::size_t max_header_bytes = limits::kMaxHeaderBytes;
  std::size_t max_body_bytes = limits::kMaxBodyBytes;
  std::size_t max_held_body_bytes = limits::kMaxHeldBodyBytes;
  std::size_t max_connections = limits::kMaxConnections;
  std::chrono::milliseconds idle_timeout{60'000};      // of a connection between two requests
  std::chrono::milliseconds header_timeout{10'000};    // from the first byte of a head to its last
  std::chrono::milliseconds stall_timeout{30'000};     // without a byte of body or response moving
  std::chrono::milliseconds request_timeout{300'000};  // from the first byte of a head to the last
                                                       // of the body
};

// HTTP/1.1 (RFC 9110, 9112) with keep-alive, pipelining (answered in order) and 100-continue.
// Errors that the server finds itself are answered with {"message": "..."}: 400 malformed, 413 body
// too large, 417 unknown expectation, 431 head too large, 503 too many connections or too many
// bytes of bodies at once. Clients that are too slow are cut off. Answers carry no Date field: on a
// slow link every byte of a small answer counts. Thread-safe.
class HttpServer {
 public:
  // Binds, listens and starts to serve on threads of its own. Errors: UNAVAILABLE naming the
  // address (in use, not of this machine, not permitted), INVALID_ARGUMENT (not an address or host
  // name).
  static Result<std::unique_ptr<HttpServer>> listen(const HttpServerOptions& options,
                                                    HttpHandler handler);
  // The two halves of listen(), for what takes long to get ready: after bind() the address is known
  // to be free, and clients may connect, but they wait until serve(), which is called once.
  static Result<std::unique_ptr<HttpServer>> bind(const HttpServerOptions& options);
  void serve(HttpHandler handler);
  // stop() without grace.
  ~HttpServer();

  std::uint16_t port() const;
  std::string address() const;  // "127.0.0.1:8080", "[::1]:8080"
  std::size_t num_connections() const;

  // Stops accepting, lets requests that have begun finish for up to `grace`, then closes everything
  // and returns. Not to be called from the handler. The second call does nothing.
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds{0});

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tinysplit
