// Quantised tensors between a device and an edge, over a real socket: scales and zero points go
// with them, and must be the model's.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "core/logging.h"
#include "device/simple_device.h"
#include "device/test_edge.h"
#include "device/test_models.h"
#include "engine/named_run.h"
#include "formats/model_reader.h"
#include "graph/cuts.h"
#include "layer_runs.h"
#include "net/http_client.h"
#include "server/edge_server.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

std::vector<NamedTensor> random_inputs(const Graph& graph, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<NamedTensor> inputs;
  for (const ValueId id : graph.inputs()) {
    const Value& value = graph.value(id);
    Tensor tensor(value.dtype, value.shape);
    if (value.dtype == DType::kFloat32) {
      std::normal_distribution<float> normal;
      std::ranges::generate(tensor.as<float>(), [&] { return normal(random); });
    } else {
      std::ranges::generate(tensor.bytes(), [&] { return static_cast<std::byte>(random()); });
    }
    inputs.push_back({value.name, std::move(tensor)});
  }
  return inputs;
}

std::vector<NamedTensor> run_layers(const std::shared_ptr<const Graph>& graph, int begin, int end,
                                    const std::vector<NamedTensor>& inputs) {
  return test::run_layers(*Engine::create(graph).value(), begin, end, test::copies_of(inputs));
}

// Models of LiteRT: int8 between float ends, and chains in int8 and uint8.
class QuantizedEdge : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    set_up_logging("off");
    models_ = fs::temp_directory_path() /
              ("tinysplit-quantized-" + std::to_string(::getpid()) + "-" + GetParam());
    fs::remove_all(models_);
    const fs::path folder = models_ / GetParam(), file = std::string(GetParam()) + ".tflite";
    fs::create_directories(folder);
    fs::copy_file(fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data/tflite" / file, folder / file);
    graph_ = read_model(folder / file).value();
    inputs_ = random_inputs(*graph_, 1);
    uncut_ = run_layers(graph_, 0, graph_->num_layers(), inputs_);
  }
  void TearDown() override { fs::remove_all(models_); }

  std::unique_ptr<EdgeServer> start_edge() const {
    EdgeServerOptions options;
    options.models = models_;
    options.profile_runs = 1;
    return EdgeServer::start(options).value();
  }

  // Every cut, by way of the edge at `url`, gives the bits of the uncut run.
  void expect_every_cut(const std::string& url) {
    SimpleDeviceOptions options;
    options.edge_url = url;
    options.model_name = GetParam();
    options.profile_runs = 1;
    const auto device = SimpleDevice::create(graph_, options).value();
    ASSERT_TRUE(device->connect().ok());
    std::vector<TensorView> views;
    for (const NamedTensor& input : inputs_) views.push_back(input.tensor.view());
    for (const Cut& cut : find_cuts(*graph_)) {
      SCOPED_TRACE("cut " + std::to_string(cut.cut));
      InferOptions infer;
      infer.cut = cut.cut;
      const Result<DeviceResult> result = device->infer(views, infer);
      ASSERT_TRUE(result.ok()) << result.status().message();
      EXPECT_EQ(result->fallback_reason, "");
      ASSERT_EQ(result->outputs.size(), uncut_.size());
      for (const NamedTensor& output : result->outputs) {
        const auto same = std::ranges::find(uncut_, output.name, &NamedTensor::name);
        ASSERT_NE(same, uncut_.end()) << output.name;
        EXPECT_TRUE(std::ranges::equal(output.tensor.bytes(), same->tensor.bytes())) << output.name;
      }
    }
  }

  fs::path models_;
  std::shared_ptr<const Graph> graph_;
  std::vector<NamedTensor> inputs_, uncut_;
};

TEST_P(QuantizedEdge, EveryCutGivesTheBitsOfTheUncutRun) { expect_every_cut(start_edge()->url()); }

// The edge of the tests looks at what comes in: each tensor has the scales of the model.
TEST_P(QuantizedEdge, TheDeviceSendsTheScalesOfTheModel) {
  const TestEdge edge(graph_);
  expect_every_cut(edge.url());
  EXPECT_GT(edge.num_inferences(), 0u);
}

TEST_P(QuantizedEdge, TheEdgeTakesTheModelsOwnScalesOrNone) {
  const auto server = start_edge();
  HttpClient client("127.0.0.1", server->port());
  const std::vector<Cut> cuts = find_cuts(*graph_);
  const auto quantized_cut = std::ranges::find_if(cuts, [&](const Cut& cut) {
    return cut.cut > 0 && cut.cut < graph_->num_layers() &&
           std::ranges::any_of(cut.live_tensors, [&](ValueId id) {
             return graph_->value(id).quantization.has_value();
           });
  });
  ASSERT_NE(quantized_cut, cuts.end());
  InferRequest request;
  request.model = GetParam();
  request.model_digest = graph_->digest();
  request.device_id = "device-1";
  request.cut = static_cast<std::uint32_t>(quantized_cut->cut);
  request.tensors = plain_tensors(run_layers(graph_, 0, quantized_cut->cut, inputs_));
  const auto ask = [&] {
    std::string frame;
    EXPECT_TRUE(encode_frame(request, EncodeOptions{}, frame).ok());
    return client.request("POST", "/v1/infer", kFrameContentType, frame, std::chrono::seconds{60})
        .value()
        .response;
  };
  EXPECT_EQ(ask().status, 200) << "as devices sent them before there were scales";
  for (WireTensor& tensor : request.tensors) {
    const auto& own = find_value(*graph_, tensor.name)->quantization;
    if (own) tensor.quantization = {own->scale, own->zero_point, own->axis};
  }
  const HttpResponse answer = ask();
  ASSERT_EQ(answer.status, 200);
  const InferReply reply = decode_infer_reply(answer.body).value();
  for (const WireTensor& output : reply.outputs) {
    const auto& own = find_value(*graph_, output.name)->quantization;
    EXPECT_EQ(output.quantization.scale, own ? own->scale : std::vector<float>());
  }
  const auto quantized = std::ranges::find_if(
      request.tensors, [](const WireTensor& tensor) { return !tensor.quantization.scale.empty(); });
  ASSERT_NE(quantized, request.tensors.end());
  const WireQuantization own = quantized->quantization;
  quantized->quantization.scale[0] *= 1.5f;
  for (int i = 0; i < 2; ++i) {
    const HttpResponse refused = ask();
    EXPECT_EQ(refused.status, 400);
    const Status why = decode_error_reply(refused.body).value().status;
    EXPECT_EQ(why.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(why.message().find(quantized->name), std::string::npos) << why.message();
    EXPECT_NE(why.message().find("same model file"), std::string::npos) << why.message();
    quantized->quantization = own;
    quantized->quantization.zero_point[0] -= 1;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, QuantizedEdge,
                         ::testing::Values("quantize_ends", "int8_image", "uint8_image"),
                         [](const auto& model) { return std::string(model.param); });

}  // namespace
}  // namespace tinysplit
