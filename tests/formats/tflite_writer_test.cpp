// What is written as TensorFlow Lite, read back.
#include "formats/tflite/tflite_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "formats/graph_comparison.h"
#include "formats/keras_test_files.h"
#include "formats/model_reader.h"
#include "formats/tflite/tflite_reader.h"
#include "formats/tflite_test_files.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;
using namespace test;  // NOLINT

std::string_view text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<fs::path> models_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto extension = entry.path().extension();
    if (extension == ".keras" || extension == ".h5" || extension == ".tflite") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::string test_name(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.filename().string();
  std::ranges::replace_if(
      name, [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
}

// Largest difference relative to the largest expected value; of bits where `exact`.
void expect_equal(const std::vector<Tensor>& found, const std::vector<Tensor>& expected,
                  bool exact) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].num_bytes(), expected[i].num_bytes());
    if (std::memcmp(found[i].data(), expected[i].data(), found[i].num_bytes()) == 0) continue;
    const Difference difference = difference_of(found[i], expected[i]);
    EXPECT_FALSE(exact) << "output " << i << ": " << difference.elements << " elements, "
                        << difference.largest;
    EXPECT_LE(difference.largest, 1e-6) << "output " << i;
  }
}

// Operations that TensorFlow Lite has no operator for, so that several, or one that sums in another
// order, take their place: their results may differ in the last bits.
bool is_composed(const Op& op) {
  if (const auto* activation = std::get_if<ActivationOp>(&op)) {
    switch (activation->kind) {
      case ActivationKind::kClip:
      case ActivationKind::kSigmoid:
      case ActivationKind::kTanh:
      case ActivationKind::kGeluErf:
      case ActivationKind::kGeluTanh:
      case ActivationKind::kHardSwish:
      case ActivationKind::kExp:
        return false;
      case ActivationKind::kElu:
        return activation->alpha != 1.0f;
      case ActivationKind::kThresholdRelu:
        return activation->gamma != 0.0f;
      default:
        return true;
    }
  }
  if (const auto* pool = std::get_if<Pool2dOp>(&op)) return pool->kind == PoolKind::kAverage;
  if (const auto* pool = std::get_if<GlobalPoolOp>(&op)) return pool->kind == PoolKind::kAverage;
  return std::holds_alternative<NormalizeOp>(op) || std::holds_alternative<SoftmaxOp>(op) ||
         std::holds_alternative<ChannelAffineOp>(op) || std::holds_alternative<RecurrentOp>(op);
}

bool is_exact(const Graph& graph) {
  return std::ranges::none_of(graph.nodes(), [](const Node& node) { return is_composed(node.op); });
}

class TfliteFileAgain : public testing::TestWithParam<fs::path> {};

TEST_P(TfliteFileAgain, IsTheSameGraph) {
  const auto graph = read_model(GetParam());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto bytes = write_tflite(**graph);
  ASSERT_TRUE(bytes.ok()) << bytes.status().to_string();
  const auto again = read_tflite_model_bytes(text_of(*bytes), (*graph)->name());
  ASSERT_TRUE(again.ok()) << again.status().to_string();
  const bool scales_softmax = GetParam().stem() == "activations";
  if (!scales_softmax) {
    EXPECT_EQ(difference_of_graphs(**again, **graph), "");
  }
  const auto inputs = numbers_for_inputs(**graph);
  expect_equal(outputs_of(*again, inputs), outputs_of(*graph, inputs), !scales_softmax);
}

INSTANTIATE_TEST_SUITE_P(Cases, TfliteFileAgain, testing::ValuesIn(models_in(tflite_file(""))),
                         test_name);

class KerasAsTflite : public testing::TestWithParam<fs::path> {};

TEST_P(KerasAsTflite, ComputesTheSame) {
  const auto graph = read_model(GetParam());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto bytes = write_tflite(**graph);
  if (!bytes.ok()) {
    EXPECT_EQ(bytes.status().code(), StatusCode::kUnimplemented) << bytes.status().to_string();
    GTEST_SKIP() << bytes.status().to_string();
  }
  const auto again = read_tflite_model_bytes(text_of(*bytes), (*graph)->name());
  ASSERT_TRUE(again.ok()) << again.status().to_string();
  const auto inputs = numbers_for_inputs(**graph);
  expect_equal(outputs_of(*again, inputs), outputs_of(*graph, inputs), is_exact(**graph));
}

INSTANTIATE_TEST_SUITE_P(Cases, KerasAsTflite, testing::ValuesIn(golden_models()), test_name);

}  // namespace
}  // namespace tinysplit
