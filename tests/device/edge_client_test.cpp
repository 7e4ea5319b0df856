#include "device/edge_client.h"

#include <gtest/gtest.h>

#include "device/test_edge.h"
#include "device/test_models.h"

namespace tinysplit {
namespace {

using std::chrono::seconds;

// An edge that answers everything with `response`.
class FixedEdge {
 public:
  explicit FixedEdge(HttpResponse response) {
    server_ = HttpServer::listen({}, [response](HttpRequest&&, HttpResponder respond) {
                respond(response);
              }).value();
  }
  std::string url() const { return "http://" + server_->address(); }

 private:
  std::unique_ptr<HttpServer> server_;
};

HttpResponse text_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

InferRequest report_request() {
  InferRequest request;
  request.model = "residual";
  request.model_digest = std::string(64, 'a');
  request.device_id = "device-1";
  request.id = 7;
  return request;
}

TEST(EdgeClient, RefusesAddressesThatAreNone) {
  for (const char* url : {"", "127.0.0.1:8080", "https://x", "http://", "http://x:99999",
                          "http://x/api", "http://x:80?y"}) {
    EXPECT_EQ(EdgeClient::create(url).status().code(), StatusCode::kInvalidArgument) << url;
  }
  EXPECT_TRUE(EdgeClient::create("http://[::1]:8080").ok());
}

TEST(EdgeClient, ReadsWhatTheEdgeTellsOfAModel) {
  const auto graph = make_residual_model();
  TestEdge edge(graph);
  EdgeClient client = EdgeClient::create(edge.url()).value();
  const EdgeModelInfo info = client.model_info("residual", seconds(10)).value();
  EXPECT_EQ(info.name, "residual");
  EXPECT_EQ(info.digest, graph->digest());
  EXPECT_EQ(info.analytics.num_layers(), graph->num_layers());
  EXPECT_DOUBLE_EQ(info.analytics.layers[0].time_s, 1e-5);
}

TEST(EdgeClient, MalformedModelInfoIsAnError) {
  for (const char* body :
       {"", "no json", "[]", "{}", R"({"name":"x","digest":"y"})", R"({"analytics":7})",
        R"({"analytics":{"0":{}}})", R"({"analytics":{"0":{"layer_size":-1}}})"}) {
    FixedEdge edge(text_response(200, body));
    EdgeClient client = EdgeClient::create(edge.url()).value();
    EXPECT_FALSE(client.model_info("x", seconds(10)).ok()) << body;
  }
}

TEST(EdgeClient, PassesOnWhatTheEdgeObjectsTo) {
  FixedEdge edge(json_error(404, "this edge has no model \"x\""));
  EdgeClient client = EdgeClient::create(edge.url()).value();
  const Status status = client.model_info("x", seconds(10)).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find("this edge has no model"), std::string::npos);
  EXPECT_NE(status.message().find(edge.url()), std::string::npos);
}

TEST(EdgeClient, CountsWhatAnExchangeTakes) {
  TestEdge edge(make_residual_model());
  EdgeClient client = EdgeClient::create(edge.url()).value();
  const EdgeExchange first = client.infer(report_request(), {}, seconds(10)).value();
  EXPECT_TRUE(first.connected);
  const EdgeExchange second = client.infer(report_request(), {}, seconds(10)).value();
  EXPECT_FALSE(second.connected);
  EXPECT_GT(second.bytes_up, 100u);
  EXPECT_GT(second.bytes_down, 50u);
  EXPECT_GT(second.round_trip_s, 0.0);
  EXPECT_GE(second.round_trip_s, second.link_s());
}

TEST(EdgeClient, EdgeThatClaimsMoreTimeThanTheRoundTripLeavesNoNegativeLink) {
  EdgeExchange exchange;
  exchange.round_trip_s = 0.010;
  exchange.reply.edge_s = 5.0;
  EXPECT_EQ(exchange.link_s(), 0.0);
}

TEST(EdgeClient, AnswerToAnotherRequestIsDiscardedWithItsConnection) {
  TestEdge edge(make_residual_model());
  EdgeClient client = EdgeClient::create(edge.url()).value();
  edge.set_mode(TestEdge::Mode::kOtherId);
  const Status status = client.infer(report_request(), {}, seconds(10)).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("1007"), std::string::npos);
  EXPECT_FALSE(client.is_connected());
}

TEST(EdgeClient, BusyEdgeIsUnavailable) {
  TestEdge edge(make_residual_model());
  EdgeClient client = EdgeClient::create(edge.url()).value();
  edge.set_mode(TestEdge::Mode::kBusy);
  const Status status = client.infer(report_request(), {}, seconds(10)).status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("the queue is full"), std::string::npos);
}

TEST(EdgeClient, OtherModelIsAFailedPrecondition) {
  TestEdge edge(make_residual_model());
  EdgeClient client = EdgeClient::create(edge.url()).value();
  edge.set_mode(TestEdge::Mode::kOtherDigest);
  EXPECT_EQ(client.infer(report_request(), {}, seconds(10)).status().code(),
            StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace tinysplit
