// A quantised network, written as a TensorFlow Lite file and read back, is the same network.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "formats/model_reader.h"
#include "formats/tflite/tflite_reader.h"
#include "formats/tflite/tflite_writer.h"
#include "graph/cuts.h"
#include "quantization/calibration.h"
#include "quantization/folding.h"
#include "quantization/quantization_models.h"
#include "quantization/quantizer.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const Graph> read_back(const std::vector<std::byte>& bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto graph = read_tflite_model_bytes(text, "read_back");
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  return graph.ok() ? *graph : nullptr;
}

// Bit for bit; layers that stay float32 may be written as several operators, which round otherwise.
void expect_same(const Tensor& found, const Tensor& expected, bool is_int8) {
  ASSERT_EQ(found.num_bytes(), expected.num_bytes());
  if (is_int8) {
    EXPECT_EQ(std::memcmp(found.data(), expected.data(), found.num_bytes()), 0);
    return;
  }
  if (expected.dtype() != DType::kFloat32) return;  // a step more or less
  float largest = 1e-3f;
  for (const float value : expected.as<float>()) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < expected.as<float>().size(); ++i) {
    ASSERT_NEAR(found.as<float>()[i], expected.as<float>()[i], 0.02f * largest);
  }
}

class WriteEveryQuantizedModel : public testing::TestWithParam<fs::path> {};

TEST_P(WriteEveryQuantizedModel, GivesTheSameBits) {
  const auto graph = read_model(GetParam()).value();
  if (!takes_real_numbers(*graph)) GTEST_SKIP() << "takes indices";
  const auto folded = fold_operations(*graph).value();
  const Samples samples = random_samples(*graph, 3);
  const auto ranges = calibrate(*folded, samples, {});
  if (!ranges.ok()) GTEST_SKIP() << ranges.status().message();
  for (const bool int8 : {false, true}) {
    QuantizationOptions options;
    options.int8_inputs = options.int8_outputs = options.per_channel_dense = int8;
    const QuantizedModel model = quantize(folded, *ranges, options).value();
    const bool is_int8 = std::ranges::all_of(model.layers, &QuantizedLayer::is_int8);
    const auto bytes = write_tflite(*model.graph);
    if (!bytes.ok()) {
      ASSERT_EQ(bytes.status().code(), StatusCode::kUnimplemented) << bytes.status().message();
      GTEST_SKIP() << bytes.status().message();
    }
    const auto back = read_back(*bytes);
    ASSERT_NE(back, nullptr);
    for (std::size_t i = 0; i < samples.count; ++i) {
      const auto expected = run_on(*model.graph, samples, i), found = run_on(*back, samples, i);
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t k = 0; k < found.size(); ++k) {
        ASSERT_EQ(found[k].dtype(), expected[k].dtype());
        expect_same(found[k], expected[k], is_int8);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, WriteEveryQuantizedModel, testing::ValuesIn(float_model_files()),
                         [](const auto& tested) { return test_name_of(tested.param); });

// Cut K of the file is cut K of the model in memory: the same tensors cross.
TEST(WriteQuantizedModel, LayersAndCutsOfTheFileAreThoseOfTheModel) {
  const fs::path source = TINYSPLIT_SOURCE_DIR;
  const auto graph = read_model(source / "models/fashion_resnet/fashion_resnet.keras").value();
  const auto folded = fold_operations(*graph).value();
  const Ranges ranges = calibrate(*folded, random_samples(*graph, 2), {}).value();
  const QuantizedModel model = quantize(folded, ranges).value();
  const auto back = read_back(write_tflite(*model.graph).value());
  ASSERT_NE(back, nullptr);
  ASSERT_EQ(back->num_layers(), model.graph->num_layers());
  for (int cut = 0; cut <= back->num_layers(); ++cut) {
    const auto expected = live_tensors(*model.graph, cut), found = live_tensors(*back, cut);
    ASSERT_EQ(found.size(), expected.size()) << cut;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Value &a = model.graph->value(expected[i]), &b = back->value(found[i]);
      EXPECT_EQ(b.name, a.name);
      EXPECT_EQ(b.shape, a.shape);
      ASSERT_EQ(b.quantization.has_value(), a.quantization.has_value());
      if (!a.quantization) continue;
      EXPECT_EQ(b.quantization->scale, a.quantization->scale);
      EXPECT_EQ(b.quantization->zero_point, a.quantization->zero_point);
    }
  }
}

}  // namespace
}  // namespace tinysplit
