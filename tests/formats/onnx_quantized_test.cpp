// QDQ models, as ONNX Runtime's quantiser writes them, run on integers: against what ONNX Runtime
// computed for each integer tensor, and at every cut.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/file.h"
#include "core/limits.h"
#include "engine/engine.h"
#include "formats/npy/npy.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/onnx_models.h"
#include "graph/cuts.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(TINYSPLIT_SOURCE_DIR) / "tests/data/onnx";

::onnx::ModelProto read_proto(const std::string& name) {
  ::onnx::ModelProto model;
  const auto bytes = read_file(kFolder / (name + ".onnx"), limits::kMaxModelFileBytes);
  EXPECT_TRUE(bytes.ok() && model.ParseFromString(*bytes)) << name;
  return model;
}

struct Differences {
  std::size_t count = 0, total = 0;
  int largest = 0;
};

template <typename T>
void add_differences(const TensorView& found, const Tensor& expected, Differences& sum) {
  for (std::size_t i = 0; i < expected.as<T>().size(); ++i) {
    const int difference = std::abs(int{found.as<T>()[i]} - int{expected.as<T>()[i]});
    sum.largest = std::max(sum.largest, difference);
    sum.count += difference > 0 ? 1 : 0;
    ++sum.total;
  }
}

class OnnxQuantized : public testing::TestWithParam<const char*> {};

TEST_P(OnnxQuantized, ComputesTheIntegersOfOnnxRuntime) {
  const std::string name = GetParam();
  ::onnx::ModelProto model = read_proto(name);
  for (const auto& node : model.graph().node()) {
    if (node.op_type() == "QuantizeLinear") {
      model.mutable_graph()->add_output()->set_name(node.output(0));
    }
  }
  const auto graph = read_onnx_model_bytes(model.SerializeAsString(), name);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto arrays = read_arrays(kFolder / (name + ".npz"));
  ASSERT_TRUE(arrays.ok()) << arrays.status().to_string();
  const auto engine = Engine::create(*graph);
  ASSERT_TRUE(engine.ok());
  const auto segment = (*engine)->make_segment(0, (*graph)->num_layers());
  ASSERT_TRUE(segment.ok()) << segment.status().to_string();
  const auto array = [&](const std::string& key) {
    const auto found = std::ranges::find(*arrays, key, &NamedTensor::name);
    return found == arrays->end() ? nullptr : &found->tensor;
  };
  ASSERT_NE(array("x0"), nullptr);
  ASSERT_TRUE((*segment)->run(std::array{array("x0")->view()}).ok());
  Differences sum;
  for (std::size_t i = 0; i < (*segment)->outputs().size(); ++i) {
    const Value& value = (*graph)->value((*segment)->outputs()[i]);
    const Tensor* expected = array("q:" + value.name);
    if (expected == nullptr) continue;
    ASSERT_EQ(value.dtype, expected->dtype());
    ASSERT_EQ(value.shape, expected->shape()) << value.name;
    const TensorView found = (*segment)->output(i);
    const std::size_t before = sum.count;
    value.dtype == DType::kInt8 ? add_differences<std::int8_t>(found, *expected, sum)
                                : add_differences<std::uint8_t>(found, *expected, sum);
    if (sum.count > before) {
      std::cout << value.name << ": " << sum.count - before << " of "
                << expected->shape().num_elements() << " differ\n";
    }
  }
  std::cout << name << ": " << sum.count << " of " << sum.total << " integers differ\n";
  EXPECT_GT(sum.total, 1000u);
  EXPECT_LE(sum.largest, 1);
  EXPECT_LE(sum.count, sum.total / 1000);
}

// Between the first QuantizeLinear and the last DequantizeLinear nothing but integers is live.
TEST_P(OnnxQuantized, IsLiveInIntegers) {
  const auto graph = read_onnx_model(kFolder / (std::string(GetParam()) + ".onnx"));
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  int integer_products = 0;
  for (const Node& node : (*graph)->nodes()) {
    const bool product =
        std::holds_alternative<Conv2dOp>(node.op) || std::holds_alternative<DenseOp>(node.op);
    if (!product) continue;
    EXPECT_TRUE((*graph)->value(node.output).quantization.has_value());
    EXPECT_EQ(dtype_size((*graph)->value(node.inputs[1]).dtype), 1u);
    ++integer_products;
  }
  EXPECT_GE(integer_products, 3);
  for (const Cut& cut : find_cuts(**graph)) {
    if (cut.cut <= 1 || cut.cut >= (*graph)->num_layers() - 1) continue;
    for (const ValueId id : cut.live_tensors) {
      const Value& value = (*graph)->value(id);
      EXPECT_EQ(dtype_size(value.dtype), 1u) << "cut " << cut.cut << ": " << value.name;
    }
  }
  // Integer weights belong to what computes with them, not to their DequantizeLinear.
  for (const Layer& layer : (*graph)->layers()) {
    if (layer.kind == "DequantizeLinear") {
      EXPECT_EQ(layer.weight_bytes, 0) << layer.name;
    } else if (layer.kind == "Conv") {
      EXPECT_GT(layer.weight_bytes, 0) << layer.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, OnnxQuantized,
                         testing::Values("qdq_residual", "qdq_mobile", "qdq_activations"),
                         [](const auto& parameter) { return std::string(parameter.param); });

// What does not fit the pattern is computed on real numbers, as before.
TEST(OnnxQuantizedFallback, ComputesOnRealNumbersWhereThePatternEnds) {
  test::OnnxModel model;
  model.input("x", {1, 4}).output("y").output("z");
  model.weights("scale", {}, {0.5f}).weights("w", {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  model.integers8("zero", {}, {0});
  model.node("QuantizeLinear", {"x", "scale", "zero"}, {"q"});
  model.node("DequantizeLinear", {"q", "scale", "zero"}, {"d"});
  model.node("MatMul", {"d", "w"}, {"y"});  // real weights, a real result
  model.node("Relu", {"d"}, {"r"});
  model.node("Tanh", {"r"}, {"z"});  // stored numbers end here
  const auto graph = read_onnx_model_bytes(model.bytes(), "model");
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto engine = Engine::create(*graph);
  const auto segment = (*engine)->make_segment(0, (*graph)->num_layers());
  ASSERT_TRUE(segment.ok()) << segment.status().to_string();
  Tensor x(DType::kFloat32, Shape{1, 4});
  std::ranges::copy(std::array{0.6f, -0.8f, 1.3f, 0.25f}, x.as<float>().begin());
  ASSERT_TRUE((*segment)->run(std::array{x.view()}).ok());
  // 0.5, -1, 1.5, 0: halves of a step go to even.
  EXPECT_FLOAT_EQ((*segment)->output(0).as<float>()[0], 0.5f - 3.0f + 7.5f);
  EXPECT_NEAR((*segment)->output(1).as<float>()[2], std::tanh(1.5f), 1e-6);
  EXPECT_EQ((*segment)->output(1).as<float>()[1], 0.0f);
}

// A scale for the bias that is not the product of the others' is taken for what it says.
TEST(OnnxQuantizedFallback, TakesABiasOfAnyScale) {
  test::OnnxModel model;
  model.input("x", {1, 2}, ::onnx::TensorProto::INT8).output("y");
  model.weights("sx", {}, {0.5f}).weights("sw", {}, {0.25f}).weights("sb", {}, {2.0f});
  model.weights("sy", {}, {1.0f});
  model.integers8("zero", {}, {0}).integers8("w", {2, 1}, {4, 8});
  model.integers32("b", {1}, {3}).integers32("zb", {}, {0});
  model.node("DequantizeLinear", {"x", "sx", "zero"}, {"dx"});
  model.node("DequantizeLinear", {"w", "sw", "zero"}, {"dw"});
  model.node("DequantizeLinear", {"b", "sb", "zb"}, {"db"});
  model.node("Gemm", {"dx", "dw", "db"}, {"g"});
  model.node("QuantizeLinear", {"g", "sy", "zero"}, {"y"});
  const auto graph = read_onnx_model_bytes(model.bytes(), "model");
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto engine = Engine::create(*graph);
  const auto segment = (*engine)->make_segment(0, (*graph)->num_layers());
  ASSERT_TRUE(segment.ok()) << segment.status().to_string();
  Tensor x(DType::kInt8, Shape{1, 2});
  x.as<std::int8_t>()[0] = 2;
  x.as<std::int8_t>()[1] = -4;
  ASSERT_TRUE((*segment)->run(std::array{x.view()}).ok());
  // 1 * 1 - 2 * 2 + 6
  EXPECT_EQ((*segment)->output(0).as<std::int8_t>()[0], 3);
}

}  // namespace
}  // namespace tinysplit
