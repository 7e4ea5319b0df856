#pragma once

#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "net/http_server.h"

// Inside of the HTTP server; not for other folders.
namespace tinysplit {

class HttpConnection;

// What the server, its connections and the responders that are still out share. A responder keeps
// it alive, so that it may be called when the server is gone: its answer then goes nowhere.
struct HttpServerCore : std::enable_shared_from_this<HttpServerCore> {
  HttpServerOptions options;
  HttpHandler handler;
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> held_body_bytes{0};  // of requests that are not answered yet

  std::mutex mutex;
  std::condition_variable changed;
  std::set<HttpConnection*> connections;  // by mutex

  // Last, so that it is destroyed first: suspended coroutines end with it, and they use the rest.
  boost::asio::io_context io;

  // False if the server is full or stopping.
  bool add(HttpConnection* connection);
  void remove(HttpConnection* connection);
};

// The bytes of one request's body as they count against the server's limit, until it is answered.
class HeldBody {
 public:
  explicit HeldBody(HttpServerCore& core) : core_(core) {}
  HeldBody(const HeldBody&) = delete;
  ~HeldBody() { core_.held_body_bytes -= bytes_; }

  // False if the server holds too much already.
  bool grow_to(std::size_t bytes) {
    const std::size_t more = bytes - bytes_;
    bytes_ = bytes;
    return core_.held_body_bytes.fetch_add(more) + more <= core_.options.max_held_body_bytes;
  }

 private:
  HttpServerCore& core_;
  std::size_t bytes_ = 0;
};

// One client's connection. All of it but the constructor runs on the strand of its socket. A
// responder may keep the object, never the coroutine, alive for longer than the core's io_context.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(HttpServerCore& core, boost::asio::ip::tcp::socket socket);

  // Serves requests until either side has had enough.
  boost::asio::awaitable<void> run();
  // Answers 503 and closes.
  boost::asio::awaitable<void> reject();

  // Thread-safe: ends the connection now if it is idle, else after the answer to its request.
  void finish();
  // Thread-safe: closes the socket now; the future tells when that is done.
  std::future<void> abort();
  // Thread-safe: hands over the answer that run() waits for.
  void deliver(HttpResponse response);

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  // What reading one request came to: a request, or an answer that ends the connection, or neither.
  struct Incoming {
    std::optional<HttpRequest> request;
    std::optional<HttpResponse> refusal;
    unsigned version = 11;
    bool is_head = false;
    bool keep_alive = false;
  };

  boost::asio::awaitable<bool> wait_for_first_byte();
  boost::asio::awaitable<Incoming> read_request(HeldBody& held);
  boost::asio::awaitable<std::optional<HttpResponse>> read_head(Parser& parser);
  boost::asio::awaitable<std::optional<HttpResponse>> read_body(Parser& parser, HeldBody& held);
  boost::asio::awaitable<std::optional<HttpResponse>> answer_expectation(const Parser& parser);
  boost::asio::awaitable<HttpResponse> handle(HttpRequest request);
  boost::asio::awaitable<bool> write(const Incoming& incoming, HttpResponse response);
  boost::asio::awaitable<void> linger();
  std::optional<HttpResponse> refusal_of(boost::system::error_code error);

  HttpServerCore& core_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  boost::asio::steady_timer answered_;  // cancelled when response_ is there
  std::optional<HttpResponse> response_;
  std::string remote_;
  std::uint64_t wire_bytes_ = 0;
  std::chrono::steady_clock::time_point begin_;  // first byte of the request
  bool idle_ = false;
  bool finishing_ = false;
};

}  // namespace tinysplit
