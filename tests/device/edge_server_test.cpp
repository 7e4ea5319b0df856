// A device and the real edge, over a real socket, with the bundled models.
#include "server/edge_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/logging.h"
#include "device/simple_device.h"
#include "device/test_models.h"
#include "formats/image/image.h"
#include "formats/model_folder.h"
#include "formats/model_reader.h"
#include "graph/cuts.h"

namespace tinysplit {
namespace {

const std::filesystem::path kModels = std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "models";

class EdgeServerTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    set_up_logging("off");
    EdgeServerOptions options;
    options.models = kModels;
    options.profile_runs = 3;
    edge_ = EdgeServer::start(options).value();
    folder_ = find_model_folder(kModels, GetParam()).value();
    graph_ = read_model(folder_.model_path).value();
  }

  std::unique_ptr<SimpleDevice> make_device(bool private_input) {
    SimpleDeviceOptions options;
    options.edge_url = edge_->url();
    options.model_name = folder_.name;
    options.raw_input = true;
    options.constraints.private_input = private_input;
    options.slowdown = 50.0;
    options.profile_runs = 3;
    return SimpleDevice::create(graph_, options).value();
  }

  std::unique_ptr<EdgeServer> edge_;
  ModelFolder folder_;
  std::shared_ptr<const Graph> graph_;
};

double largest_difference(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto left = a[i].tensor.as<float>();
    const auto right = b[i].tensor.as<float>();
    for (std::size_t k = 0; k < left.size(); ++k) {
      largest = std::max(largest, std::abs(static_cast<double>(left[k] - right[k])));
    }
  }
  return largest;
}

TEST_P(EdgeServerTest, EveryCutGivesTheOutputsOfTheUncutModel) {
  const auto device = make_device(false);
  ASSERT_TRUE(device->connect().ok());
  const Shape& shape = graph_->value(graph_->inputs()[0]).shape;
  const std::vector<Cut> cuts = find_cuts(*graph_);
  for (int cut = 0; cut <= graph_->num_layers(); ++cut) {
    const auto at = static_cast<std::size_t>(cut);
    const Tensor image = read_image(folder_.images[at % folder_.images.size()], shape).value();
    const TensorView view = image.view();
    InferOptions options;
    options.cut = cut;
    const Result<DeviceResult> result = device->infer(std::span(&view, 1), options);
    ASSERT_TRUE(result.ok()) << result.status().message();
    EXPECT_EQ(result->fallback_reason, "");
    const auto uncut = run_uncut(graph_, image);
    if (cuts[at].splits_fusion) {
      EXPECT_LT(largest_difference(result->outputs, uncut), 1e-5) << cut;
    } else {
      EXPECT_TRUE(same_tensors(result->outputs, uncut)) << cut;
    }
  }
}

TEST_P(EdgeServerTest, PrivateInputNeverLeavesTheDevice) {
  const auto device = make_device(true);
  ASSERT_TRUE(device->measure_link().ok());
  const Shape& shape = graph_->value(graph_->inputs()[0]).shape;
  const std::vector<Cut> cuts = find_cuts(*graph_);
  for (const std::filesystem::path& path : folder_.images) {
    const Tensor image = read_image(path, shape).value();
    const TensorView view = image.view();
    const Result<DeviceResult> result = device->infer(std::span(&view, 1));
    ASSERT_TRUE(result.ok()) << result.status().message();
    EXPECT_FALSE(cuts[static_cast<std::size_t>(result->cut)].reveals_input) << result->cut;
    EXPECT_EQ(result->refused_advice, "");
    EXPECT_TRUE(same_tensors(result->outputs, run_uncut(graph_, image)));
  }
}

TEST_P(EdgeServerTest, EdgeThatIsStoppedIsNotNeeded) {
  const auto device = make_device(false);
  ASSERT_TRUE(device->connect().ok());
  edge_->stop(std::chrono::milliseconds{0});
  const Shape& shape = graph_->value(graph_->inputs()[0]).shape;
  const Tensor image = read_image(folder_.images[0], shape).value();
  const TensorView view = image.view();
  for (const std::optional<int> cut : {std::optional<int>(2), std::optional<int>()}) {
    InferOptions options;
    options.cut = cut;
    const Result<DeviceResult> result = device->infer(std::span(&view, 1), options);
    ASSERT_TRUE(result.ok()) << result.status().message();
    EXPECT_EQ(result->answered_by, AnsweredBy::kDevice);
    EXPECT_TRUE(same_tensors(result->outputs, run_uncut(graph_, image)));
  }
}

INSTANTIATE_TEST_SUITE_P(BundledModels, EdgeServerTest,
                         ::testing::Values("test_model", "fashion_resnet"),
                         [](const auto& model) { return std::string(model.param); });

}  // namespace
}  // namespace tinysplit
