#include "quantization/folding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/model_reader.h"
#include "graph/graph_builder.h"
#include "quantization/quantization_models.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

void expect_close(const Tensor& found, const Tensor& expected) {
  ASSERT_EQ(found.shape(), expected.shape());
  ASSERT_EQ(found.dtype(), expected.dtype());
  if (expected.dtype() != DType::kFloat32) return;
  float largest = 1e-3f;
  for (const float value : expected.as<float>()) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  for (std::size_t i = 0; i < expected.as<float>().size(); ++i) {
    if (!std::isfinite(expected.as<float>()[i])) continue;
    ASSERT_NEAR(found.as<float>()[i], expected.as<float>()[i], 1e-4f * largest) << i;
  }
}

class FoldEveryModel : public testing::TestWithParam<fs::path> {};

// Whatever is folded and rewritten, the network computes the same.
TEST_P(FoldEveryModel, ComputesTheSame) {
  const auto graph = read_model(GetParam()).value();
  if (!takes_real_numbers(*graph)) GTEST_SKIP() << "takes indices";
  const auto folded = fold_operations(*graph);
  ASSERT_TRUE(folded.ok()) << folded.status().to_string();
  const Samples samples = random_samples(*graph, 2);
  for (std::size_t i = 0; i < samples.count; ++i) {
    const auto expected = run_on(*graph, samples, i), found = run_on(**folded, samples, i);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t k = 0; k < found.size(); ++k) expect_close(found[k], expected[k]);
  }
  // Inputs and outputs have their names, and a layer is one operation with a clip at most.
  for (std::size_t k = 0; k < graph->outputs().size(); ++k) {
    EXPECT_EQ((*folded)->value((*folded)->outputs()[k]).shape,
              graph->value(graph->outputs()[k]).shape);
  }
  for (const Layer& layer : (*folded)->layers()) {
    EXPECT_LE(layer.end_node - layer.first_node, 2) << layer.name;
    EXPECT_EQ(layer.outputs.size(), 1u) << layer.name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, FoldEveryModel, testing::ValuesIn(float_model_files()),
                         [](const auto& tested) { return test_name_of(tested.param); });

bool has_op(const Graph& graph, std::string_view name) {
  return std::ranges::any_of(graph.nodes(),
                             [&](const Node& node) { return op_name(node.op) == name; });
}

TEST(Folding, LeavesNoNormalisationInTheResidualModel) {
  const fs::path source = TINYSPLIT_SOURCE_DIR;
  const auto graph = read_model(source / "models/fashion_resnet/fashion_resnet.keras").value();
  const auto folded = fold_operations(*graph).value();
  EXPECT_TRUE(has_op(*graph, "channel_affine"));
  EXPECT_FALSE(has_op(*folded, "channel_affine"));
  // 14 convolutions, 5 additions, two poolings, the classifier and its softmax; the rescaling went
  // into the first weights, so nothing is left of it.
  EXPECT_LT(folded->num_layers(), 26);
  EXPECT_EQ(folded->layers()[0].name, "stem_conv");
  EXPECT_EQ(folded->value(folded->layers()[0].outputs[0]).name, "stem_relu");
}

// y = relu(x); y is an output as well, so that its clip may not be taken in by the layer before.
TEST(Folding, KeepsWhatOthersRead) {
  GraphBuilder builder("kept", "");
  const ValueId x = builder.add_input("x", DType::kFloat32, Shape{1, 4}).value();
  Tensor kernel(DType::kFloat32, Shape{4, 4});
  std::ranges::fill(kernel.as<float>(), 0.5f);
  ASSERT_TRUE(builder.begin_layer("dense", "Dense").ok());
  const ValueId dense =
      builder.add_op(DenseOp{}, {x, builder.add_constant(std::move(kernel))}).value();
  ASSERT_TRUE(builder.end_layer({dense}).ok());
  ASSERT_TRUE(builder.begin_layer("relu", "ReLU").ok());
  const ValueId relu =
      builder
          .add_op(ActivationOp{ActivationKind::kClip, 0.0f, std::numeric_limits<float>::infinity()},
                  {dense})
          .value();
  ASSERT_TRUE(builder.end_layer({relu}).ok());
  ASSERT_TRUE(builder.add_output(dense).ok());
  ASSERT_TRUE(builder.add_output(relu).ok());
  const auto folded = fold_operations(*builder.build().value()).value();
  ASSERT_EQ(folded->num_layers(), 2);
  EXPECT_EQ(folded->value(folded->outputs()[0]).name, "dense");
  EXPECT_EQ(folded->value(folded->outputs()[1]).name, "relu");
}

TEST(Folding, RefusesWhatIsQuantisedAlready) {
  GraphBuilder builder("int8", "");
  const ElementType type(DType::kInt8, Quantization{{0.5f}, {0}, -1});
  const ValueId x = builder.add_input("x", type, Shape{1, 4}).value();
  ASSERT_TRUE(builder.begin_layer("flat", "Reshape").ok());
  const ValueId y = builder.add_op(ReshapeOp{Shape{4}}, {x}).value();
  ASSERT_TRUE(builder.end_layer({y}).ok());
  ASSERT_TRUE(builder.add_output(y).ok());
  const auto folded = fold_operations(*builder.build().value());
  ASSERT_FALSE(folded.ok());
  EXPECT_NE(folded.status().message().find("quantised already"), std::string::npos);
}

}  // namespace
}  // namespace tinysplit
