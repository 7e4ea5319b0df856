#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "formats/npy/npy.h"
#include "training/networks.h"
#include "training/optimizer.h"

// Networks before and after steps of real Keras, made by tools/make_training_golden.py.
namespace tinysplit::training {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "tests/data/training";

std::string text_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Json all_options() { return Json::parse(text_of(kFolder / "options.json")); }

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  const Json all = all_options();
  for (const auto& [name, options] : all.items()) names.push_back(name);
  return names;
}

using Arrays = std::map<std::string, Tensor>;

Arrays read_case(const std::string& name) {
  Result<std::vector<NamedTensor>> read = read_arrays(kFolder / (name + ".npz"));
  Arrays arrays;
  if (!read.ok()) return arrays;
  for (NamedTensor& item : *read) arrays.emplace(item.name, std::move(item.tensor));
  return arrays;
}

OptimizerOptions optimizer_options(const Json& json) {
  OptimizerOptions options;
  options.kind = *optimizer_of(json["optimizer"].get<std::string>());
  options.momentum = json.value("momentum", options.momentum);
  options.nesterov = json.value("nesterov", options.nesterov);
  options.beta_1 = json.value("beta_1", options.beta_1);
  options.beta_2 = json.value("beta_2", options.beta_2);
  options.weight_decay = json.value("weight_decay", options.weight_decay);
  options.clip_norm = json.value("global_clipnorm", options.clip_norm);
  return options;
}

// The largest difference, relative to the largest number of the tensor.
void expect_close(std::span<const float> actual, std::span<const float> expected,
                  const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double most = 1e-3, off = 0.0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    most = std::max(most, std::fabs(double{expected[i]}));
    off = std::max(off, std::fabs(double{actual[i]} - double{expected[i]}));
  }
  EXPECT_LE(off / most, 1e-4) << what;
}

class TrainingGoldenTest : public testing::TestWithParam<std::string> {
 protected:
  void expect_weights(const Network& network, const Arrays& arrays, const char* prefix) {
    for (std::size_t p = 0; p < network.architecture().parameters.size(); ++p) {
      expect_close(network.parameter(p).as<float>(),
                   arrays.at(prefix + std::to_string(p)).as<float>(),
                   network.architecture().parameter_name(p) + " " + prefix);
    }
  }
};

TEST_P(TrainingGoldenTest, StepsEqualThoseOfKeras) {
  const Arrays arrays = read_case(GetParam());
  ASSERT_FALSE(arrays.empty());
  const Json json = all_options()[GetParam()];
  NetworkOptions options;
  options.batch = arrays.at("x0").shape()[0];
  options.loss.kind = *loss_of(json["loss"].get<std::string>());
  options.loss.label_smoothing = json["label_smoothing"];
  Network network = make_network(text_of(kFolder / (GetParam() + ".json")), options);
  for (std::size_t p = 0; p < network.architecture().parameters.size(); ++p) {
    const Status set = network.set_parameter(p, arrays.at("w" + std::to_string(p)).view());
    ASSERT_TRUE(set.ok()) << set.to_string();
  }
  Result<Optimizer> optimizer =
      Optimizer::create(optimizer_options(json), network.weights().size());
  ASSERT_TRUE(optimizer.ok()) << optimizer.status().to_string();
  for (int step = 0; step < 3; ++step) {
    const std::string number = std::to_string(step);
    std::ranges::copy(arrays.at("x" + number).as<float>(), network.input().begin());
    std::ranges::copy(arrays.at("t" + number).as<float>(), network.targets().begin());
    const Result<double> loss = network.forward_backward(options.batch);
    ASSERT_TRUE(loss.ok()) << loss.status().to_string();
    const float expected = arrays.at("loss" + number).as<float>()[0];
    EXPECT_NEAR(*loss, expected, 1e-4 * std::fabs(expected)) << "step " << step;
    optimizer->step(json["learning_rate"], network.weights(), network.gradients());
    network.weights_changed();
    if (step == 0) expect_weights(network, arrays, "a");
  }
  expect_weights(network, arrays, "c");
  std::ranges::copy(arrays.at("x0").as<float>(), network.input().begin());
  ASSERT_TRUE(network.forward(options.batch).ok());
  expect_close(network.predictions(), arrays.at("y").as<float>(), "predictions");
}

INSTANTIATE_TEST_SUITE_P(Cases, TrainingGoldenTest, testing::ValuesIn(case_names()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace tinysplit::training
