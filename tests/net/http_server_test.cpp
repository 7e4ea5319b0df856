#include "net/http_server.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "bounded_wait.h"
#include "net/http_client.h"
#include "raw_socket.h"

namespace tinysplit {
namespace {

using namespace std::chrono_literals;

void echo(HttpRequest&& request, HttpResponder respond) {
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.path + "|" + request.query + "|" + request.body;
  respond(std::move(response));
}

std::unique_ptr<HttpServer> serve(HttpHandler handler = echo, HttpServerOptions options = {}) {
  Result<std::unique_ptr<HttpServer>> server = HttpServer::listen(options, std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status().to_string();
  return std::move(*server);
}

std::string talk(const HttpServer& server, std::string_view bytes) {
  const RawSocket socket = RawSocket::connect(server.port());
  socket.send(bytes);
  return socket.receive_all();
}

std::string post(std::string_view path, std::string_view body, std::string_view fields = "") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(fields) + "\r\n" + std::string(body);
}

bool has_text(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(HttpServer, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
  const auto server = serve();
  const RawSocket socket = RawSocket::connect(server->port());
  socket.send(post("/a", "1") + post("/b?q=2", "22") + post("/c", std::string(100'000, '3')));
  EXPECT_TRUE(socket.receive_response().ends_with("POST /a||1"));
  EXPECT_TRUE(socket.receive_response().ends_with("POST /b|q=2|22"));
  EXPECT_TRUE(socket.receive_response().ends_with("POST /c||" + std::string(100'000, '3')));
  socket.send(post("/d", ""));
  const std::string last = socket.receive_response();
  EXPECT_TRUE(last.starts_with("HTTP/1.1 200 OK\r\n")) << last;
  EXPECT_TRUE(has_text(last, "Content-Type: text/plain\r\n"));
}

TEST(HttpServer, ReadsARequestThatComesByteByByte) {
  const auto server = serve();
  const RawSocket socket = RawSocket::connect(server->port());
  for (const char c : post("/slow", "body")) socket.send(std::string_view(&c, 1));
  EXPECT_TRUE(socket.receive_response().ends_with("POST /slow||body"));
}

TEST(HttpServer, TellsTheHandlerWhatCameAndHowMuch) {
  std::promise<HttpRequest> seen;
  const auto server = serve([&](HttpRequest&& request, HttpResponder respond) {
    seen.set_value(std::move(request));
    respond({});
  });
  const std::string bytes = post(
      "/x", "abc", "Content-Type: application/cbor\r\nAccept: text/html\r\nConnection: close\r\n");
  EXPECT_TRUE(has_text(talk(*server, bytes), "Connection: close"));
  const HttpRequest request = get_in_time(seen);
  EXPECT_EQ(request.content_type, "application/cbor");
  EXPECT_EQ(request.accept, "text/html");
  EXPECT_EQ(request.wire_bytes, bytes.size());
  EXPECT_TRUE(request.remote.starts_with("127.0.0.1:")) << request.remote;
  EXPECT_GE(request.receive_s, 0);
}

TEST(HttpServer, HeadIsAGetWithoutBody) {
  const auto server = serve();
  const RawSocket socket = RawSocket::connect(server->port());
  socket.send("HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string head = socket.receive_response(false);
  EXPECT_TRUE(has_text(head, "Content-Length: 8\r\n")) << head;  // of "GET /h||"
  socket.send(post("/next", ""));
  EXPECT_TRUE(socket.receive_response().starts_with("HTTP/1.1 200"));
}

TEST(HttpServer, PassesMethodsThatItDoesNotKnow) {
  const auto server = serve();
  EXPECT_TRUE(talk(*server, "BREW /pot HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                  .ends_with("BREW /pot||"));
}

TEST(HttpServer, AcceptsAbsoluteFormAndChunksAndHttp10) {
  const auto server = serve();
  EXPECT_TRUE(talk(*server,
                   "POST http://x/abs?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
                  .ends_with("POST /abs|q|abcde"));
  EXPECT_TRUE(talk(*server, "GET /old HTTP/1.0\r\n\r\n").ends_with("GET /old||"));
}

TEST(HttpServer, MeetsTheExpectationOfContinue) {
  const auto server = serve();
  const RawSocket socket = RawSocket::connect(server->port());
  socket.send("POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(socket.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("ok");
  EXPECT_TRUE(socket.receive_response().ends_with("POST /e||ok"));
}

TEST(HttpServer, RefusesWhatIsWrongWithAJsonMessage) {
  HttpServerOptions options;
  options.max_body_bytes = 1000;
  options.max_header_bytes = 2000;
  const auto server = serve(echo, options);
  struct Case {
    std::string bytes;
    const char* status;
  };
  const std::string big(5000, 'x');
  const Case cases[] = {
      {"garbage\r\n\r\n", "400 Bad Request"},
      {std::string("\0\1\2\3\r\n\r\n", 8), "400 Bad Request"},
      {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
      {"GET / HTTP/3.1\r\nHost: x\r\n\r\n", "400 Bad Request"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400 Bad Request"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       "400 Bad Request"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
       "400 Bad Request"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400 Bad Request"},
      {post("/", big), "413 Payload Too Large"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n",
       "413 Payload Too Large"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" + big +
           "\r\n0\r\n\r\n",
       "413 Payload Too Large"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\nExpect: 100-continue\r\n\r\n",
       "413 Payload Too Large"},
      {"POST / HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nContent-Length: 2\r\n\r\n",
       "417 Expectation Failed"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b",
       "415 Unsupported Media Type"},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: " + big + "\r\n\r\n",
       "431 Request Header Fields Too Large"},
      {"GET /" + big + " HTTP/1.1\r\nHost: x\r\n\r\n", "431 Request Header Fields Too Large"},
  };
  for (const Case& wrong : cases) {
    const RawSocket socket = RawSocket::connect(server->port());
    socket.send(wrong.bytes);
    socket.shutdown_send();
    const std::string answer = socket.receive_all();
    EXPECT_TRUE(answer.starts_with(std::string("HTTP/1.1 ") + wrong.status)) << answer;
    EXPECT_TRUE(has_text(answer, "\r\n\r\n{\"message\": \"")) << answer;
    EXPECT_TRUE(has_text(answer, "Connection: close\r\n")) << answer;
  }
  EXPECT_TRUE(talk(*server, post("/", "fine", "Connection: close\r\n")).ends_with("fine"));
  const std::string plain = "Content-Encoding: identity\r\nConnection: close\r\n";
  EXPECT_TRUE(talk(*server, post("/", "fine", plain)).ends_with("fine"));
}

TEST(HttpServer, ARefusedClientGetsItsAnswerThoughItIsStillSending) {
  HttpServerOptions options;
  options.max_body_bytes = 1000;
  const auto server = serve(echo, options);
  const RawSocket socket = RawSocket::connect(server->port());
  EXPECT_TRUE(socket.send(post("/", std::string(4'000'000, 'x'))));
  EXPECT_TRUE(socket.receive_response().starts_with("HTTP/1.1 413"));
}

TEST(HttpServer, CutsOffClientsThatStall) {
  HttpServerOptions options;
  options.idle_timeout = options.header_timeout = options.stall_timeout = 50ms;
  const auto server = serve(echo, options);
  for (const char* start :
       {"", "GET / HTT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"}) {
    EXPECT_EQ(talk(*server, start), "") << start;  // returns, because the server closes
  }
}

TEST(HttpServer, BoundsTheTimeOfARequestThatTrickles) {
  HttpServerOptions options;
  options.request_timeout = 50ms;
  const auto server = serve(echo, options);
  const RawSocket socket = RawSocket::connect(server->port());
  socket.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
  EXPECT_EQ(socket.receive_response().substr(0, 12), "HTTP/1.1 413");
  const RawSocket trickling = RawSocket::connect(server->port());
  trickling.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n");
  while (trickling.send("x")) {
  }
  EXPECT_EQ(trickling.receive_all(), "");
}

TEST(HttpServer, AHandlerThatForgetsOrThrowsGivesA500) {
  const auto forgets = serve([](HttpRequest&&, HttpResponder) {});
  EXPECT_TRUE(talk(*forgets, post("/", "", "Connection: close\r\n")).starts_with("HTTP/1.1 500"));
  const auto throws =
      serve([](HttpRequest&&, HttpResponder) { throw std::runtime_error("secret"); });
  const std::string answer = talk(*throws, post("/", "", "Connection: close\r\n"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500")) << answer;
  EXPECT_FALSE(has_text(answer, "secret"));
}

TEST(HttpServer, OnlyTheFirstAnswerCounts) {
  const auto server = serve([](HttpRequest&&, HttpResponder respond) {
    respond({.body = "first"});
    respond({.body = "second"});
  });
  EXPECT_TRUE(talk(*server, post("/", "", "Connection: close\r\n")).ends_with("first"));
}

TEST(HttpServer, AnAnswerCannotSplitTheHead) {
  const auto server = serve([](HttpRequest&& request, HttpResponder respond) {
    if (request.path == "/field") respond({.headers = {{"X-Name", "a\r\nX-Evil: 1"}}});
    if (request.path == "/name") respond({.headers = {{"X Name", "a"}}});
    if (request.path == "/type") respond({.content_type = "a\nb"});
    if (request.path == "/status") respond({.status = 100});
  });
  for (const char* path : {"/field", "/name", "/type", "/status"}) {
    const std::string answer = talk(*server, post(path, "", "Connection: close\r\n"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 500")) << answer;
    EXPECT_FALSE(has_text(answer, "Evil"));
  }
}

TEST(HttpServer, ServesManyClientsAtOnce) {
  HttpServerOptions options;
  options.io_threads = 2;
  const auto server = serve(
      [](HttpRequest&& request, HttpResponder respond) {
        // Answers from other threads, in any order.
        std::thread([request = std::move(request), respond = std::move(respond)]() mutable {
          echo(std::move(request), std::move(respond));
        }).detach();
      },
      options);
  std::vector<std::future<int>> clients;
  for (int c = 0; c < 8; ++c) {
    clients.push_back(std::async(std::launch::async, [&server, c] {
      HttpClient client("127.0.0.1", server->port());
      int right = 0;
      for (int i = 0; i < 50; ++i) {
        const std::string body =
            std::string(std::size_t(i * 331), 'a') + std::to_string(c * 1000 + i);
        const Result<HttpExchange> done = client.request("POST", "/m", "text/plain", body, 30s);
        if (!done.ok()) break;
        right += done->response.body == "POST /m||" + body;
      }
      return right;
    }));
  }
  for (std::future<int>& client : clients) EXPECT_EQ(get_in_time(std::move(client)), 50);
}

TEST(HttpServer, RefusesConnectionsBeyondItsLimit) {
  HttpServerOptions options;
  options.max_connections = 2;
  const auto server = serve(echo, options);
  RawSocket first = RawSocket::connect(server->port());
  const RawSocket second = RawSocket::connect(server->port());
  for (const RawSocket& socket : {std::cref(first), std::cref(second)}) {
    socket.send(post("/", "in"));
    EXPECT_TRUE(socket.receive_response().ends_with("in"));
  }
  EXPECT_EQ(server->num_connections(), 2u);
  const std::string refused = talk(*server, post("/", "out"));
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503")) << refused;
  EXPECT_TRUE(has_text(refused, "message"));
  first.close();
  ASSERT_TRUE(holds_in_time([&] { return server->num_connections() < 2; }));
  EXPECT_TRUE(talk(*server, post("/", "in", "Connection: close\r\n")).ends_with("in"));
}

TEST(HttpServer, RefusesBodiesThatWouldNotFitIntoMemoryTogether) {
  HttpServerOptions options;
  options.max_held_body_bytes = 150'000;
  std::promise<HttpResponder> first;
  const auto server = serve(
      [&](HttpRequest&& request, HttpResponder respond) {
        if (request.path == "/first") return first.set_value(std::move(respond));
        echo(std::move(request), std::move(respond));
      },
      options);
  const RawSocket holding = RawSocket::connect(server->port());
  holding.send(post("/first", std::string(100'000, 'a')));
  HttpResponder respond = get_in_time(first);
  // Announced only, so not held.
  const RawSocket claiming = RawSocket::connect(server->port());
  claiming.send("POST /claim HTTP/1.1\r\nHost: x\r\nContent-Length: 120000\r\n\r\n");
  EXPECT_TRUE(talk(*server, post("/small", "b", "Connection: close\r\n")).ends_with("|b"));
  const std::string large = post("/large", std::string(100'000, 'c'), "Connection: close\r\n");
  EXPECT_TRUE(talk(*server, large).starts_with("HTTP/1.1 503"));
  respond(HttpResponse{});
  EXPECT_TRUE(holding.receive_response().starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(talk(*server, large).starts_with("HTTP/1.1 200"));
}

TEST(HttpServer, ClientsThatComeBeforeItServesAreServed) {
  const auto server = HttpServer::bind({}).value();
  const RawSocket early = RawSocket::connect(server->port());
  ASSERT_TRUE(early.is_open());
  ASSERT_TRUE(early.send(post("/early", "1")));
  server->serve(echo);
  EXPECT_TRUE(early.receive_response().ends_with("POST /early||1"));
}

TEST(HttpServer, IsGoneWithoutHavingServed) {
  std::uint16_t port = 0;
  {
    const auto server = HttpServer::bind({}).value();
    port = server->port();
  }
  EXPECT_FALSE(RawSocket::connect(port).is_open());
}

TEST(HttpServer, StopLetsTheRequestInFlightFinish) {
  std::promise<HttpResponder> arrived;
  const auto server =
      serve([&](HttpRequest&&, HttpResponder respond) { arrived.set_value(std::move(respond)); });
  const RawSocket idle = RawSocket::connect(server->port());
  const RawSocket socket = RawSocket::connect(server->port());
  socket.send(post("/", ""));
  HttpResponder respond = get_in_time(arrived);
  std::future<void> stopped = std::async(std::launch::async, [&] { server->stop(30s); });
  EXPECT_EQ(idle.receive_all(), "") << "idle connections end at once";
  ASSERT_TRUE(holds_in_time([&] { return !RawSocket::connect(server->port()).is_open(); }));
  respond({.body = "late but there"});
  const std::string answer = socket.receive_all();
  EXPECT_TRUE(answer.ends_with("late but there")) << answer;
  EXPECT_TRUE(has_text(answer, "Connection: close"));
  respond = nullptr;
  get_in_time(std::move(stopped));
  EXPECT_EQ(server->num_connections(), 0u);
}

TEST(HttpServer, StopWithoutGraceDoesNotWaitAndLateAnswersGoNowhere) {
  std::promise<HttpResponder> arrived;
  auto server =
      serve([&](HttpRequest&&, HttpResponder respond) { arrived.set_value(std::move(respond)); });
  const RawSocket socket = RawSocket::connect(server->port());
  socket.send(post("/", ""));
  HttpResponder respond = get_in_time(arrived);
  server->stop(0ms);
  EXPECT_EQ(socket.receive_all(), "");
  server.reset();
  respond({.body = "too late"});
}

TEST(HttpServer, NamesTheAddressThatIsTaken) {
  const auto server = serve();
  HttpServerOptions options;
  options.port = server->port();
  const Status status = HttpServer::listen(options, echo).status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(
      has_text(status.message(), "cannot listen on 127.0.0.1:" + std::to_string(server->port())))
      << status.message();
  options.host = "203.0.113.7";
  options.port = 0;
  EXPECT_EQ(HttpServer::listen(options, echo).status().code(), StatusCode::kUnavailable);
  options.host = "no such host";
  EXPECT_EQ(HttpServer::listen(options, echo).status().code(), StatusCode::kInvalidArgument);
}

TEST(HttpServer, JsonErrorsEscapeTheirMessage) {
  EXPECT_EQ(json_error(400, "a \"b\"\\\n\x01").body, R"({"message": "a \"b\"\\\u000a\u0001"})");
}

}  // namespace
}  // namespace tinysplit
