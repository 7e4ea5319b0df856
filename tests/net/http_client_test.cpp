#include "net/http_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>

#include "bounded_wait.h"
#include "net/http_server.h"
#include "raw_socket.h"

namespace tinysplit {
namespace {

using namespace std::chrono_literals;

constexpr auto kPlenty = 30s;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A server that follows a script on a thread of its own.
template <typename Script>
class ScriptedServer {
 public:
  explicit ScriptedServer(Script script)
      : listener_(RawSocket::listen()), thread_([this, script] { script(listener_); }) {}
  // A script whose client never came waits no longer.
  ~ScriptedServer() {
    listener_.shutdown();
    thread_.join();
  }
  std::uint16_t port() const { return listener_.port(); }

 private:
  RawSocket listener_;
  std::thread thread_;
};

// Answers the first request of the next connection with `answer`, then closes.
auto answer_once(std::string answer) {
  return [answer](const RawSocket& listener) {
    const RawSocket socket = listener.accept();
    socket.receive_until("\r\n\r\n");
    socket.send(answer);
  };
}

Status error_of(const std::string& answer, HttpClientOptions options = {}) {
  const ScriptedServer server(answer_once(answer));
  HttpClient client("127.0.0.1", server.port(), options);
  const Status status = client.get("/", kPlenty).status();
  EXPECT_FALSE(client.is_connected());
  return status;
}

TEST(HttpClient, CountsTheBytesOnTheWireAndKeepsItsConnection) {
  std::uint64_t seen_bytes = 0;
  const auto server = HttpServer::listen({}, [&](HttpRequest&& request, HttpResponder respond) {
    seen_bytes = request.wire_bytes;
    respond({.content_type = request.content_type,
             .body = std::move(request.body),
             .headers = {{"X-Target", request.target}}});
  });
  ASSERT_TRUE(server.ok());
  HttpClient client("127.0.0.1", (*server)->port());
  EXPECT_FALSE(client.is_connected());
  for (int i = 0; i < 5; ++i) {
    const std::string body(std::size_t(i) * 200'000, 'b');
    const Result<HttpExchange> done = client.request("POST", "/t?a=1", "text/x", body, kPlenty);
    ASSERT_TRUE(done.ok()) << done.status().to_string();
    EXPECT_EQ(done->response.status, 200);
    EXPECT_EQ(done->response.content_type, "text/x");
    EXPECT_TRUE(done->response.body == body);
    EXPECT_EQ(done->bytes_sent, seen_bytes);
    EXPECT_GT(done->bytes_received, body.size());
    EXPECT_EQ(done->connected, i == 0);
    EXPECT_TRUE(client.is_connected());
    const auto& headers = done->response.headers;
    EXPECT_NE(std::ranges::find(headers, std::pair<std::string, std::string>("X-Target", "/t?a=1")),
              headers.end());
  }
  EXPECT_EQ((*server)->num_connections(), 1u);
}

TEST(HttpClient, CountsExactlyWhatAServerSends) {
  const std::string answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc";
  const ScriptedServer server(answer_once(answer));
  HttpClient client("127.0.0.1", server.port());
  const Result<HttpExchange> done = client.get("/", kPlenty);
  ASSERT_TRUE(done.ok()) << done.status().to_string();
  EXPECT_EQ(done->response.status, 404);
  EXPECT_EQ(done->bytes_received, answer.size());
}

TEST(HttpClient, SendsHeadAndBodyTogetherAsHttpWants) {
  std::promise<std::string> seen;
  const ScriptedServer server([&](const RawSocket& listener) {
    const RawSocket socket = listener.accept();
    seen.set_value(socket.receive_until("body"));
    socket.send("HTTP/1.1 204 No Content\r\n\r\n");
  });
  HttpClient client("127.0.0.1", server.port());
  const Result<HttpExchange> done =
      client.request("POST", "/p", "application/cbor", "body", kPlenty);
  ASSERT_TRUE(done.ok()) << done.status().to_string();
  const std::string expected =
      "POST /p HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
      "\r\nContent-Type: application/cbor\r\nContent-Length: 4\r\n\r\nbody";
  EXPECT_EQ(get_in_time(seen), expected);
  EXPECT_EQ(done->bytes_sent, expected.size());
}

TEST(HttpClient, ReconnectsWhenTheKeptConnectionWasClosed) {
  const ScriptedServer server([](const RawSocket& listener) {
    for (int i = 0; i < 3; ++i)
      answer_once("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(listener);
  });
  HttpClient client("127.0.0.1", server.port());
  for (int i = 0; i < 3; ++i) {
    const Result<HttpExchange> done = client.get("/", kPlenty);
    ASSERT_TRUE(done.ok()) << done.status().to_string();
    EXPECT_TRUE(done->connected);
  }
}

// The close crosses the request on its way.
TEST(HttpClient, SendsOnceMoreWhenTheKeptConnectionFailsBeforeAnyByte) {
  const ScriptedServer server([](const RawSocket& listener) {
    {
      const RawSocket kept = listener.accept();
      kept.receive_until("\r\n\r\n");
      kept.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
      kept.receive_until("\r\n\r\n");
    }
    answer_once("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")(listener);
  });
  HttpClient client("127.0.0.1", server.port());
  ASSERT_EQ(client.get("/", kPlenty)->response.body, "1");
  const Result<HttpExchange> second = client.get("/", kPlenty);
  ASSERT_TRUE(second.ok()) << second.status().to_string();
  EXPECT_EQ(second->response.body, "2");
  EXPECT_TRUE(second->connected);
}

TEST(HttpClient, DoesNotSendAgainOnceTheAnswerHasBegun) {
  const ScriptedServer server([](const RawSocket& listener) {
    const RawSocket kept = listener.accept();
    kept.receive_until("\r\n\r\n");
    kept.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
    kept.receive_until("\r\n\r\n");
    kept.send("HTTP/1.1 2");
  });
  HttpClient client("127.0.0.1", server.port());
  ASSERT_TRUE(client.get("/", kPlenty).ok());
  const Status status = client.get("/", kPlenty).status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(has(status.message(), "closed before the answer was complete")) << status.message();
}

TEST(HttpClient, ClosesWhenTheServerWantsTo) {
  const ScriptedServer server(
      answer_once("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"));
  HttpClient client("127.0.0.1", server.port());
  EXPECT_EQ(client.get("/", kPlenty)->response.body, "ok");
  EXPECT_FALSE(client.is_connected());
}

TEST(HttpClient, ReadsABodyThatEndsWithTheConnectionAndSkipsInterimAnswers) {
  const ScriptedServer server(
      answer_once("HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
                  "HTTP/1.1 200 OK\r\n\r\nuntil the end"));
  HttpClient client("127.0.0.1", server.port());
  const Result<HttpExchange> done = client.get("/", kPlenty);
  ASSERT_TRUE(done.ok()) << done.status().to_string();
  EXPECT_EQ(done->response.body, "until the end");
}

TEST(HttpClient, GivesUpAtTheDeadline) {
  const RawSocket silent = RawSocket::listen();  // the kernel accepts, nobody answers
  HttpClient client("127.0.0.1", silent.port());
  for (const auto timeout : {20ms, 0ms, -5ms}) {
    const Status status = client.get("/", timeout).status();
    EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded) << status.to_string();
    EXPECT_TRUE(has(status.message(), "127.0.0.1:" + std::to_string(silent.port())));
    EXPECT_FALSE(client.is_connected());
  }
}

TEST(HttpClient, WorksAgainAfterADeadline) {
  std::promise<void> expired;
  const ScriptedServer server([&](const RawSocket& listener) {
    const RawSocket silent = listener.accept();
    get_in_time(expired);
    answer_once("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain")(listener);
  });
  HttpClient client("127.0.0.1", server.port());
  EXPECT_EQ(client.get("/", 10ms).status().code(), StatusCode::kDeadlineExceeded);
  expired.set_value();
  const Result<HttpExchange> done = client.get("/", kPlenty);
  ASSERT_TRUE(done.ok()) << done.status().to_string();
  EXPECT_EQ(done->response.body, "again");
}

TEST(HttpClient, SaysWhyThereIsNoAnswer) {
  std::uint16_t free_port = 0;
  {
    const RawSocket listener = RawSocket::listen();
    free_port = listener.port();
  }
  HttpClient nobody("127.0.0.1", free_port);
  const Status refused = nobody.get("/", kPlenty).status();
  EXPECT_EQ(refused.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(has(refused.message(), "cannot connect to 127.0.0.1:" + std::to_string(free_port)))
      << refused.message();

  EXPECT_EQ(error_of("").code(), StatusCode::kUnavailable);
  EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(error_of("SSH-2.0-OpenSSH\r\n\r\n").code(), StatusCode::kDataLoss);
  EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n").code(), StatusCode::kDataLoss);

  HttpClientOptions small;
  small.max_response_bytes = 10;
  small.max_header_bytes = 100;
  EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", small).code(),
            StatusCode::kOutOfRange);
  EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\n\r\n" + std::string(11, 'x'), small).code(),
            StatusCode::kOutOfRange);
  EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\nX: " + std::string(100, 'x') + "\r\n\r\n", small).code(),
            StatusCode::kOutOfRange);
}

TEST(HttpClient, RefusesWhatWouldSplitTheHead) {
  HttpClient client("127.0.0.1", 1);
  EXPECT_EQ(client.get("/ HTTP/1.1\r\nX: y", kPlenty).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(client.get("", kPlenty).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(client.request("GE T", "/", "", "", kPlenty).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(client.request("POST", "/", "a\nb", "", kPlenty).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(HttpClient, GetsTheAnswerOfAServerThatRefusesItsBody) {
  HttpServerOptions options;
  options.max_body_bytes = 100;
  const auto server =
      HttpServer::listen(options, [](HttpRequest&&, HttpResponder respond) { respond({}); });
  ASSERT_TRUE(server.ok());
  HttpClient client("127.0.0.1", (*server)->port());
  const Result<HttpExchange> done =
      client.request("POST", "/", "x/y", std::string(5'000'000, 'x'), kPlenty);
  ASSERT_TRUE(done.ok()) << done.status().to_string();
  EXPECT_EQ(done->response.status, 413);
}

TEST(HttpUrl, SplitsIntoItsParts) {
  struct Case {
    const char* text;
    const char* host;
    std::uint16_t port;
    const char* target;
  };
  const Case cases[] = {{"http://127.0.0.1:8080", "127.0.0.1", 8080, "/"},
                        {"http://edge.local/v1/infer?x=1#top", "edge.local", 80, "/v1/infer?x=1"},
                        {"http://edge?x", "edge", 80, "/?x"},
                        {"http://[::1]:9/a", "::1", 9, "/a"},
                        {"http://[::1]", "::1", 80, "/"}};
  for (const Case& good : cases) {
    const Result<HttpUrl> url = parse_http_url(good.text);
    ASSERT_TRUE(url.ok()) << good.text << " " << url.status().to_string();
    EXPECT_EQ(url->host, good.host);
    EXPECT_EQ(url->port, good.port);
    EXPECT_EQ(url->target, good.target);
  }
  for (const char* bad : {"", "127.0.0.1:80", "https://a", "http://", "http://:80",
                          "http://a:", "http://a:0", "http://a:65536", "http://a:8x", "http://u@a",
                          "http://[::1", "http://[::1]x", "http://a b", "http://a/\n"}) {
    EXPECT_EQ(parse_http_url(bad).status().code(), StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace tinysplit
