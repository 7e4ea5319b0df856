// What files become the input of a model, by every command that takes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "app/process.h"
#include "formats/image/image.h"
#include "formats/npy/npy.h"

namespace tinysplit::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path kTestData = fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data";

// A copy of a bundled model, to put files beside.
fs::path copy_of_model(const TemporaryFolder& folder, const std::string& name) {
  const fs::path model = fs::path(folder.path(name)) / (name + ".keras");
  fs::create_directories(model.parent_path());
  fs::copy_file(fs::path(model_path(name)) / (name + ".keras"), model);
  return model;
}

// What the first layer makes of a file.
std::vector<float> first_layer_of(const fs::path& model, const fs::path& input,
                                  const TemporaryFolder& folder) {
  const std::string output = folder.path("first.npz");
  const Finished finished =
      run({"infer", model, "--input", input, "--end", "1", "--output", output});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  const auto arrays = read_arrays(output).value();
  const auto numbers = arrays.at(0).tensor.as<float>();
  return {numbers.begin(), numbers.end()};
}

TEST(ImageInput, IsScaledAsPreprocessingSays) {
  const TemporaryFolder folder;
  const fs::path model = copy_of_model(folder, "test_model");
  const fs::path image = fs::path(model_path("test_model")) / "data/0_clothing_a.png";
  const Tensor raw = read_image(image, Shape{1, 20, 20, 3}).value();
  const std::array<float, 3> mean = {0.1F, 0.2F, 0.3F}, deviation = {0.5F, 1.0F, 2.0F};
  Tensor scaled(DType::kFloat32, raw.shape());
  for (std::size_t i = 0; i < scaled.as<float>().size(); ++i) {
    const std::size_t c = i % 3;
    const float pixel = raw.as<float>()[i - c + (2 - c)];  // blue first
    scaled.as<float>()[i] = (pixel / 255.0F - mean[c]) / deviation[c];
  }
  ASSERT_TRUE(write_npy(folder.path("scaled.npy"), scaled.view()).ok());
  write_bytes(model.parent_path() / "preprocessing.json",
              R"({"pixels": "0..1", "mean": [0.1, 0.2, 0.3], "std": [0.5, 1, 2],
                  "channels": "bgr"})");
  // Arrays are taken as they are.
  const std::vector<float> wanted = first_layer_of(model, folder.path("scaled.npy"), folder);
  const std::vector<float> made = first_layer_of(model, image, folder);
  ASSERT_EQ(made.size(), wanted.size());
  for (std::size_t i = 0; i < made.size(); ++i) ASSERT_NEAR(made[i], wanted[i], 1e-5) << i;
  EXPECT_GT(*std::ranges::max_element(made), 0.0F);
}

TEST(ImageInput, EveryCommandNoticesAnInvalidPreprocessing) {
  const TemporaryFolder folder;
  const fs::path model = copy_of_model(folder, "test_model");
  const std::string image = fs::path(model_path("test_model")) / "data/0_clothing_a.png";
  write_bytes(model.parent_path() / "preprocessing.json", R"({"pixel": "0..1"})");
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"infer", model, "--input", image},
           {"device", "--edge", "http://127.0.0.1:1", "--model", model, "--input", image},
           {"evaluate", model, "--dataset", "fashion-footwear"},
           {"quantize", model, "--calibrate", "fashion-footwear"}}) {
    expect_refused(run(command), 2, "preprocessing.json: \"pixel\"");
  }
}

TEST(ImageInput, EveryFormatIsRead) {
  const TemporaryFolder folder;
  const fs::path model = copy_of_model(folder, "test_model");
  const std::vector<float> png = first_layer_of(model, kTestData / "images/turned.png", folder);
  for (const char* const name : {"rgb.bmp", "lossless.webp", "turned_3.jpg", "inks.jpg"}) {
    const std::vector<float> other = first_layer_of(model, kTestData / "images" / name, folder);
    double difference = 0.0;
    for (std::size_t i = 0; i < png.size(); ++i) difference += std::abs(png[i] - other[i]);
    // The PNG is turned by a quarter, the JPEG by half.
    EXPECT_GT(difference, 1.0) << name;
  }
  EXPECT_EQ(first_layer_of(model, kTestData / "images/rgb.bmp", folder),
            first_layer_of(model, kTestData / "images/lossless.webp", folder));
}

Tensor random_tensor(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Tensor tensor(DType::kFloat32, shape);
  for (float& number : tensor.as<float>()) number = normal(random);
  return tensor;
}

// Windows with the classes that the model itself names, half of them wrong.
TEST(ArrayInput, AModelIsEvaluatedAndQuantisedOnArrays) {
  const TemporaryFolder folder;
  const std::string model = model_path("fashion_resnet");
  constexpr std::int64_t kSamples = 24;
  std::vector<NamedTensor> arrays;
  arrays.push_back({"x", random_tensor(Shape{kSamples, 28, 28}, 3)});
  for (float& number : arrays[0].tensor.as<float>()) number = 128.0F + 64.0F * number;
  Tensor labels(DType::kInt64, Shape{kSamples});
  arrays.push_back({"y", std::move(labels)});
  for (std::int64_t i = 0; i < kSamples; ++i) {
    Tensor one(DType::kFloat32, Shape{1, 28, 28, 1});
    const auto sample = arrays[0].tensor.as<float>().subspan(std::size_t(i) * 784, 784);
    std::ranges::copy(sample, one.as<float>().begin());
    ASSERT_TRUE(write_npy(folder.path("one.npy"), one.view()).ok());
    const Finished finished =
        run({"infer", model, "--input", folder.path("one.npy"), "--output", folder.path("y.npz")});
    ASSERT_EQ(finished.exit_code, 0) << finished.err;
    const auto outputs = read_arrays(folder.path("y.npz")).value();
    const auto scores = outputs[0].tensor.as<float>();
    const auto named = std::ranges::max_element(scores) - scores.begin();
    arrays[1].tensor.as<std::int64_t>()[std::size_t(i)] = i % 2 == 0 ? named : (named + 1) % 10;
  }
  const std::string data = folder.path("data.npz");
  ASSERT_TRUE(write_npz(data, arrays).ok());
  const Finished evaluated =
      run({"evaluate", model, "--dataset", data, "--split", "all", "--cut", "6", "--json"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_EQ(Json::parse(evaluated.out).at("accuracy"), 0.5);
  const std::string int8 = folder.path("int8.tflite");
  const Finished quantized =
      run({"quantize", model, "--calibrate", data, "--output", int8, "--json"});
  ASSERT_EQ(quantized.exit_code, 0) << quantized.err;
  EXPECT_TRUE(Json::parse(quantized.out).contains("accuracy"));
  // Without labels there is nothing to measure, which is said.
  arrays.pop_back();
  ASSERT_TRUE(write_npz(data, arrays).ok());
  const Finished unlabelled = run({"quantize", model, "--calibrate", data, "--json"});
  ASSERT_EQ(unlabelled.exit_code, 0) << unlabelled.err;
  EXPECT_FALSE(Json::parse(unlabelled.out).contains("accuracy"));
  EXPECT_NE(unlabelled.err.find("not measured"), std::string::npos) << unlabelled.err;
  expect_refused(run({"evaluate", model, "--dataset", data}), 2, "neither labels");
}

TEST(ArrayInput, OfAnotherShapeIsRefused) {
  const TemporaryFolder folder;
  std::vector<NamedTensor> arrays;
  arrays.push_back({"x", random_tensor(Shape{4, 27, 28}, 3)});
  ASSERT_TRUE(write_npz(folder.path("x.npz"), arrays).ok());
  for (const char* const option : {"evaluate", "quantize"}) {
    const bool evaluates = std::string(option) == "evaluate";
    expect_refused(run({option, model_path("fashion_resnet"),
                        evaluates ? "--dataset" : "--calibrate", folder.path("x.npz")}),
                   2, "[27,28], the model takes [28,28,1]");
  }
}

// Windows of 12 steps of 2 channels: a rising line or a falling one, with noise.
std::string write_lines(const TemporaryFolder& folder) {
  constexpr std::int64_t kSamples = 80, kSteps = 12;
  std::vector<NamedTensor> arrays;
  arrays.push_back({"x", random_tensor(Shape{kSamples, kSteps, 2}, 4)});
  arrays.push_back({"y", Tensor(DType::kInt64, Shape{kSamples})});
  const auto x = arrays[0].tensor.as<float>();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto sample = static_cast<std::int64_t>(i) / (2 * kSteps);
    const auto step = static_cast<float>(i / 2 % kSteps) - 5.5F;
    arrays[1].tensor.as<std::int64_t>()[std::size_t(sample)] = sample % 2;
    x[i] = 0.3F * x[i] + (sample % 2 == 0 ? step : -step);
  }
  std::string path = folder.path("lines.npz");
  EXPECT_TRUE(write_npz(path, arrays).ok());
  return path;
}

constexpr const char* kDense =
    R"({"class_name": "Sequential", "config": {"name": "lines", "layers": [
    {"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": [null, 12, 2]}},
    {"class_name": "Flatten", "config": {"name": "flat"}},
    {"class_name": "Dense", "config": {"name": "scores", "units": 2, "activation": "softmax"}}]}})";

TEST(ArrayInput, AModelIsTrainedQuantisedAndEvaluatedOnArrays) {
  const TemporaryFolder folder;
  const std::string data = write_lines(folder), arch = folder.path("lines.json");
  write_bytes(arch, kDense);
  const std::string model = folder.path("lines");
  const Finished trained = run({"train", "--arch", arch, "--dataset", data, "--epochs", "6",
                                "--batch", "8", "--output", model, "--json"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_GT(Json::parse(trained.out).at("accuracy").get<double>(), 0.8);
  EXPECT_FALSE(fs::exists(model + "/data"));
  const Finished evaluated =
      run({"evaluate", model, "--dataset", data, "--split", "all", "--json"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_GT(Json::parse(evaluated.out).at("accuracy").get<double>(), 0.9);
  const Finished quantized = run({"quantize", model, "--calibrate", data, "--json"});
  ASSERT_EQ(quantized.exit_code, 0) << quantized.err;
  EXPECT_GT(Json::parse(quantized.out).at("accuracy").at("int8").get<double>(), 0.8);
  expect_refused(run({"train", "--arch", arch, "--dataset", data, "--augment", "flip", "--output",
                      folder.path("other")}),
                 2, "arrays");
}

}  // namespace
}  // namespace tinysplit::test
