// What the reference kernels of LiteRT computed, against what the engine computes of the same file,
// uncut and cut everywhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "engine/engine.h"
#include "formats/model_reader.h"
#include "formats/npy/npy.h"
#include "formats/tflite_test_files.h"
#include "graph/cuts.h"
#include "layer_runs.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT

// Floats within 1e-5 of the largest value, whole numbers exactly.
void expect_same(const Tensor& found, const Tensor& expected, const std::string& what) {
  constexpr double kMostError = 1e-5;
  const Difference difference = difference_of(found, expected);
  const bool floats = expected.dtype() == DType::kFloat32;
  EXPECT_LE(difference.largest, floats ? kMostError : 0.0)
      << what << ": " << difference.elements << " of " << expected.shape().num_elements()
      << " elements differ; " << dtype_name(found.dtype()) << found.shape().to_string()
      << " against " << dtype_name(expected.dtype()) << expected.shape().to_string();
}

void expect_every_cut(Engine& engine, const std::vector<NamedTensor>& inputs,
                      const std::vector<NamedTensor>& uncut) {
  const Graph& graph = engine.graph();
  for (const Cut& cut : find_cuts(graph)) {
    if (cut.cut == graph.num_layers() || cut.splits_fusion) continue;
    SCOPED_TRACE("cut " + std::to_string(cut.cut));
    auto live = run_layers(engine, 0, cut.cut, copies_of(inputs));
    const auto outputs = run_layers(engine, cut.cut, graph.num_layers(), std::move(live));
    for (const NamedTensor& expected : uncut) {
      const Tensor* found = tensor_named(outputs, expected.name);
      ASSERT_NE(found, nullptr) << expected.name;
      ASSERT_EQ(found->num_bytes(), expected.tensor.num_bytes()) << expected.name;
      ASSERT_EQ(std::memcmp(found->data(), expected.tensor.data(), found->num_bytes()), 0)
          << expected.name;
    }
  }
}

void expect_golden(const std::filesystem::path& model, const std::filesystem::path& golden) {
  const auto graph = read_model(model);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto arrays = read_arrays(golden);
  ASSERT_TRUE(arrays.ok()) << arrays.status().to_string();
  const auto inputs = golden_tensors(*arrays, 'x', **graph, (*graph)->inputs());
  const auto expected = golden_tensors(*arrays, 'y', **graph, (*graph)->outputs());
  const auto engine = Engine::create(*graph);
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  const auto uncut = run_layers(**engine, 0, (*graph)->num_layers(), copies_of(inputs));
  ASSERT_EQ(uncut.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Tensor* found = tensor_named(uncut, expected[i].name);
    ASSERT_NE(found, nullptr) << expected[i].name;
    expect_same(*found, expected[i].tensor, "output " + std::to_string(i));
  }
  expect_every_cut(**engine, inputs, uncut);
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(tflite_file(""), error)) {
    if (entry.path().extension() == ".tflite") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

class TfliteGolden : public testing::TestWithParam<std::string> {};

TEST_P(TfliteGolden, ComputesWhatTheReferenceComputed) {
  expect_golden(tflite_file(GetParam() + ".tflite"), tflite_file(GetParam() + ".npz"));
}

INSTANTIATE_TEST_SUITE_P(Cases, TfliteGolden, testing::ValuesIn(cases()),
                         [](const auto& parameter) { return parameter.param; });

class TfliteMlperf : public testing::TestWithParam<std::string> {};

TEST_P(TfliteMlperf, ComputesWhatTheReferenceComputed) {
  const auto model = mlperf_tflite(GetParam() + ".tflite");
  if (!std::filesystem::exists(model)) GTEST_SKIP() << model << " is not there";
  expect_golden(model, tflite_file("mlperf_" + GetParam() + ".npz"));
}

INSTANTIATE_TEST_SUITE_P(Models, TfliteMlperf,
                         testing::Values("ad01_fp32", "kws_fp32", "resnet8_fp32", "vww_96_fp32",
                                         "ad01_int8", "kws_int8", "resnet8_int8", "vww_96_int8"),
                         [](const auto& parameter) { return parameter.param; });

// The Keras model and the TensorFlow Lite one that was converted from it. Those of ad01 are
// published with different weights: Keras and LiteRT differ by 1.5 % there as well.
TEST(TfliteAgainstKeras, ComputesTheSame) {
  for (const std::string name : {"resnet8", "vww_96"}) {
    const auto keras = mlperf_tflite(name + ".h5"), tflite = mlperf_tflite(name + "_fp32.tflite");
    if (!std::filesystem::exists(keras)) GTEST_SKIP() << keras << " is not there";
    SCOPED_TRACE(name);
    const auto arrays = read_arrays(tflite_file("../mlperf_tiny/" + name + ".npz"));
    ASSERT_TRUE(arrays.ok()) << arrays.status().to_string();
    std::vector<Tensor> outputs;
    for (const auto& file : {keras, tflite}) {
      const auto graph = read_model(file);
      ASSERT_TRUE(graph.ok()) << graph.status().to_string();
      const auto engine = Engine::create(*graph);
      ASSERT_TRUE(engine.ok()) << engine.status().to_string();
      auto made = run_layers(**engine, 0, (*graph)->num_layers(),
                             golden_tensors(*arrays, 'x', **graph, (*graph)->inputs()));
      ASSERT_EQ(made.size(), 1U);
      outputs.push_back(std::move(made[0].tensor));
    }
    EXPECT_LE(difference_of(outputs[1], outputs[0]).largest, 1e-4);
  }
}

}  // namespace
}  // namespace tinysplit
