#include "net/link_shaper.h"

#include <gtest/gtest.h>

#include <cmath>
#include <future>
#include <random>
#include <thread>

#include "bounded_wait.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "raw_socket.h"

namespace tinysplit {
namespace {

using namespace std::chrono_literals;

LinkShaperOptions fast_link_to(std::uint16_t port) {
  LinkShaperOptions options;
  options.to_port = port;
  options.link.uplink_bits_per_s = 1e9;
  options.link.downlink_bits_per_s = 1e9;
  options.link.delay_s = 0.001;
  return options;
}

std::unique_ptr<LinkShaper> start(const LinkShaperOptions& options) {
  Result<std::unique_ptr<LinkShaper>> shaper = LinkShaper::start(options);
  EXPECT_TRUE(shaper.ok()) << shaper.status().to_string();
  return std::move(*shaper);
}

std::string random_bytes(std::size_t count, int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST(LinkShaper, DeliversEveryByteBothWaysAndTheEndOfEachStream) {
  const RawSocket listener = RawSocket::listen();
  const auto shaper = start(fast_link_to(listener.port()));
  const std::string up = random_bytes(3'000'001, 1);
  const std::string down = random_bytes(2'000'003, 2);
  std::future<std::string> received_up = std::async(std::launch::async, [&] {
    const RawSocket server = listener.accept();
    std::thread sender([&] {
      server.send(down);
      server.shutdown_send();
    });
    std::string all = server.receive_all();
    sender.join();
    return all;
  });
  const RawSocket client = RawSocket::connect(shaper->port());
  std::thread sender([&] {
    client.send(up);
    client.shutdown_send();
  });
  EXPECT_TRUE(client.receive_all() == down);
  sender.join();
  EXPECT_TRUE(get_in_time(std::move(received_up)) == up);
  EXPECT_EQ(shaper->counters().up_bytes, up.size());
  EXPECT_EQ(shaper->counters().down_bytes, down.size());
  EXPECT_EQ(shaper->counters().connections, 1u);
}

TEST(LinkShaper, OneStreamMayEndWhileTheOtherGoesOn) {
  const RawSocket listener = RawSocket::listen();
  const auto shaper = start(fast_link_to(listener.port()));
  const RawSocket client = RawSocket::connect(shaper->port());
  client.send("request");
  client.shutdown_send();
  const RawSocket server = listener.accept();
  EXPECT_EQ(server.receive_all(), "request");
  EXPECT_TRUE(server.send("answer"));
  server.shutdown_send();
  EXPECT_EQ(client.receive_all(), "answer");
}

TEST(LinkShaper, CarriesHttpOfSeveralClients) {
  const auto server = HttpServer::listen({}, [](HttpRequest&& request, HttpResponder respond) {
    respond({.body = std::move(request.body)});
  });
  ASSERT_TRUE(server.ok());
  const auto shaper = start(fast_link_to((*server)->port()));
  std::vector<std::future<int>> clients;
  for (int c = 0; c < 4; ++c) {
    clients.push_back(std::async(std::launch::async, [&shaper, c] {
      HttpClient client("127.0.0.1", shaper->port());
      int right = 0;
      for (int i = 0; i < 20; ++i) {
        const std::string body = random_bytes(std::size_t(i) * 977, c);
        const Result<HttpExchange> done = client.request("POST", "/", "a/b", body, 30s);
        if (!done.ok()) break;
        right += done->response.body == body;
      }
      return right;
    }));
  }
  for (std::future<int>& client : clients) EXPECT_EQ(get_in_time(std::move(client)), 20);
}

// No timing is asserted: only that what cannot be faster is not faster.
TEST(LinkShaper, IsNeverFasterThanItsLink) {
  const auto server = HttpServer::listen({}, [](HttpRequest&&, HttpResponder respond) {
    respond({.body = std::string(10'000, 'd')});
  });
  ASSERT_TRUE(server.ok());
  LinkShaperOptions options = fast_link_to((*server)->port());
  options.link.uplink_bits_per_s = 4e6;
  options.link.downlink_bits_per_s = 2e6;
  options.link.delay_s = 0.01;
  const auto shaper = start(options);
  HttpClient client("127.0.0.1", shaper->port());
  for (int i = 0; i < 3; ++i) {
    const Result<HttpExchange> done =
        client.request("POST", "/", "a/b", std::string(20'000, 'u'), 60s);
    ASSERT_TRUE(done.ok()) << done.status().to_string();
    const double link_s =
        8.0 * double(done->bytes_sent) / 4e6 + 8.0 * double(done->bytes_received) / 2e6 + 2 * 0.01;
    EXPECT_GE(done->seconds, link_s + (done->connected ? 2 * 0.01 : 0));
  }
}

TEST(LinkShaper, ALinkThatResetsRefusesAndRecovers) {
  const auto server =
      HttpServer::listen({}, [](HttpRequest&&, HttpResponder respond) { respond({}); });
  ASSERT_TRUE(server.ok());
  const auto shaper = start(fast_link_to((*server)->port()));
  HttpClient client("127.0.0.1", shaper->port());
  ASSERT_TRUE(client.get("/", 30s).ok());
  shaper->set_state(LinkState::kReset);
  EXPECT_EQ(client.get("/", 30s).status().code(), StatusCode::kUnavailable);
  shaper->set_state(LinkState::kUp);
  EXPECT_TRUE(client.get("/", 30s).ok());
}

TEST(LinkShaper, ABlackholeHoldsEverythingBackUntilTheLinkIsUp) {
  const auto server = HttpServer::listen({}, [](HttpRequest&& request, HttpResponder respond) {
    respond({.body = std::move(request.body)});
  });
  ASSERT_TRUE(server.ok());
  const auto shaper = start(fast_link_to((*server)->port()));
  HttpClient client("127.0.0.1", shaper->port());
  ASSERT_TRUE(client.get("/", 30s).ok());
  shaper->set_state(LinkState::kBlackhole);
  const RawSocket patient = RawSocket::connect(shaper->port());
  patient.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(client.get("/", 50ms).status().code(), StatusCode::kDeadlineExceeded);
  shaper->set_state(LinkState::kUp);
  EXPECT_TRUE(patient.receive_response().ends_with("hi")) << "what was held back goes on";
  EXPECT_TRUE(client.get("/", 30s).ok());
}

TEST(LinkShaper, TakesANewLinkWhileConnectionsLive) {
  const auto server =
      HttpServer::listen({}, [](HttpRequest&&, HttpResponder respond) { respond({}); });
  ASSERT_TRUE(server.ok());
  const auto shaper = start(fast_link_to((*server)->port()));
  HttpClient client("127.0.0.1", shaper->port());
  ASSERT_TRUE(client.get("/", 30s).ok());
  LinkParameters slow = fast_link_to(0).link;
  slow.delay_s = 0.03;
  slow.uplink_trace = {{0, 1e5}, {0.5, 2e5}};
  ASSERT_TRUE(shaper->set_link(slow).ok());
  const Result<HttpExchange> done = client.get("/", 30s);
  ASSERT_TRUE(done.ok());
  EXPECT_FALSE(done->connected);
  EXPECT_GE(done->seconds, 0.06 + 8.0 * double(done->bytes_sent) / 2e5);
  slow.downlink_bits_per_s = 0;
  EXPECT_EQ(shaper->set_link(slow).code(), StatusCode::kInvalidArgument);
}

TEST(LinkShaper, ResetsClientsWhenTheServerIsNotThere) {
  std::uint16_t free_port = 0;
  {
    const RawSocket listener = RawSocket::listen();
    free_port = listener.port();
  }
  const auto shaper = start(fast_link_to(free_port));
  HttpClient client("127.0.0.1", shaper->port());
  EXPECT_EQ(client.get("/", 30s).status().code(), StatusCode::kUnavailable);
}

TEST(LinkShaper, HoldsBackASenderWhoseReceiverDoesNotRead) {
  const RawSocket listener = RawSocket::listen();
  const auto shaper = start(fast_link_to(listener.port()));
  RawSocket client = RawSocket::connect(shaper->port());
  std::future<bool> sent =
      std::async(std::launch::async, [&] { return client.send(std::string(64 << 20, 'x')); });
  const RawSocket server = listener.accept();
  EXPECT_EQ(sent.wait_for(200ms), std::future_status::timeout)
      << "64 MiB went into a bounded queue";
  shaper->stop();
  EXPECT_FALSE(get_in_time(std::move(sent)));
}

TEST(LinkShaper, StopEndsConnections) {
  const RawSocket listener = RawSocket::listen();
  const auto shaper = start(fast_link_to(listener.port()));
  const RawSocket client = RawSocket::connect(shaper->port());
  client.send("x");
  const RawSocket server = listener.accept();
  EXPECT_EQ(server.receive(1), "x");
  shaper->stop();
  shaper->stop();
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_EQ(server.receive_all(), "");
  EXPECT_FALSE(RawSocket::connect(shaper->port()).is_open());
}

TEST(LinkShaper, RefusesLinksThatCannotBe) {
  for (const double wrong : {0.0, -1.0, std::nan("")}) {
    LinkShaperOptions options = fast_link_to(1);
    options.link.uplink_bits_per_s = wrong;
    EXPECT_EQ(LinkShaper::start(options).status().code(), StatusCode::kInvalidArgument);
    options = fast_link_to(1);
    options.link.downlink_bits_per_s = wrong;
    EXPECT_EQ(LinkShaper::start(options).status().code(), StatusCode::kInvalidArgument);
  }
  LinkShaperOptions options = fast_link_to(1);
  options.link.delay_s = -0.1;
  EXPECT_EQ(LinkShaper::start(options).status().code(), StatusCode::kInvalidArgument);
  const RawSocket taken = RawSocket::listen();
  options = fast_link_to(1);
  options.listen_port = taken.port();
  EXPECT_EQ(LinkShaper::start(options).status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tinysplit
