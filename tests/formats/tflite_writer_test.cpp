// What is written as TensorFlow Lite, read back: the same graph, or one that computes the same.
#include "formats/tflite/tflite_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "formats/graph_comparison.h"
#include "formats/keras_test_files.h"
#include "formats/model_reader.h"
#include "formats/tflite/tflite_reader.h"
#include "formats/tflite_test_files.h"
#include "graph/cuts.h"
#include "graph/subgraph.h"
#include "sample_models.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;
using namespace test;  // NOLINT

fs::path source_path(const std::string& path) { return fs::path(TINYSPLIT_SOURCE_DIR) / path; }

std::vector<fs::path> models_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto extension = entry.path().extension();
    if (extension == ".keras" || extension == ".h5" || extension == ".tflite" ||
        extension == ".onnx") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::vector<fs::path> models_of_other_formats() {
  std::vector<fs::path> files = golden_models();
  for (const char* folder : {"tests/data/onnx", "models/test_model", "models/fashion_resnet"}) {
    for (const fs::path& file : models_in(source_path(folder))) files.push_back(file);
  }
  return files;
}

std::string test_name(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.filename().string();
  std::ranges::replace_if(
      name, [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
}

std::string_view text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

using GraphPointer = std::shared_ptr<const Graph>;

// Written and read again; null after a failure, which is reported, and where an operation cannot be
// written, which leaves `status` to say so.
GraphPointer read_back(const Graph& graph, Status* status = nullptr) {
  const auto bytes = write_tflite(graph);
  if (!bytes.ok() && status != nullptr && bytes.status().code() == StatusCode::kUnimplemented) {
    *status = bytes.status();
    return nullptr;
  }
  EXPECT_TRUE(bytes.ok()) << bytes.status().to_string();
  if (!bytes.ok()) return nullptr;
  const auto again = read_tflite_model_bytes(text_of(*bytes), graph.name());
  EXPECT_TRUE(again.ok()) << again.status().to_string();
  return again.ok() ? *again : nullptr;
}

// SAME puts an odd cell behind; with a stride it depends on the image.
bool is_padded_apart(const Spatial2d& spatial) {
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t odd = spatial.pad_after[i] - spatial.pad_before[i];
    const bool padded = spatial.pad_after[i] > 0 || spatial.pad_before[i] > 0;
    if (padded && (odd < 0 || odd > 1 || spatial.stride[i] > 1)) return true;
  }
  return false;
}

// Operations that TensorFlow Lite has no operator for, so that several, or one that rounds in
// another order, take their place: their results may differ in the last bits.
bool is_composed(const Op& op) {
  if (const auto* activation = std::get_if<ActivationOp>(&op)) {
    switch (activation->kind) {
      case ActivationKind::kElu:
        return activation->alpha != 1.0f;
      case ActivationKind::kSelu:
      case ActivationKind::kSwish:
      case ActivationKind::kHardSigmoid:
      case ActivationKind::kSoftplus:
      case ActivationKind::kCelu:
      case ActivationKind::kSoftsign:
      case ActivationKind::kMish:
      case ActivationKind::kScaledTanh:
      case ActivationKind::kScaledSelu:
      case ActivationKind::kLinear:
        return true;
      case ActivationKind::kThresholdRelu:
        return activation->gamma != 0.0f;
      default:
        return false;
    }
  }
  if (const auto* conv = std::get_if<Conv2dOp>(&op)) return is_padded_apart(conv->spatial);
  if (const auto* pool = std::get_if<Pool2dOp>(&op)) {
    return pool->count_padding || is_padded_apart(pool->spatial);
  }
  // Means over an image are read as pooling, which multiplies where a mean divides.
  if (const auto* reduce = std::get_if<ReduceOp>(&op)) {
    return reduce->kind == ReduceKind::kMean || reduce->kind == ReduceKind::kLogSumExp;
  }
  return std::holds_alternative<NormalizeOp>(op) || std::holds_alternative<SoftmaxOp>(op) ||
         std::holds_alternative<ChannelAffineOp>(op);
}

// Where ONNX rounds once, or halves to even, and TensorFlow Lite does not, each number may be one
// off: as many steps of the coarsest scale as there are such operations in a row, here two.
bool rounds_otherwise(const Op& op) {
  if (const auto* conv = std::get_if<Conv2dOp>(&op)) return conv->rounds_once;
  if (const auto* quantize = std::get_if<QuantizeOp>(&op)) return quantize->half_to_even;
  return false;
}

// The largest difference that an output of `graph` may have once it is written: of real numbers.
double tolerance_of(const Graph& graph) {
  const auto any = [&](auto&& is) {
    return std::ranges::any_of(graph.nodes(), [&](const Node& node) { return is(node.op); });
  };
  if (!any(rounds_otherwise)) return any(is_composed) ? 1e-6 : 0.0;
  float coarsest = 0.0f;
  for (const Value& value : graph.values()) {
    if (!value.is_constant() && value.quantization) {
      coarsest = std::max(coarsest, std::ranges::max(value.quantization->scale));
    }
  }
  return 2.0 * static_cast<double>(coarsest);
}

// Bit for bit where `tolerance` is 0. Of 8-bit outputs the differences are in stored numbers.
void expect_equal(const std::vector<Tensor>& found, const std::vector<Tensor>& expected,
                  double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].shape().to_string(), expected[i].shape().to_string());
    ASSERT_EQ(found[i].dtype(), expected[i].dtype());
    if (std::memcmp(found[i].data(), expected[i].data(), found[i].num_bytes()) == 0) continue;
    const Difference difference = difference_of(found[i], expected[i]);
    const bool stored = tolerance > 1e-6 && found[i].dtype() != DType::kFloat32;
    EXPECT_GT(tolerance, 0.0) << "output " << i << ": " << difference.elements << " elements";
    EXPECT_LE(difference.largest, stored ? 2.0 : tolerance) << "output " << i;
  }
}

void expect_same_outputs(const GraphPointer& found, const GraphPointer& expected) {
  const auto inputs = numbers_for_inputs(*expected);
  expect_equal(outputs_of(found, inputs), outputs_of(expected, inputs), tolerance_of(*expected));
}

// Heads and tails of every cut, as graphs and as files.
void expect_every_cut(const Graph& graph) {
  for (int cut = 1; cut < graph.num_layers(); ++cut) {
    SCOPED_TRACE("cut " + std::to_string(cut));
    for (const auto& part :
         {extract_layers(graph, 0, cut), extract_layers(graph, cut, graph.num_layers())}) {
      if (!part.ok() || (*part)->nodes().empty()) continue;
      Status refused;
      const GraphPointer again = read_back(**part, &refused);
      if (!refused.ok()) continue;
      ASSERT_NE(again, nullptr);
      expect_same_outputs(again, *part);
    }
  }
}

class TfliteWrittenAgain : public testing::TestWithParam<fs::path> {};

TEST_P(TfliteWrittenAgain, IsTheSameGraph) {
  const auto graph = read_model(GetParam());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const GraphPointer again = read_back(**graph);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(difference_of_graphs(*again, **graph), "");
  const auto inputs = numbers_for_inputs(**graph);
  expect_equal(outputs_of(again, inputs), outputs_of(*graph, inputs), 0.0);
}

TEST_P(TfliteWrittenAgain, IsTheSameAtEveryCut) {
  const auto graph = read_model(GetParam());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  for (int cut = 1; cut < (*graph)->num_layers(); ++cut) {
    SCOPED_TRACE("cut " + std::to_string(cut));
    for (const auto& part :
         {extract_layers(**graph, 0, cut), extract_layers(**graph, cut, (*graph)->num_layers())}) {
      if (!part.ok() || (*part)->nodes().empty()) continue;
      const GraphPointer again = read_back(**part);
      ASSERT_NE(again, nullptr);
      EXPECT_EQ(difference_of_graphs(*again, **part), "");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, TfliteWrittenAgain, testing::ValuesIn(models_in(tflite_file(""))),
                         test_name);

class WrittenAsTflite : public testing::TestWithParam<fs::path> {};

TEST_P(WrittenAsTflite, ComputesTheSame) {
  const auto graph = read_model(GetParam());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  Status refused;
  const GraphPointer again = read_back(**graph, &refused);
  if (!refused.ok()) {
    // What is refused is named.
    EXPECT_NE(refused.message().find("layer "), std::string::npos) << refused.message();
    GTEST_SKIP() << refused.to_string();
  }
  ASSERT_NE(again, nullptr);
  expect_same_outputs(again, *graph);
  constexpr int kSmall = 12;
  if ((*graph)->num_layers() <= kSmall) expect_every_cut(**graph);
}

INSTANTIATE_TEST_SUITE_P(Cases, WrittenAsTflite, testing::ValuesIn(models_of_other_formats()),
                         test_name);

TEST(TfliteWriter, CutsTheBundledModelsEverywhere) {
  for (const char* name : {"test_model", "fashion_resnet"}) {
    SCOPED_TRACE(name);
    const auto graph = read_model(source_path("models") / name / (std::string(name) + ".keras"));
    ASSERT_TRUE(graph.ok()) << graph.status().to_string();
    expect_every_cut(**graph);
  }
}

// Beside the project: not every checkout has them.
TEST(TfliteWriter, WritesTheMlperfTinyModelsInTheSizeThatTheyHave) {
  const auto files = models_in(mlperf_tflite(""));
  if (files.empty()) GTEST_SKIP() << mlperf_tflite("") << " is not there";
  for (const fs::path& file : files) {
    SCOPED_TRACE(file.filename());
    const auto graph = read_model(file);
    ASSERT_TRUE(graph.ok()) << graph.status().to_string();
    const GraphPointer again = read_back(**graph);
    ASSERT_NE(again, nullptr);
    expect_same_outputs(again, *graph);
    if (file.extension() != ".tflite") continue;
    EXPECT_EQ(difference_of_graphs(*again, **graph), "");
    // The weights of this one are integers beside float32 activations, which become float32.
    if (file.stem() == "kws_fp32") continue;
    const double size = static_cast<double>(write_tflite(**graph)->size());
    EXPECT_LT(size, 1.02 * static_cast<double>(fs::file_size(file)));
  }
}

TEST(TfliteWriter, CutsTheMlperfTinyModelsEverywhere) {
  const auto files = models_in(mlperf_tflite(""));
  if (files.empty()) GTEST_SKIP() << mlperf_tflite("") << " is not there";
  for (const char* name : {"resnet8_int8.tflite", "kws_int8.tflite", "ad01_fp32.tflite"}) {
    SCOPED_TRACE(name);
    const auto graph = read_model(mlperf_tflite(name));
    ASSERT_TRUE(graph.ok()) << graph.status().to_string();
    expect_every_cut(**graph);
  }
}

TEST(TfliteWriter, GivesTheSameBytesForTheSameGraph) {
  for (const std::string name : {"convolutions", "int8_convolutions", "recurrent"}) {
    const auto bytes = contents_of(tflite_file(name + ".tflite"));
    const auto first = read_tflite_model_bytes(bytes, name);
    const auto second = read_tflite_model_bytes(bytes, name);
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(*write_tflite(**first), *write_tflite(**second)) << name;
  }
}

// Whatever the reader lets through can be written, or is refused by name.
TEST(TfliteWriter, WritesWhatDamagedFilesMean) {
  std::mt19937 random(3);
  int written = 0;
  for (const std::string name : {"convolutions", "int8_dense", "slicing", "shapes", "recurrent"}) {
    const std::string good = contents_of(tflite_file(name + ".tflite"));
    for (int round = 0; round < 400; ++round) {
      std::string bytes = good;
      bytes[random() % bytes.size()] ^= static_cast<char>(1U << random() % 8);
      const auto graph = read_tflite_model_bytes(bytes, name);
      if (!graph.ok()) continue;
      Status refused;
      const GraphPointer again = read_back(**graph, &refused);
      ASSERT_TRUE(again != nullptr || !refused.ok()) << name << ", round " << round;
      written += again != nullptr ? 1 : 0;
    }
  }
  EXPECT_GT(written, 100);
}

TEST(TfliteWriter, KeepsNamesTypesAndScalesAtTheEnds) {
  const auto graph = read_model(tflite_file("int8_convolutions.tflite"));
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto head = extract_layers(**graph, 0, 1);
  ASSERT_TRUE(head.ok()) << head.status().to_string();
  const GraphPointer again = read_back(**head);
  ASSERT_NE(again, nullptr);
  ASSERT_EQ(again->outputs().size(), (*head)->outputs().size());
  for (std::size_t i = 0; i < again->outputs().size(); ++i) {
    const Value& found = again->value(again->outputs()[i]);
    const Value& expected = (*head)->value((*head)->outputs()[i]);
    EXPECT_EQ(found.name, expected.name);
    EXPECT_EQ(found.dtype, DType::kInt8);
    ASSERT_TRUE(found.quantization && expected.quantization);
    EXPECT_EQ(found.quantization->scale, expected.quantization->scale);
    EXPECT_EQ(found.quantization->zero_point, expected.quantization->zero_point);
  }
}

}  // namespace
}  // namespace tinysplit
