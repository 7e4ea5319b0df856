#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/process.h"
#include "formats/npy/npy.h"
#include "net/http_client.h"
#include "net/raw_socket.h"

namespace tinysplit::test {
namespace {

using Json = nlohmann::json;
constexpr std::chrono::seconds kPatience{60};

const std::string kModels = std::string(TINYSPLIT_SOURCE_DIR) + "/models";

// `tinysplit serve` on a free port.
class Edge {
 public:
  explicit Edge(const std::string& models = kModels, const std::string& port = "0")
      : process_({"serve", "--models", models, "--port", port}) {
    constexpr std::string_view kReady = "tinysplit edge listening on http://127.0.0.1:";
    const std::string line = process_.read_line().value_or("");
    EXPECT_TRUE(line.starts_with(kReady)) << line;
    if (line.starts_with(kReady)) {
      port_ = static_cast<std::uint16_t>(std::stoi(line.substr(kReady.size())));
    }
  }

  std::uint16_t port() const { return port_; }
  Process& process() { return process_; }

  HttpResponse request(std::string_view method, std::string_view target,
                       const std::string& body = "") const {
    HttpClient client("127.0.0.1", port_);
    const auto exchange = client.request(method, target, "application/json", body, kPatience);
    EXPECT_TRUE(exchange.ok()) << exchange.status().message();
    return exchange.ok() ? exchange->response : HttpResponse{};
  }
  Json health() const { return Json::parse(request("GET", "/healthz").body, nullptr, false); }

 private:
  Process process_;
  std::uint16_t port_ = 0;
};

// 1200 zeros, the input of the test model.
std::string inference(const std::string& model = "test_model") {
  return Json{{"model_name", model},
              {"start_layer_index", 0},
              {"model_data", std::string(1200 * 4 * 4 / 3, 'A')},
              {"shape", {1, 20, 20, 3}}}
      .dump();
}

TEST(ServeCommand, ServesAModelOfOpenSizesAtThoseThatAreStated) {
  TemporaryFolder folder;
  std::filesystem::create_directories(folder.path("models/open"));
  std::filesystem::copy_file(data_path("open_sizes/keras3.keras"),
                             folder.path("models/open/open.keras"));
  const auto arrays = read_arrays(data_path("open_sizes/keras3_12x10.npz")).value();
  ASSERT_TRUE(write_npy(folder.path("x.npy"), arrays.at(0).tensor.view()).ok());
  Process serve({"serve", "--models", folder.path("models"), "--port", "0", "--input-shape",
                 "open:1,12,10,3"});
  const std::string line = serve.read_line().value_or("");
  ASSERT_NE(line.find("http://"), std::string::npos) << line;
  Process device({"device", "--edge", line.substr(line.find("http://")), "--model",
                  folder.path("models/open/open.keras"), "--input-shape", "12,10,3", "--input",
                  folder.path("x.npy"), "--cut", "after:conv2d", "--check", "--json"});
  const Finished finished = device.finish();
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_NE(finished.out.find("\"answered_by_edge\":1"), std::string::npos) << finished.out;
  EXPECT_NE(finished.out.find("\"identical\":1"), std::string::npos) << finished.out;
  expect_refused(run({"serve", "--models", folder.path("models"), "--input-shape", "opne:1,2"}), 3,
                 "did you mean open?");
  expect_refused(run({"serve", "--models", folder.path("models"), "--input-shape", "1,2"}), 2,
                 "unet:1,224,224,3");
}

class ServeCommandSignals : public ::testing::TestWithParam<int> {};

TEST_P(ServeCommandSignals, IdleEdgeEndsWithExitCode0) {
  Edge edge;
  EXPECT_EQ(edge.health().at("status"), "ok");
  edge.process().signal(GetParam());
  const Finished finished = edge.process().finish();
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(std::ranges::count(finished.out, '\n'), 1) << finished.out;
}

TEST_P(ServeCommandSignals, RequestInFlightIsFinished) {
  Edge edge;
  const RawSocket idle = RawSocket::connect(edge.port());
  const RawSocket client = RawSocket::connect(edge.port());
  const std::string body = inference();
  // "100 Continue" tells that the edge has taken the head in: from then on the request has begun.
  ASSERT_TRUE(
      client.send("POST /api/offloading/model-inference HTTP/1.1\r\nHost: edge\r\n"
                  "Content-Type: application/json\r\nExpect: 100-continue\r\n"
                  "Content-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n"));
  ASSERT_NE(client.receive_until("\r\n\r\n").find("100 Continue"), std::string::npos);
  edge.process().signal(GetParam());
  ASSERT_TRUE(edge.process().wait_for_error("shutting down"));
  ASSERT_TRUE(client.send(body));
  const std::string response = client.receive_all();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200")) << response;
  EXPECT_NE(response.find("\"outputs\""), std::string::npos) << response;
  EXPECT_EQ(idle.receive_all(), "");
  EXPECT_EQ(edge.process().finish().exit_code, 0);
  EXPECT_FALSE(RawSocket::connect(edge.port()).is_open());
}

INSTANTIATE_TEST_SUITE_P(Both, ServeCommandSignals, ::testing::Values(SIGTERM, SIGINT),
                         [](const auto& number) {
                           return std::string(number.param == SIGTERM ? "Term" : "Int");
                         });

TEST(ServeCommand, PortInUseIsToldBeforeAnythingElse) {
  const Edge edge;
  const std::string port = std::to_string(edge.port());
  expect_refused(run({"serve", "--models", kModels, "--port", port}), 4,
                 "cannot listen on 127.0.0.1:" + port);
  EXPECT_EQ(edge.health().at("status"), "ok");
}

TEST(ServeCommand, WrongPlacesAreRefused) {
  expect_refused(run({"serve", "--models", "/nonexistent", "--port", "0"}), 3, "/nonexistent");
  expect_refused(run({"serve", "--models", kModels + "/README.md", "--port", "0"}), 3, "README.md");
  expect_refused(run({"serve", "--port", "0"}), 2, "--models");
  expect_refused(run({"serve", "--models", kModels, "--port", "65536"}), 2, "--port");
  expect_refused(run({"serve", "--models", kModels, "--port", "-1"}), 2, "--port");
  expect_refused(run({"serve", "--models", kModels, "--port", "0", "--host", "192.0.2.1"}), 4,
                 "192.0.2.1");
}

// What a client sends is answered or cut off; the next one finds the edge as it was.
TEST(ServeCommand, OutlivesWhatClientsSend) {
  Edge edge;
  const std::string head = "POST /v1/infer HTTP/1.1\r\nHost: edge\r\n";
  std::string noise;
  for (int i = 0; i < 20'000; ++i) noise += static_cast<char>(i * i % 251);
  for (const std::string& bytes :
       {noise, std::string("GET /healthz HT"), head,
        head + "Content-Length: 99999999999999\r\n\r\n", head + "Content-Length: -1\r\n\r\n",
        head + "Content-Length: 100\r\n\r\nhalf a body",
        head + "Transfer-Encoding: chunked\r\n\r\nzzzz\r\n", std::string(100'000, 'A'),
        head + "Content-Length: " + std::to_string(noise.size()) + "\r\n\r\n" + noise}) {
    const RawSocket client = RawSocket::connect(edge.port());
    client.send(bytes);
    client.shutdown_send();
    const std::string response = client.receive_all();
    EXPECT_TRUE(response.empty() || response.starts_with("HTTP/1.1 4")) << response;
    EXPECT_EQ(edge.health().at("status"), "ok");
  }
}

TEST(ServeCommand, RefusalsNameWhatIsWrong) {
  const Edge edge;
  const auto refuse = [&](int status, const std::string& target, const std::string& body) {
    const HttpResponse response = edge.request("POST", target, body);
    EXPECT_EQ(response.status, status) << target << " " << response.body;
    const Json reply = Json::parse(response.body, nullptr, false);
    EXPECT_TRUE(reply.is_object() && reply.contains("message")) << response.body;
  };
  const std::string infer = "/api/offloading/model-inference";
  refuse(404, infer, inference("no_such_model"));
  refuse(400, infer, "{\"model_name\": ");
  refuse(400, infer, "[]");
  refuse(400, infer, "");
  Json bad = Json::parse(inference());
  bad["model_data"] = "!!!!";
  refuse(400, infer, bad.dump());
  bad["model_data"] = "AAAA";
  refuse(400, infer, bad.dump());
  refuse(404, "/api/offloading/evaluate",
         R"({"device_id": "d", "model_name": "no_such_model", "start_layer_index": 0})");
  refuse(404, "/nowhere", "");
  EXPECT_EQ(edge.request("POST", "/v1/infer", "not CBOR").status, 400);
}

// A folder of models of its own, to spoil.
class ServeCommandFolder : public ::testing::Test {
 protected:
  ServeCommandFolder() {
    std::filesystem::create_directories(analytics_.substr(0, analytics_.rfind('/')));
    std::filesystem::copy_file(model_path("test_model/test_model.keras"),
                               folder_.path("test_model/test_model.keras"));
  }

  TemporaryFolder folder_;
  const std::string analytics_ = folder_.path("test_model/analytics.json");
};

TEST_F(ServeCommandFolder, HalfWrittenAnalyticsAreMeasuredAnew) {
  write_bytes(analytics_, "{\"0\": {\"layer_si");
  Edge edge(folder_.path(""));
  const Json model = Json::parse(edge.request("GET", "/v1/models/test_model").body);
  EXPECT_TRUE(model.at("analytics").contains("4"));
  EXPECT_TRUE(edge.process().wait_for_error("measuring test_model anew"));
  EXPECT_EQ(read_bytes(analytics_), "{\"0\": {\"layer_si");
}

TEST_F(ServeCommandFolder, InitializationWritesWholeAnalytics) {
  const Edge edge(folder_.path(""));
  const HttpResponse response =
      edge.request("POST", "/api/offloading/model-initialization", inference());
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_TRUE(Json::parse(read_bytes(analytics_)).contains("4"));
}

TEST_F(ServeCommandFolder, AnalyticsThatCannotBeWrittenAreAnAnswerNotAnEnd) {
  std::filesystem::create_directory(analytics_);
  const Edge edge(folder_.path(""));
  const HttpResponse response =
      edge.request("POST", "/api/offloading/model-initialization", inference());
  EXPECT_GE(response.status, 400) << response.body;
  EXPECT_NE(response.body.find("cannot write"), std::string::npos) << response.body;
  EXPECT_EQ(edge.request("POST", "/api/offloading/model-inference", inference()).status, 200);
  EXPECT_TRUE(std::filesystem::is_empty(analytics_));
}

TEST_F(ServeCommandFolder, BrokenModelIsLeftOutAndNamed) {
  std::filesystem::create_directory(folder_.path("broken"));
  const std::string whole = read_bytes(model_path("test_model/test_model.keras"));
  write_bytes(folder_.path("broken/broken.keras"), whole.substr(0, whole.size() / 2));
  Edge edge(folder_.path(""));
  EXPECT_TRUE(edge.process().wait_for_error("model broken is left out"));
  EXPECT_EQ(edge.health().at("models"), 1);
}

// The device of `tinysplit device` loses nothing when its edge dies, and finds the next one.
TEST(ServeCommand, KilledEdgeCostsNoInference) {
  auto edge = std::make_unique<Edge>();
  const std::string port = std::to_string(edge->port());
  Process device({"--log", "off", "device", "--json", "--check", "--model",
                  model_path("test_model"), "--edge", "http://127.0.0.1:" + port, "--slowdown",
                  "500", "--count", "100000000"});
  int index = 0;
  const auto read_until = [&](const std::string& side) {
    for (;;) {
      const std::optional<std::string> line = device.read_line();
      if (!line) return false;
      const Json event = Json::parse(*line);
      if (event.at("type") != "inference") continue;
      EXPECT_EQ(event.at("index"), index++);
      EXPECT_EQ(event.at("identical"), true) << *line;
      if (event.at("answered_by") == side) return true;
    }
  };
  ASSERT_TRUE(read_until("edge"));
  edge->process().signal(SIGKILL);
  EXPECT_EQ(edge->process().finish().exit_code, 128 + SIGKILL);
  ASSERT_TRUE(read_until("device"));
  edge = std::make_unique<Edge>(kModels, port);
  ASSERT_TRUE(read_until("edge"));
}

}  // namespace
}  // namespace tinysplit::test
