#include "graph/cuts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "graph/fusion.h"
#include "graph/graph_builder.h"
#include "graph/metrics.h"

namespace tinysplit {
namespace {

// Layers of one or two operations on [1,4,4,2] that read any earlier value.
std::shared_ptr<const Graph> random_graph(unsigned seed) {
  std::mt19937 random(seed);
  GraphBuilder builder("random", "");
  std::vector<ValueId> values = {
      builder.add_input("in", DType::kFloat32, Shape{1, 4, 4, 2}).value()};
  const auto any = [&] { return values[random() % values.size()]; };
  const int layers = 2 + static_cast<int>(random() % 12);
  for (int i = 0; i < layers; ++i) {
    EXPECT_TRUE(builder.begin_layer("layer" + std::to_string(i), "Test").ok());
    ValueId out = builder.add_op(BinaryOp{BinaryKind::kAdd}, {any(), any()}).value();
    if (random() % 2 == 0) out = builder.add_op(ActivationOp{ActivationKind::kTanh}, {out}).value();
    EXPECT_TRUE(builder.end_layer({out}).ok());
    values.push_back(out);
  }
  EXPECT_TRUE(builder.add_output(values.back()).ok());
  return builder.build().value();
}

// From the definition: made before the cut, read by a layer after it.
std::vector<ValueId> live_by_definition(const Graph& graph, int cut) {
  std::vector<ValueId> live;
  for (ValueId id = 0; id < static_cast<ValueId>(graph.values().size()); ++id) {
    const int producer = graph.producer(id);
    const bool before = producer < 0 || graph.layer_of_node(producer) < cut;
    bool after = false;
    for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
      after = after || (graph.layer_of_node(static_cast<int>(i)) >= cut &&
                        std::ranges::count(graph.nodes()[i].inputs, id) > 0);
    }
    if (before && after && !graph.value(id).is_constant()) live.push_back(id);
  }
  return live;
}

TEST(Cuts, LiveTensorsFollowTheirDefinition) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    const auto graph = random_graph(seed);
    const auto cuts = find_cuts(*graph);
    ASSERT_EQ(cuts.size(), graph->layers().size() + 1);
    for (const Cut& cut : cuts) {
      EXPECT_EQ(cut.live_tensors, live_by_definition(*graph, cut.cut));
      EXPECT_EQ(cut.live_tensors, live_tensors(*graph, cut.cut));
      EXPECT_EQ(cut.live_bytes, static_cast<std::int64_t>(cut.live_tensors.size()) * 4 * 4 * 2 * 4);
    }
    EXPECT_EQ(cuts.back().live_bytes, 0);
  }
}

// Rescaled pixels and their activations are the input still; what a dense layer makes of them is
// not.
TEST(Cuts, KnowWhereTheInputWouldLeave) {
  GraphBuilder builder("skip", "");
  const ValueId in = builder.add_input("in", DType::kFloat32, Shape{1, 2, 2, 1}).value();
  ASSERT_TRUE(builder.begin_layer("flat", "Flatten").ok());
  const ValueId flat = builder.add_op(ReshapeOp{Shape{1, 4}}, {in}).value();
  ASSERT_TRUE(builder.end_layer({flat}).ok());
  ASSERT_TRUE(builder.begin_layer("tanh", "Activation").ok());
  const ValueId made = builder.add_op(ActivationOp{ActivationKind::kTanh}, {flat}).value();
  ASSERT_TRUE(builder.end_layer({made}).ok());
  ASSERT_TRUE(builder.begin_layer("dense", "Dense").ok());
  Tensor weights(DType::kFloat32, Shape{4, 2});
  for (float& each : weights.as<float>()) each = 1.0f;
  const ValueId kernel = builder.add_constant(std::move(weights));
  const ValueId mixed = builder.add_op(DenseOp{}, {made, kernel}).value();
  ASSERT_TRUE(builder.end_layer({mixed}).ok());
  ASSERT_TRUE(builder.begin_layer("exp", "Activation").ok());
  const ValueId out = builder.add_op(ActivationOp{ActivationKind::kExp}, {mixed}).value();
  ASSERT_TRUE(builder.end_layer({out}).ok());
  ASSERT_TRUE(builder.add_output(out).ok());
  const auto cuts = find_cuts(*builder.build().value());
  EXPECT_TRUE(cuts[0].reveals_input);
  EXPECT_TRUE(cuts[1].reveals_input);
  EXPECT_TRUE(cuts[2].reveals_input);
  EXPECT_FALSE(cuts[3].reveals_input);
  EXPECT_FALSE(cuts[4].reveals_input);
}

// conv -> affine -> relu, where `exposed` makes the convolution's result an output too.
std::shared_ptr<const Graph> convolution_chain(bool exposed) {
  GraphBuilder builder("chain", "");
  const ValueId in = builder.add_input("in", DType::kFloat32, Shape{1, 4, 4, 2}).value();
  const ValueId kernel = builder.add_constant(Tensor(DType::kFloat32, Shape{3, 3, 2, 5}));
  const ValueId vector = builder.add_constant(Tensor(DType::kFloat32, Shape{5}));
  EXPECT_TRUE(builder.begin_layer("conv", "Conv2D", 360).ok());
  const ValueId conv = builder.add_op(Conv2dOp{}, {in, kernel}).value();
  EXPECT_TRUE(builder.end_layer({conv}).ok());
  EXPECT_TRUE(builder.begin_layer("norm", "BatchNormalization", 80).ok());
  const ValueId norm = builder.add_op(ChannelAffineOp{}, {conv, vector, vector}).value();
  EXPECT_TRUE(builder.end_layer({norm}).ok());
  EXPECT_TRUE(builder.begin_layer("relu", "Activation").ok());
  const ActivationOp relu{ActivationKind::kClip, 0.0f, INFINITY};
  const ValueId out = builder.add_op(relu, {norm}).value();
  EXPECT_TRUE(builder.end_layer({out}).ok());
  EXPECT_TRUE(builder.add_output(out).ok());
  if (exposed) {
    EXPECT_TRUE(builder.add_output(conv).ok());
  }
  return builder.build().value();
}

TEST(Fusion, FoldsWhatNobodyElseReads) {
  EXPECT_EQ(find_fusion_roots(*convolution_chain(false)), (std::vector<int>{0, 0, 0}));
  EXPECT_EQ(find_fusion_roots(*convolution_chain(true)), (std::vector<int>{0, 1, 2}));
  const auto cuts = find_cuts(*convolution_chain(false));
  EXPECT_TRUE(cuts[1].splits_fusion);
  EXPECT_FALSE(cuts[2].splits_fusion);
}

TEST(Metrics, CountWorkAndMemory) {
  const auto graph = convolution_chain(false);
  EXPECT_EQ(layer_macs(*graph), (std::vector<std::int64_t>{2 * 2 * 5 * 3 * 3 * 2, 0, 0}));
  EXPECT_EQ(head_weight_bytes(*graph), (std::vector<std::int64_t>{0, 360, 440, 440}));
  // Input 128 bytes, each of the others 80; what is folded runs in place.
  EXPECT_EQ(head_peak_ram_bytes(*graph), (std::vector<std::int64_t>{128, 208, 208, 208}));
}

TEST(Metrics, CountsSeparateOperationsTwice) {
  // The convolution's result is an output, so that nothing is folded into it: it stays alive beside
  // the normalisation's and the activation's.
  const auto graph = convolution_chain(true);
  EXPECT_EQ(head_peak_ram_bytes(*graph), (std::vector<std::int64_t>{128, 208, 208, 240}));
}

TEST(GraphBuilder, NamesWhatDoesNotFit) {
  GraphBuilder builder("bad", "");
  const ValueId in = builder.add_input("in", DType::kFloat32, Shape{1, 4, 4, 2}).value();
  const ValueId kernel = builder.add_constant(Tensor(DType::kFloat32, Shape{3, 3, 7, 5}));
  ASSERT_TRUE(builder.begin_layer("conv", "Conv2D").ok());
  const Status status = builder.add_op(Conv2dOp{}, {in, kernel}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  for (const char* part : {"conv", "Conv2D", "[3,3,7,5]", "[1,4,4,2]"}) {
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  }
}

}  // namespace
}  // namespace tinysplit
