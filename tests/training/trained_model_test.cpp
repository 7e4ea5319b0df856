#include "training/trained_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/random.h"
#include "datasets/dataset_files.h"
#include "engine/engine.h"
#include "formats/keras/keras_reader.h"
#include "training/named_architectures.h"

namespace tinysplit::training {
namespace {

namespace fs = std::filesystem;
using tinysplit::test::TemporaryFolder;

const fs::path kSource = TINYSPLIT_SOURCE_DIR;

std::string bytes_of(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

Network network_of(const TrainedModel& model, const PixelScale& scale = {}) {
  NetworkOptions options;
  options.batch = 1;
  options.seed = 7;
  Result<Network> network = Network::create(model.architecture, options);
  EXPECT_TRUE(network.ok()) << network.status().to_string();
  const Status set = set_weights(model, scale, *network);
  EXPECT_TRUE(set.ok()) << set.to_string();
  return std::move(*network);
}

// What the network and the engine make of the same random numbers.
void expect_computes_what_the_file_does(const TrainedModel& model, const fs::path& path) {
  const auto graph = read_keras_model(path);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  Network network = network_of(model);
  const auto engine = Engine::create(*graph, {});
  const auto segment = (*engine)->make_segment(0, (*graph)->num_layers());
  Random random(2);
  std::vector<Tensor> inputs;
  std::vector<TensorView> views;
  for (std::size_t i = 0; i < (*graph)->inputs().size(); ++i) {
    inputs.emplace_back(DType::kFloat32, (*graph)->value((*graph)->inputs()[i]).shape);
    for (float& x : inputs.back().as<float>()) x = static_cast<float>(random.uniform(-1.0, 1.0));
    std::ranges::copy(inputs.back().as<float>(), network.input(i).begin());
  }
  for (const Tensor& input : inputs) views.push_back(input.view());
  ASSERT_TRUE((*segment)->run(views).ok());
  ASSERT_TRUE(network.forward(1).ok());
  const auto expected = (*segment)->output(0).as<float>();
  ASSERT_EQ(expected.size(), network.predictions().size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double tolerance = 2e-4 * std::max(1.0, std::fabs(double{expected[i]}));
    ASSERT_NEAR(network.predictions()[i], expected[i], tolerance) << path << " at " << i;
  }
}

// Files of every version of Keras, as far as they can be trained.
TEST(TrainedModel, ComputesWhatItsFileDoes) {
  int archives = 0, legacy = 0;
  for (const auto& entry : fs::directory_iterator(kSource / "tests/data/keras")) {
    const fs::path& path = entry.path();
    if (path.extension() != ".keras" && path.extension() != ".h5") continue;
    const Result<TrainedModel> model = read_trained_model(path);
    if (!model.ok()) {
      EXPECT_NE(model.status().message().find(path.string()), std::string::npos);
      continue;
    }
    expect_computes_what_the_file_does(*model, path);
    ++(path.extension() == ".h5" ? legacy : archives);
  }
  EXPECT_GE(archives, 20);
  EXPECT_GE(legacy, 4);
}

TEST(TrainedModel, IsWrittenAsItWasRead) {
  const fs::path path = kSource / "models/fashion_resnet/fashion_resnet.keras";
  const Result<TrainedModel> model = read_trained_model(path);
  ASSERT_TRUE(model.ok()) << model.status().to_string();
  EXPECT_EQ(*keras_file_of(network_of(*model), {}), bytes_of(path));
}

// A network of pixels 0..1 has a kernel that is larger than the file's by as much.
TEST(TrainedModel, PutsTheScaleOfPixelsIntoItsKernel) {
  const Result<TrainedModel> model =
      read_trained_model(kSource / "models/test_model/test_model.keras");
  ASSERT_TRUE(model.ok()) << model.status().to_string();
  const auto scale = pixel_scale_of(*model->architecture);
  ASSERT_TRUE(scale.ok() && scale->kernel.has_value());
  Network raw = network_of(*model), scaled = network_of(*model, *scale);
  for (std::size_t i = 0; i < raw.input().size(); ++i) {
    raw.input()[i] = static_cast<float>(i * 7 % 256);
    scaled.input()[i] = raw.input()[i] * scale->scaling.scale;
  }
  ASSERT_TRUE(raw.forward(1).ok() && scaled.forward(1).ok());
  EXPECT_NEAR(raw.predictions()[0], scaled.predictions()[0], 1e-4);
  EXPECT_EQ(keras_file_of(raw, {})->size(), keras_file_of(scaled, *scale)->size());
}

// What a network for other classes shares with it; the last layer keeps what was drawn.
TEST(TrainedModel, LendsWeightsOfTheSameNameAndShape) {
  const Result<TrainedModel> model =
      read_trained_model(kSource / "models/test_model/test_model.keras");
  ASSERT_TRUE(model.ok()) << model.status().to_string();
  const auto other = std::make_shared<const Architecture>(
      *parse_architecture(*named_architecture("original", {}, 5)));
  const auto make = [&] {
    NetworkOptions options;
    options.seed = 3;
    return Network::create(other, options);
  };
  Result<Network> drawn = make(), lent = make();
  const auto scale = pixel_scale_of(*other);
  ASSERT_TRUE(drawn.ok() && lent.ok() && scale.ok());
  // The file takes 0..255, the network is trained on 0..1.
  ASSERT_EQ(*set_matching_weights(*model, {}, *scale, *lent), 4U);
  const std::size_t count = other->parameters.size();
  ASSERT_EQ(count, 6U);
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_last = i >= count - 2;
    const float factor = scale->kernel == i ? 1.0F / scale->scaling.scale : 1.0F;
    const auto source = (is_last ? drawn->parameter(i) : model->parameters[i]->view()).as<float>();
    const auto found = lent->parameter(i).as<float>();
    ASSERT_EQ(found.size(), source.size());
    for (std::size_t k = 0; k < found.size(); ++k) {
      ASSERT_EQ(found[k], source[k] * (is_last ? 1.0F : factor)) << i << " " << k;
    }
  }
  const PixelScaling around_zero{2.0F / 255.0F, -1.0F};
  EXPECT_FALSE(set_matching_weights(*model, around_zero, *scale, *lent).ok());
  const Result<TrainedModel> stranger =
      read_trained_model(kSource / "models/fashion_resnet/fashion_resnet.keras");
  const Status status = set_matching_weights(*stranger, {}, *scale, *lent).status();
  EXPECT_NE(status.message().find("scales pixels in"), std::string::npos) << status.message();
}

TEST(TrainedModel, SurvivesEveryDamage) {
  const std::string whole = bytes_of(kSource / "tests/data/keras/k2_h5_sequential.h5");
  const TemporaryFolder folder;
  const std::size_t step = std::max<std::size_t>(whole.size() / 200, 1);
  for (std::size_t size = 0; size < whole.size(); size += step) {
    folder.write("cut.h5", whole.substr(0, size));
    EXPECT_FALSE(read_trained_model(folder.path() / "cut.h5").ok()) << size;
  }
  folder.write("model.tflite", bytes_of(kSource / "tests/data/tflite/activations.tflite"));
  const Status status = read_trained_model(folder.path() / "model.tflite").status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_NE(status.message().find("only a Keras model"), std::string::npos);
}

}  // namespace
}  // namespace tinysplit::training
