#include "net/http_client.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <optional>

#include "net/asio.h"
#include "net/endpoint.h"
#include "net/http_text.h"

namespace tinysplit {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using TimerClock = std::chrono::steady_clock;
using ErrorCode = boost::system::error_code;
using Parser = http::response_parser<http::string_body>;

constexpr std::size_t kReplyReadBytes = 64 << 10;

HttpResponse take_response(Parser& parser) {
  auto& message = parser.get();
  HttpResponse response;
  response.status = static_cast<int>(message.result_int());
  response.content_type = std::string(message[http::field::content_type]);
  for (const auto& field : message) {
    if (field.name() == http::field::content_type) continue;
    response.headers.emplace_back(field.name_string(), field.value());
  }
  response.body = std::move(message.body());
  return response;
}

}  // namespace

struct HttpClient::Impl {
  Impl(std::string to_host, std::uint16_t to_port, HttpClientOptions with)
      : host(std::move(to_host)),
        port(to_port),
        options(with),
        buffer(with.max_header_bytes + kReplyReadBytes) {}

  Status write_head(std::string_view method, std::string_view target, std::string_view content_type,
                    std::size_t body_bytes);
  bool is_stale();
  void close();
  asio::awaitable<ErrorCode> connect();
  asio::awaitable<ErrorCode> send_and_receive(std::string_view body, bool is_head);
  asio::awaitable<ErrorCode> receive(bool is_head);
  asio::awaitable<void> exchange(std::string_view body, bool is_head);
  Status status_of(ErrorCode error) const;

  std::string host;
  std::uint16_t port;
  HttpClientOptions options;
  asio::io_context io{1};
  tcp::socket socket{io};
  std::optional<tcp::endpoint> endpoint;
  beast::flat_buffer buffer;
  std::string head;

  // Of the exchange that runs.
  HttpExchange result;
  ErrorCode outcome;
  bool connecting = false;
  bool keep = false;
  bool expired = false;
};

Status HttpClient::Impl::write_head(std::string_view method, std::string_view target,
                                    std::string_view content_type, std::size_t body_bytes) {
  if (!is_http_token(method) || !is_http_target(target) || !is_http_field_value(content_type)) {
    return invalid_argument("the method, target or content type of the request to " +
                            host_and_port(host, port) +
                            " holds a character that HTTP does not allow");
  }
  head.clear();
  head.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ");
  head.append(host_and_port(host, port)).append("\r\n");
  if (!content_type.empty()) head.append("Content-Type: ").append(content_type).append("\r\n");
  if (body_bytes > 0 || (method != "GET" && method != "HEAD")) {
    head.append("Content-Length: ").append(std::to_string(body_bytes)).append("\r\n");
  }
  head.append("\r\n");
  return ok_status();
}

// Whether the server has closed the kept connection, or said something unasked. Seen before
// sending, it costs nothing; otherwise the failure of the exchange tells.
bool HttpClient::Impl::is_stale() {
  char byte = 0;
  const ssize_t count = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void HttpClient::Impl::close() {
  ErrorCode ignored;
  socket.close(ignored);
  buffer.clear();
}

asio::awaitable<ErrorCode> HttpClient::Impl::connect() {
  close();
  connecting = true;
  result.connected = true;
  const auto [error] = co_await socket.async_connect(*endpoint, kAwait);
  if (error) co_return error;
  connecting = false;
  ErrorCode ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  co_return ErrorCode();
}

asio::awaitable<ErrorCode> HttpClient::Impl::send_and_receive(std::string_view body, bool is_head) {
  result.bytes_sent = 0;
  result.bytes_received = 0;
  const auto begin = TimerClock::now();
  // One gathering write: a head in a segment of its own would cost a small packet on a slow link.
  const std::array<asio::const_buffer, 2> message = {asio::buffer(head),
                                                     asio::buffer(body.data(), body.size())};
  const auto [error, count] = co_await asio::async_write(socket, message, kAwait);
  result.bytes_sent = count;
  ErrorCode received = co_await receive(is_head);
  result.seconds = std::chrono::duration<double>(TimerClock::now() - begin).count();
  // A server may refuse and close before it has read all: its answer counts, not the failed write.
  if (error && received) co_return error;
  if (error) keep = false;
  co_return received;
}

asio::awaitable<ErrorCode> HttpClient::Impl::receive(bool is_head) {
  for (;;) {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
    parser.body_limit(options.max_response_bytes);
    parser.skip(is_head);
    const auto [error, count] = co_await http::async_read_header(socket, buffer, parser, kAwait);
    result.bytes_received += count + (error ? buffer.size() : 0);
    if (error) co_return error;
    if (parser.get().result_int() < 200) continue;  // interim, RFC 9110 section 15.2
    while (!parser.is_done()) {
      const auto [failure, more] = co_await http::async_read_some(socket, buffer, parser, kAwait);
      result.bytes_received += more;
      if (failure) co_return failure;
    }
    keep = parser.keep_alive() && buffer.size() == 0;
    result.response = take_response(parser);
    co_return ErrorCode();
  }
}

asio::awaitable<void> HttpClient::Impl::exchange(std::string_view body, bool is_head) {
  if (socket.is_open() && !expired && !is_stale()) {
    outcome = co_await send_and_receive(body, is_head);
    if (!outcome || result.bytes_received > 0) co_return;
  }
  // Once the time is up nothing would end a new connection.
  if (expired) co_return;
  outcome = co_await connect();
  if (!outcome) outcome = co_await send_and_receive(body, is_head);
}

Status HttpClient::Impl::status_of(ErrorCode error) const {
  const std::string where = host_and_port(host, port);
  if (connecting) {
    return unavailable("cannot connect to " + where + ": " + error.message());
  }
  if (error == http::error::body_limit) {
    return out_of_range("the answer of " + where + " is larger than " +
                        std::to_string(options.max_response_bytes) + " bytes");
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return out_of_range("the head of the answer of " + where + " is larger than " +
                        std::to_string(options.max_header_bytes) + " bytes");
  }
  const bool is_closed =
      error == http::error::end_of_stream || error == http::error::partial_message;
  if (!is_closed && error.category() == make_error_code(http::error::bad_method).category()) {
    return data_loss("the answer of " + where + " is not HTTP/1.1: " + error.message());
  }
  return unavailable("the connection to " + where + " failed: " +
                     (is_closed ? "closed before the answer was complete" : error.message()));
}

HttpClient::HttpClient(std::string host, std::uint16_t port, HttpClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(host), port, options)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

bool HttpClient::is_connected() const { return impl_->socket.is_open(); }
void HttpClient::close() { impl_->close(); }

Result<HttpExchange> HttpClient::request(std::string_view method, std::string_view target,
                                         std::string_view content_type, std::string_view body,
                                         std::chrono::nanoseconds timeout) {
  Impl& impl = *impl_;
  TINYSPLIT_RETURN_IF_ERROR(impl.write_head(method, target, content_type, body.size()));
  if (!impl.endpoint) {
    TINYSPLIT_ASSIGN_OR_RETURN(impl.endpoint, resolve(impl.io, impl.host, impl.port));
  }
  const auto deadline = TimerClock::now() + timeout;
  impl.result = {};
  impl.outcome = {};
  impl.connecting = impl.keep = impl.expired = false;
  bool done = false;
  impl.io.restart();
  asio::co_spawn(impl.io, impl.exchange(body, method == "HEAD"), [&](std::exception_ptr failure) {
    done = true;
    if (failure) impl.outcome = asio::error::no_memory;
  });
  impl.io.run_until(deadline);
  if (!done) {
    // Closing ends the pending operation, and with it the coroutine.
    const std::string step = impl.connecting ? "no connection to " : "no answer from ";
    impl.expired = true;
    impl.close();
    impl.io.restart();
    impl.io.run();
    impl.close();
    return deadline_exceeded(step + host_and_port(impl.host, impl.port) + " within " +
                             std::to_string(std::chrono::duration<double>(timeout).count()) + " s");
  }
  if (impl.outcome) {
    impl.close();
    return impl.status_of(impl.outcome);
  }
  if (!impl.keep) impl.close();
  return std::move(impl.result);
}

}  // namespace tinysplit
