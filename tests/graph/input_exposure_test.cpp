#include "graph/input_exposure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "graph/graph_builder.h"
#include "graph/op_traits.h"

namespace tinysplit {
namespace {

// A graph of one layer on a float32 input of `shape`.
struct OneLayer {
  explicit OneLayer(const Shape& shape) : builder("one", "") {
    in = builder.add_input("in", DType::kFloat32, shape).value();
    EXPECT_TRUE(builder.begin_layer("layer", "Test").ok());
  }

  ValueId floats(const Shape& shape, float each = 1.0f) {
    Tensor tensor(DType::kFloat32, shape);
    for (float& x : tensor.as<float>()) x = each;
    return builder.add_constant(std::move(tensor));
  }

  // All weights 0 but those at `indices`.
  ValueId weights(const Shape& shape, std::initializer_list<std::size_t> indices) {
    Tensor tensor(DType::kFloat32, shape);
    for (const std::size_t i : indices) tensor.as<float>()[i] = 0.5f;
    return builder.add_constant(std::move(tensor));
  }

  // Whether the output of `op` on these inputs shows the graph's input.
  bool shows(const Op& op, std::vector<ValueId> inputs) {
    const Result<ValueId> out = builder.add_op(op, std::move(inputs));
    EXPECT_TRUE(out.ok()) << out.status().to_string();
    EXPECT_TRUE(builder.end_layer({*out}).ok());
    EXPECT_TRUE(builder.add_output(*out).ok());
    const auto graph = builder.build().value();
    const std::vector<bool> exposed = find_exposed_values(*graph);
    EXPECT_TRUE(exposed[static_cast<std::size_t>(in)]);
    EXPECT_NE(exposed[static_cast<std::size_t>(*out)], mixes(*graph, graph->nodes()[0]));
    return exposed[static_cast<std::size_t>(*out)];
  }

  GraphBuilder builder;
  ValueId in;
};

bool convolution_shows(const Shape& input, const Shape& kernel, std::int64_t groups = 1) {
  OneLayer layer(input);
  Conv2dOp op;
  op.groups = groups;
  return layer.shows(op, {layer.in, layer.floats(kernel)});
}

TEST(InputExposure, ConvolutionsHideByWindowOrChannels) {
  EXPECT_FALSE(convolution_shows({1, 8, 8, 1}, {3, 3, 1, 4}));
  EXPECT_FALSE(convolution_shows({1, 8, 8, 3}, {1, 1, 3, 4}));
  EXPECT_TRUE(convolution_shows({1, 8, 8, 1}, {1, 1, 1, 4}));
  EXPECT_TRUE(convolution_shows({1, 8, 8, 3}, {1, 1, 1, 3}, 3));
  EXPECT_FALSE(convolution_shows({1, 8, 8, 3}, {3, 3, 1, 3}, 3));
}

TEST(InputExposure, CountsOnlyWeightsThatReachTheInput) {
  // A row of one cell under a kernel of three: two of its cells only ever see padding.
  Conv2dOp op;
  op.spatial.pad_before = {0, 1};
  op.spatial.pad_after = {0, 1};
  {
    OneLayer layer({1, 1, 1, 1});
    EXPECT_TRUE(layer.shows(op, {layer.in, layer.floats({1, 3, 1, 2})}));
  }
  {
    OneLayer layer({1, 1, 2, 1});
    EXPECT_FALSE(layer.shows(op, {layer.in, layer.floats({1, 3, 1, 2})}));
  }
}

TEST(InputExposure, AFilterOfOneWeightHandsOnWhatItReads) {
  const auto shows = [](std::initializer_list<std::size_t> weights) {
    OneLayer layer({1, 4, 4, 1});
    return layer.shows(Conv2dOp{}, {layer.in, layer.weights({2, 2, 1, 2}, weights)});
  };
  EXPECT_TRUE(shows({0, 1, 2}));      // filter 1 holds one weight, filter 0 two
  EXPECT_FALSE(shows({0, 1, 2, 3}));  // two each
  EXPECT_FALSE(shows({0, 2}));        // filter 1 is always 0
}

TEST(InputExposure, DenseLayersHideByInputs) {
  {
    OneLayer layer({1, 6});
    EXPECT_FALSE(layer.shows(DenseOp{}, {layer.in, layer.floats({6, 2})}));
  }
  {
    OneLayer layer({1, 6, 1});
    EXPECT_TRUE(layer.shows(DenseOp{}, {layer.in, layer.floats({1, 2})}));
  }
  {  // The identity, as a dense layer.
    OneLayer layer({1, 2});
    EXPECT_TRUE(layer.shows(DenseOp{}, {layer.in, layer.weights({2, 2}, {0, 3})}));
  }
}

TEST(InputExposure, QuantisedWeightsAreZeroAtTheirZeroPoint) {
  const auto shows = [](std::int32_t zero_point) -> bool {
    OneLayer layer({1, 2});
    const Quantization in_scale{{0.1f}, {0}, -1};
    const ValueId stored =
        layer.builder.add_op(QuantizeOp{}, {layer.in}, ElementType(DType::kInt8, in_scale)).value();
    Tensor kernel(DType::kInt8, Shape{2, 2});
    for (std::size_t i = 0; i < 4; ++i) kernel.as<std::int8_t>()[i] = i % 3 == 0 ? 9 : 3;
    const ValueId weights =
        layer.builder.add_constant(std::move(kernel), Quantization{{0.1f}, {zero_point}, -1});
    const ElementType type(DType::kInt8, in_scale);
    const ValueId out = layer.builder.add_op(DenseOp{}, {stored, weights}, type).value();
    EXPECT_TRUE(layer.builder.end_layer({out}).ok());
    EXPECT_TRUE(layer.builder.add_output(out).ok());
    const auto graph = layer.builder.build().value();
    return find_exposed_values(*graph)[static_cast<std::size_t>(out)];
  };
  EXPECT_FALSE(shows(0));
  EXPECT_TRUE(shows(3));
}

TEST(InputExposure, TransposedConvolutionsHideWhereTheirCellsOverlap) {
  const auto shows = [](std::int64_t stride, std::int64_t channels) {
    OneLayer layer({1, 4, 4, channels});
    ConvTranspose2dOp op;
    op.spatial.stride = {stride, stride};
    return layer.shows(op, {layer.in, layer.floats({2, 2, 3, channels})});
  };
  EXPECT_TRUE(shows(2, 1));
  EXPECT_FALSE(shows(1, 1));
  EXPECT_FALSE(shows(2, 2));
}

TEST(InputExposure, PoolsHideByWindow) {
  const auto shows = [](std::int64_t window, const Shape& input) {
    OneLayer layer(input);
    Pool2dOp op;
    op.window = {window, window};
    return layer.shows(op, {layer.in});
  };
  EXPECT_FALSE(shows(2, {1, 4, 4, 3}));
  EXPECT_TRUE(shows(1, {1, 4, 4, 3}));
  EXPECT_FALSE(OneLayer({1, 4, 4, 3}).shows(GlobalPoolOp{}, {0}));
  EXPECT_TRUE(OneLayer({1, 1, 1, 3}).shows(GlobalPoolOp{}, {0}));
}

TEST(InputExposure, ReductionsHideByAxes) {
  EXPECT_FALSE(OneLayer({1, 4, 3}).shows(ReduceOp{ReduceKind::kMean, {2}, true}, {0}));
  EXPECT_TRUE(OneLayer({1, 4, 1}).shows(ReduceOp{ReduceKind::kMean, {2}, true}, {0}));
}

TEST(InputExposure, WhatCanBeUndoneHidesNothing) {
  const Shape shape{1, 4, 4, 3};
  const Op of_one[] = {ActivationOp{ActivationKind::kTanh},
                       ActivationOp{ActivationKind::kClip, 0.0f, INFINITY},
                       UnaryOp{UnaryKind::kSquare},
                       ReshapeOp{Shape{1, 48}},
                       TransposeOp{{0, 3, 1, 2}},
                       PadOp{{0, 1, 1, 0}, {0, 1, 1, 0}},
                       SliceOp{{0, 1, 0, 0}, {1, 2, 1, 1}, {1, 2, 4, 3}},
                       TileOp{{1, 2, 1, 1}},
                       SoftmaxOp{3, false},
                       NormalizeOp{NormalizeKind::kMeanVariance, {3}, 1e-3f},
                       CumulativeSumOp{1, false, false},
                       ResizeOp{ResizeKind::kBilinear, {}, {}, {8, 8}, {}},
                       CastOp{DType::kInt32}};
  for (const Op& op : of_one) {
    OneLayer layer(shape);
    EXPECT_TRUE(layer.shows(op, {layer.in})) << op_name(op);
  }
  for (const BinaryKind kind : {BinaryKind::kMultiply, BinaryKind::kSubtract, BinaryKind::kLess}) {
    OneLayer layer(shape);
    EXPECT_TRUE(layer.shows(BinaryOp{kind}, {layer.floats({3}), layer.in}));
  }
  OneLayer layer(shape);
  EXPECT_TRUE(
      layer.shows(ChannelAffineOp{}, {layer.in, layer.floats({3}), layer.floats({3}, 0.0f)}));
}

TEST(InputExposure, RowsOfATableTellTheirIndices) {
  GraphBuilder builder("embedding", "");
  const ValueId in = builder.add_input("in", DType::kInt32, Shape{1, 5}).value();
  ASSERT_TRUE(builder.begin_layer("embedding", "Embedding").ok());
  const ValueId table = builder.add_constant(Tensor(DType::kFloat32, Shape{9, 4}));
  const ValueId rows = builder.add_op(GatherOp{0}, {table, in}).value();
  ASSERT_TRUE(builder.end_layer({rows}).ok());
  ASSERT_TRUE(builder.add_output(rows).ok());
  EXPECT_TRUE(find_exposed_values(*builder.build().value())[static_cast<std::size_t>(rows)]);
}

TEST(InputExposure, AShortcutPastAConvolutionShowsTheInput) {
  OneLayer layer({1, 4, 4, 3});
  Conv2dOp op;
  op.spatial.pad_before = op.spatial.pad_after = {1, 1};
  const ValueId hidden = layer.builder.add_op(op, {layer.in, layer.floats({3, 3, 3, 3})}).value();
  const ValueId sum = layer.builder.add_op(BinaryOp{BinaryKind::kAdd}, {hidden, layer.in}).value();
  ASSERT_TRUE(layer.builder.end_layer({sum}).ok());
  ASSERT_TRUE(layer.builder.add_output(sum).ok());
  const std::vector<bool> exposed = find_exposed_values(*layer.builder.build().value());
  EXPECT_FALSE(exposed[static_cast<std::size_t>(hidden)]);
  EXPECT_TRUE(exposed[static_cast<std::size_t>(sum)]);
}

}  // namespace
}  // namespace tinysplit
