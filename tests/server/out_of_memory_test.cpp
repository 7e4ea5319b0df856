// An edge that runs out of memory in the middle of a request answers it and goes on. Allocations of
// one size fail here, that of a tensor in a request: nothing else on the edge has it.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "core/logging.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "net/http_client.h"
#include "server/edge_server.h"
#include "wire/frames.h"

namespace {

std::atomic<std::size_t> failing_bytes{0};

}  // namespace

void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  if (bytes == failing_bytes.load()) throw std::bad_alloc();
  const auto at = static_cast<std::size_t>(alignment);
  void* memory = std::aligned_alloc(at, (bytes + at - 1) / at * at);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }

namespace tinysplit {
namespace {

TEST(OutOfMemory, ARequestIsAnsweredAndTheEdgeLivesOn) {
  set_up_logging("off");
  const std::filesystem::path models = std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "models";
  EdgeServerOptions options;
  options.models = models;
  options.profile_runs = 1;
  const auto server = EdgeServer::start(options).value();
  const auto folder = find_model_folder(models, "test_model").value();
  const auto graph = read_model(folder.model_path).value();
  HttpClient client("127.0.0.1", server->port());
  InferRequest request;
  request.model = "test_model";
  request.model_digest = graph->digest();
  request.device_id = "device-1";
  const auto ask = [&](std::uint64_t id, const Tensor& input) {
    request.id = id;
    const NamedTensorView view{graph->value(graph->inputs()[0]).name, input.view(), {}};
    std::string frame;
    EXPECT_TRUE(encode_frame(request, std::span(&view, 1), EncodeOptions{}, frame).ok());
    return client.request("POST", "/v1/infer", kFrameContentType, frame, std::chrono::seconds{60})
        .value()
        .response;
  };
  constexpr std::int64_t kOddSize = 123'457;
  const Tensor large(DType::kFloat32, Shape{kOddSize});
  failing_bytes = large.num_bytes() + Tensor::kTailPadding;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const HttpResponse refused = ask(id, large);
    EXPECT_EQ(refused.status, 503);
    const auto error = decode_error_reply(refused.body);
    ASSERT_TRUE(error.ok()) << error.status().to_string();
    EXPECT_EQ(error->id, id);
    EXPECT_EQ(error->status.code(), StatusCode::kUnavailable);
    EXPECT_NE(error->status.message().find("memory"), std::string::npos);
    const Tensor image(DType::kFloat32, graph->value(graph->inputs()[0]).shape);
    const HttpResponse answer = ask(10 * id, image);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(decode_infer_reply(answer.body).value().id, 10 * id);
  }
  failing_bytes = 0;
}

}  // namespace
}  // namespace tinysplit
