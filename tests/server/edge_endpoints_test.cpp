// The original's endpoints and the edge's own, over real sockets, on the bundled models.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "net/http_client.h"
#include "server/edge_server.h"
#include "server/endpoints.h"
#include "wire/base64.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class EdgeEndpoints : public testing::Test {
 protected:
  // A folder of its own, because the edge writes analytics beside the models.
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("tinysplit-edge-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    fs::copy(fs::path(TINYSPLIT_SOURCE_DIR) / "models", folder_, fs::copy_options::recursive);
    EdgeServerOptions options;
    options.models = folder_;
    options.profile_runs = 3;
    auto server = EdgeServer::start(options);
    ASSERT_TRUE(server.ok()) << server.status().to_string();
    server_ = std::move(*server);
    client_ = std::make_unique<HttpClient>("127.0.0.1", server_->port());
  }

  void TearDown() override {
    client_.reset();
    server_.reset();
    fs::remove_all(folder_);
  }

  std::pair<int, Json> call(const char* method, const std::string& path,
                            const std::string& body = "") {
    const auto exchange =
        client_->request(method, path, "application/json", body, std::chrono::seconds{60});
    EXPECT_TRUE(exchange.ok()) << exchange.status().to_string();
    if (!exchange.ok()) return {0, {}};
    return {exchange->response.status, Json::parse(exchange->response.body, nullptr, false)};
  }
  std::pair<int, Json> post(const std::string& path, const std::string& body) {
    return call("POST", path, body);
  }

  static std::string tensor_body(const Json& fields, std::vector<std::int64_t> dims) {
    std::int64_t count = 1;
    for (const std::int64_t dim : dims) count *= dim;
    const std::vector<float> values(static_cast<std::size_t>(count), 0.5f);
    Json body = fields;
    body["shape"] = dims;
    body["model_data"] = base64_encode(std::as_bytes(std::span(values)));
    return body.dump();
  }

  fs::path folder_;
  std::unique_ptr<EdgeServer> server_;
  std::unique_ptr<HttpClient> client_;
};

constexpr const char* kEvaluate = R"({"device_id": "device-1", "model_name": "test_model",
  "start_layer_index": 0, "working_strategy": "x", "offloading_information":
  {"layers_inference_time": {"layer_0": 1.0, "layer_1": 1.8, "layer_9": 9999999999.8}},
  "payload": {"message": "hello", "input_data": ""}})";

TEST_F(EdgeEndpoints, EvaluateAnswersInTheOriginalsWords) {
  for (const char* path : {"/api/offloading/evaluate", "/api-offloading/evaluate"}) {
    const auto [status, body] = post(path, kEvaluate);
    ASSERT_EQ(status, 200) << body.dump();
    const Json& text = body["text"];
    // A device that takes seconds for its first layers should let the edge do it all.
    EXPECT_EQ(text["best_offloading_layer"], -1);
    const Json& model = text["additional_info"]["offloaded_model_info"];
    EXPECT_EQ(model["num_layers"], 5);
    EXPECT_EQ(model["layers_sizes"][0], 18 * 18 * 32 * 32);
    EXPECT_EQ(model["custom_model"]["num_classes"], 2);
    const Json& algo = text["additional_info"]["offloading_algo_info"];
    for (const char* key : {"avg_speed", "num_layers", "layers_sizes", "inference_time_device",
                            "inference_time_edge", "best_offloading_layer", "lowest_evaluation"}) {
      EXPECT_TRUE(algo.contains(key)) << key;
    }
    EXPECT_EQ(algo["inference_time_device"].size(), 5u);
    EXPECT_EQ(algo["cuts"].size(), 6u);
  }
  const auto [status, body] = call("GET", "/api/offloading/communication-status");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(body["code"], 200);
  EXPECT_EQ(body["communication_data"][0]["device_id"], "device-1");
  EXPECT_EQ(body["communication_data"][0]["sent_messages"].size(), 2u);
}

TEST_F(EdgeEndpoints, InitializationMeasuresAndWritesAnalytics) {
  const fs::path analytics = folder_ / "test_model" / "analytics.json";
  fs::remove(analytics);
  const auto [status, body] = post("/api/offloading/model-initialization",
                                   tensor_body({{"model_name", "test_model"}}, {1, 20, 20, 3}));
  ASSERT_EQ(status, 200) << body.dump();
  EXPECT_TRUE(body["text"].is_string());
  EXPECT_EQ(body["model_info"]["num_layers"], 5);
  EXPECT_TRUE(fs::exists(analytics));
}

TEST_F(EdgeEndpoints, InferenceRunsToTheEndFromAnyLayer) {
  const auto [status, body] =
      post("/api/offloading/model-inference",
           tensor_body({{"model_name", "test_model"}, {"start_layer_index", 2}}, {1, 9, 9, 32}));
  ASSERT_EQ(status, 200) << body.dump();
  EXPECT_TRUE(body["text"].is_string());
  EXPECT_EQ(body["outputs"][0]["shape"], Json({1, 2}));
  EXPECT_EQ(body["outputs"][0]["values"].size(), 2u);
}

TEST_F(EdgeEndpoints, BadInputGetsOneClearErrorAndTheEdgeLives) {
  struct Case {
    std::string path;
    std::string body;
    int status;
  };
  const std::vector<Case> cases = {
      {"/api/offloading/evaluate", "{", 400},
      {"/api/offloading/evaluate", "{}", 400},
      {"/api/offloading/evaluate",
       R"({"device_id": "d", "model_name": "none", "start_layer_index": 0})", 404},
      {"/api/offloading/evaluate",
       R"({"device_id": "d", "model_name": "../test_model", "start_layer_index": 0})", 400},
      {"/api/offloading/model-inference",
       R"({"model_name": "test_model", "start_layer_index": 0, "model_data": "!", "shape": [1]})",
       400},
      {"/api/offloading/model-inference",
       tensor_body({{"model_name", "test_model"}, {"start_layer_index", 0}}, {1, 4, 4, 3}), 400},
      {"/api/offloading/model-inference",
       tensor_body({{"model_name", "test_model"}, {"start_layer_index", 5}}, {1, 2}), 400},
      {"/api/offloading/model-initialization",
       tensor_body({{"model_name", "test_model"}}, {1, 4, 4, 3}), 400},
      {"/nowhere", "", 404},
      {"/healthz", "", 405},
  };
  for (const Case& at : cases) {
    const auto [status, body] = post(at.path, at.body);
    EXPECT_EQ(status, at.status) << at.path << " " << at.body.substr(0, 80);
    EXPECT_TRUE(body["message"].is_string() && !body["message"].get<std::string>().empty());
  }
  EXPECT_EQ(
      post("/api/offloading/evaluate", "{}").second["message"].get<std::string>().substr(0, 4),
      "OPS:");
  EXPECT_EQ(call("GET", "/healthz").second["status"], "ok");
}

TEST(EdgeAnswers, FaultsOfTheEdgeKeepTheOriginalsText) {
  const HttpResponse response = json_response(internal_error("the reason"));
  EXPECT_EQ(response.status, 500);
  const std::string message = Json::parse(response.body)["message"];
  EXPECT_TRUE(message.starts_with("ERROR: Unexpected error occurred!")) << message;
  EXPECT_NE(message.find("the reason"), std::string::npos) << message;
}

TEST_F(EdgeEndpoints, TellsItsModels) {
  const auto [status, body] = call("GET", "/v1/models");
  ASSERT_EQ(status, 200);
  ASSERT_EQ(body["models"].size(), 2u);
  const auto [found, model] = call("GET", "/v1/models/test_model");
  EXPECT_EQ(found, 200);
  EXPECT_EQ(model["digest"].get<std::string>().size(), 64u);
  EXPECT_EQ(model["analytics"]["0"]["layer_size"], 18 * 18 * 32 * 32);
  EXPECT_EQ(call("GET", "/v1/models/none").first, 404);
}

TEST_F(EdgeEndpoints, AnAddressInUseIsNamed) {
  EdgeServerOptions options;
  options.models = folder_;
  options.profile_runs = 3;
  options.port = server_->port();
  const Status status = EdgeServer::start(options).status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.message().find(std::to_string(options.port)), std::string::npos);
}

}  // namespace
}  // namespace tinysplit
