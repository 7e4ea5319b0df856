#include "net/http_connection.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "net/asio.h"
#include "net/http_text.h"

namespace tinysplit {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using TimerClock = std::chrono::steady_clock;
using ErrorCode = boost::system::error_code;

// Read at once between requests; Beast reads bodies in pieces of at most 64 KiB.
constexpr std::size_t kRequestReadBytes = 4096;
constexpr std::size_t kBodyReadBytes = 64 << 10;

// A client that was refused may still be sending. Closing at once would reset the connection and
// take the answer away from it, so that much is read and thrown away first (RFC 9112 section 9.6).
constexpr std::size_t kLingerBytes = std::size_t{8} << 20;
constexpr std::chrono::seconds kLingerTime{2};

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// The origin-form of a target (RFC 9112 section 3.2): "http://host/path" becomes "/path".
std::string_view origin_form(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  if (!target.starts_with(kScheme)) return target;
  const std::size_t path = target.find('/', kScheme.size());
  return path == std::string_view::npos ? "/" : target.substr(path);
}

// Sends 500 when the handler forgets to answer. Every copy of a responder shares one of these.
class ResponderState {
 public:
  ResponderState(std::shared_ptr<HttpServerCore> core, std::shared_ptr<HttpConnection> connection)
      : core_(std::move(core)), connection_(std::move(connection)) {}
  ResponderState(const ResponderState&) = delete;
  ~ResponderState() { respond(json_error(500, "the request was dropped without an answer")); }

  void respond(HttpResponse response) {
    if (!done_.exchange(true)) connection_->deliver(std::move(response));
  }

 private:
  std::shared_ptr<HttpServerCore> core_;  // outlives connection_, whose socket needs its io_context
  std::shared_ptr<HttpConnection> connection_;
  std::atomic<bool> done_{false};
};

HttpResponder make_responder(std::shared_ptr<HttpServerCore> core,
                             std::shared_ptr<HttpConnection> connection) {
  auto state = std::make_shared<ResponderState>(std::move(core), std::move(connection));
  return [state = std::move(state)](HttpResponse response) { state->respond(std::move(response)); };
}

// False if a field of the response would break the head, or a status that is not a final one.
bool is_well_formed(const HttpResponse& response) {
  return response.status >= 200 && response.status <= 599 &&
         is_http_field_value(response.content_type) &&
         std::ranges::all_of(response.headers, [](const auto& field) {
           return is_http_token(field.first) && is_http_field_value(field.second);
         });
}

}  // namespace

HttpConnection::HttpConnection(HttpServerCore& core, asio::ip::tcp::socket socket)
    : core_(core),
      stream_(std::move(socket)),
      buffer_(std::max(core.options.max_header_bytes, kRequestReadBytes) + kBodyReadBytes),
      answered_(stream_.get_executor(), TimerClock::time_point::max()) {
  ErrorCode error;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), error);
  const auto endpoint = stream_.socket().remote_endpoint(error);
  if (!error) remote_ = host_and_port(endpoint.address().to_string(), endpoint.port());
}

void HttpConnection::finish() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    self->finishing_ = true;
    if (self->idle_) self->stream_.cancel();
  });
}

std::future<void> HttpConnection::abort() {
  return asio::post(stream_.get_executor(), asio::use_future([self = shared_from_this()] {
                      self->finishing_ = true;
                      self->stream_.close();
                    }));
}

void HttpConnection::deliver(HttpResponse response) {
  asio::post(stream_.get_executor(),
             [self = shared_from_this(), response = std::move(response)]() mutable {
               self->response_ = std::move(response);
               self->answered_.cancel();
             });
}

asio::awaitable<void> HttpConnection::run() {
  while (!finishing_) {
    if (buffer_.size() == 0) {
      const bool arrived = co_await wait_for_first_byte();
      if (!arrived) break;
    }
    HeldBody held(core_);
    Incoming incoming = co_await read_request(held);
    if (!incoming.request && !incoming.refusal) break;
    HttpResponse response;
    if (incoming.refusal) {
      response = std::move(*incoming.refusal);
    } else {
      response = co_await handle(std::move(*incoming.request));
    }
    incoming.keep_alive = incoming.keep_alive && !finishing_;
    const bool written = co_await write(incoming, std::move(response));
    if (!written) break;
    if (!incoming.keep_alive) {
      co_await linger();
      break;
    }
  }
  stream_.close();
}

asio::awaitable<void> HttpConnection::reject() {
  const Incoming nothing;
  HttpResponse response = json_error(503, "the server has too many connections, try again later");
  const bool written = co_await write(nothing, std::move(response));
  if (written) co_await linger();
  stream_.close();
}

asio::awaitable<bool> HttpConnection::wait_for_first_byte() {
  idle_ = true;
  stream_.expires_after(core_.options.idle_timeout);
  const auto [error, count] =
      co_await stream_.async_read_some(buffer_.prepare(kRequestReadBytes), kAwait);
  idle_ = false;
  if (error) co_return false;
  buffer_.commit(count);
  co_return true;
}

std::optional<HttpResponse> HttpConnection::refusal_of(ErrorCode error) {
  if (error == http::error::body_limit) {
    return json_error(413, "the body is too large, at most " +
                               std::to_string(core_.options.max_body_bytes) + " bytes are allowed");
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return json_error(431, "the request's head is too large, at most " +
                               std::to_string(core_.options.max_header_bytes) +
                               " bytes are allowed");
  }
  // After a timeout the stream is closed already: nothing can be said any more.
  const bool is_gone = error == http::error::end_of_stream || error == http::error::partial_message;
  if (is_gone || error.category() != make_error_code(http::error::bad_method).category()) {
    return std::nullopt;
  }
  return json_error(400, "the request is not well-formed HTTP/1.1: " + error.message());
}

asio::awaitable<HttpConnection::Incoming> HttpConnection::read_request(HeldBody& held) {
  Incoming incoming;
  begin_ = TimerClock::now();
  wire_bytes_ = 0;
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(core_.options.max_header_bytes));
  parser.body_limit(core_.options.max_body_bytes);
  incoming.refusal = co_await read_head(parser);
  if (!incoming.refusal && parser.is_header_done()) {
    incoming.refusal = co_await answer_expectation(parser);
    if (!incoming.refusal && !parser.is_done()) incoming.refusal = co_await read_body(parser, held);
  }
  if (incoming.refusal || !parser.is_done()) co_return incoming;

  auto& message = parser.get();
  incoming.version = message.version();
  incoming.keep_alive = message.keep_alive();
  incoming.is_head = message.method() == http::verb::head;
  HttpRequest request;
  request.method = incoming.is_head ? "GET" : std::string(view(message.method_string()));
  request.target = origin_form(view(message.target()));
  const std::size_t question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = request.target.substr(question + 1);
  request.content_type = view(message[http::field::content_type]);
  request.accept = view(message[http::field::accept]);
  request.authorization = view(message[http::field::authorization]);
  request.body = std::move(message.body());
  request.remote = remote_;
  request.wire_bytes = wire_bytes_;
  request.receive_s = std::chrono::duration<double>(TimerClock::now() - begin_).count();
  incoming.request = std::move(request);
  co_return incoming;
}

asio::awaitable<std::optional<HttpResponse>> HttpConnection::read_head(Parser& parser) {
  stream_.expires_after(core_.options.header_timeout);
  const auto [error, count] = co_await http::async_read_header(stream_, buffer_, parser, kAwait);
  wire_bytes_ += count;
  if (error) co_return refusal_of(error);
  const auto& message = parser.get();
  if (message.version() >= 11 && message.find(http::field::host) == message.end()) {
    co_return json_error(400, "the request has no Host field");
  }
  const auto encoding = message.find(http::field::content_encoding);
  if (encoding != message.end() && !beast::iequals(encoding->value(), "identity")) {
    HttpResponse refusal = json_error(
        415, "the body has a Content-Encoding, which is not supported; send it as it is");
    refusal.headers.emplace_back("Accept-Encoding", "identity");  // RFC 9110 section 12.5.3
    co_return refusal;
  }
  co_return std::nullopt;
}

asio::awaitable<std::optional<HttpResponse>> HttpConnection::answer_expectation(
    const Parser& parser) {
  const auto& message = parser.get();
  const auto expect = message.find(http::field::expect);
  if (expect == message.end() || message.version() < 11) co_return std::nullopt;
  if (!beast::iequals(expect->value(), "100-continue")) {
    co_return json_error(417, "the only expectation that is met is 100-continue");
  }
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  stream_.expires_after(core_.options.stall_timeout);
  // If this fails, reading the body fails as well.
  co_await asio::async_write(stream_, asio::buffer(kContinue), kAwait);
  co_return std::nullopt;
}

asio::awaitable<std::optional<HttpResponse>> HttpConnection::read_body(Parser& parser,
                                                                       HeldBody& held) {
  const auto deadline = begin_ + core_.options.request_timeout;
  while (!parser.is_done()) {
    stream_.expires_at(std::min(deadline, TimerClock::now() + core_.options.stall_timeout));
    const auto [error, count] = co_await http::async_read_some(stream_, buffer_, parser, kAwait);
    wire_bytes_ += count;
    if (error) co_return refusal_of(error);
    // What has come, not what was announced: claims alone must not keep others out.
    if (!held.grow_to(parser.get().body().size())) {
      co_return json_error(503, "the server holds too many requests, try again later");
    }
  }
  co_return std::nullopt;
}

asio::awaitable<HttpResponse> HttpConnection::handle(HttpRequest request) {
  response_.reset();
  answered_.expires_at(TimerClock::time_point::max());
  const std::string path = request.path;
  // The core is kept alive by whoever runs this coroutine; the responder needs a share of its own.
  HttpResponder responder = make_responder(core_.shared_from_this(), shared_from_this());
  try {
    core_.handler(std::move(request), responder);
  } catch (const std::exception& error) {
    spdlog::error("the handler of {} failed: {}", path, error.what());
    responder(json_error(500, "internal error"));
  }
  responder = nullptr;
  while (!response_) co_await answered_.async_wait(kAwait);
  HttpResponse response = std::move(*response_);
  if (!is_well_formed(response)) {
    spdlog::error("the answer to {} has a status or a field that HTTP does not allow", path);
    response = json_error(500, "internal error");
  }
  co_return response;
}

asio::awaitable<bool> HttpConnection::write(const Incoming& incoming, HttpResponse response) {
  http::response<http::string_body> message(static_cast<http::status>(response.status),
                                            incoming.version);
  message.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.keep_alive(incoming.keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  if (incoming.is_head) message.body().clear();  // the length stays in the head
  http::response_serializer<http::string_body> serializer(message);
  while (!serializer.is_done()) {
    stream_.expires_after(core_.options.stall_timeout);
    const auto [error, count] = co_await http::async_write_some(stream_, serializer, kAwait);
    if (error) co_return false;
  }
  co_return true;
}

asio::awaitable<void> HttpConnection::linger() {
  ErrorCode ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(kLingerTime);
  buffer_.clear();
  for (std::size_t dropped = 0; dropped < kLingerBytes && !finishing_;) {
    const auto [error, count] =
        co_await stream_.async_read_some(buffer_.prepare(kBodyReadBytes), kAwait);
    if (error) co_return;
    dropped += count;
  }
}

}  // namespace tinysplit
