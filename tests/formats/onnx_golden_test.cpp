// What ONNX Runtime computed for small networks, against what the engine computes for what was read
// of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "engine/engine.h"
#include "formats/model_reader.h"
#include "formats/npy/npy.h"
#include "kernels/float16.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> golden_models() {
  std::vector<fs::path> models;
  std::error_code error;
  const fs::path folder = fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data/onnx";
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    // Those of integers are tried by onnx_quantized_test.cpp.
    const bool integers = entry.path().stem().string().starts_with("qdq_");
    if (entry.path().extension() == ".onnx" && !integers) models.push_back(entry.path());
  }
  std::ranges::sort(models);
  return models;
}

const Tensor* find(const std::vector<NamedTensor>& arrays, const std::string& name) {
  const auto found = std::ranges::find(arrays, name, &NamedTensor::name);
  return found == arrays.end() ? nullptr : &found->tensor;
}

// Largest difference, relative to the largest value of the whole tensor.
double relative_error(std::span<const float> found, std::span<const float> expected) {
  double worst = 0.0, largest = 1e-30;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!std::isfinite(expected[i]) && found[i] == expected[i]) continue;
    if (!std::isfinite(found[i])) return INFINITY;
    worst = std::max(worst, std::abs(double{found[i]} - double{expected[i]}));
    largest = std::max(largest, std::abs(double{expected[i]}));
  }
  return worst / largest;
}

std::vector<float> widened(const TensorView& half) {
  std::vector<float> wide;
  for (const std::uint16_t bits : half.as<std::uint16_t>()) {
    wide.push_back(native::half_to_float(bits));
  }
  return wide;
}

class OnnxGolden : public testing::TestWithParam<fs::path> {};

TEST_P(OnnxGolden, ComputesWhatOnnxRuntimeComputed) {
  const auto graph = read_model(GetParam());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto arrays = read_arrays(fs::path(GetParam()).replace_extension(".npz"));
  ASSERT_TRUE(arrays.ok()) << arrays.status().to_string();
  const auto engine = Engine::create(*graph);
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  const auto segment = (*engine)->make_segment(0, (*graph)->num_layers());
  ASSERT_TRUE(segment.ok()) << segment.status().to_string();
  std::vector<TensorView> inputs;
  for (std::size_t i = 0; i < (*graph)->inputs().size(); ++i) {
    const Tensor* array = find(*arrays, "x" + std::to_string(i));
    ASSERT_NE(array, nullptr);
    inputs.push_back(array->view());
  }
  const Status run = (*segment)->run(inputs);
  ASSERT_TRUE(run.ok()) << run.to_string();
  for (std::size_t i = 0; i < (*graph)->outputs().size(); ++i) {
    const Tensor* expected = find(*arrays, "y" + std::to_string(i));
    ASSERT_NE(expected, nullptr);
    const auto at = std::ranges::find((*segment)->outputs(), (*graph)->outputs()[i]);
    const TensorView found =
        (*segment)->output(static_cast<std::size_t>(at - (*segment)->outputs().begin()));
    ASSERT_EQ(found.shape.to_string(), expected->shape().to_string());
    ASSERT_EQ(found.dtype, expected->dtype());
    if (found.dtype == DType::kFloat16) {
      // ONNX Runtime rounds after each operator, the engine only at the end.
      EXPECT_LE(relative_error(widened(found), widened(expected->view())), 2e-3) << "output " << i;
    } else if (found.dtype == DType::kFloat32) {
      // So it is with what is float16 inside.
      const double bound = GetParam().stem().string().starts_with("op_half") ? 2e-3 : 1e-5;
      EXPECT_LE(relative_error(found.as<float>(), expected->as<float>()), bound) << "output " << i;
    } else {
      EXPECT_TRUE(std::ranges::equal(found.bytes(), expected->bytes())) << "output " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, OnnxGolden, testing::ValuesIn(golden_models()),
                         [](const auto& parameter) { return parameter.param.stem().string(); });

}  // namespace
}  // namespace tinysplit
