// Layers extracted as a graph of their own run as the segment of the whole graph does.
#include "graph/subgraph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/steps.h"
#include "graph/fusion.h"
#include "graph/graph_builder.h"

namespace tinysplit {
namespace {

// Convolutions, batch normalisations and clips in any order, one a layer, mostly on the newest
// value: chains that fuse, and readers and outputs in between that keep them from it.
std::shared_ptr<const Graph> fusible_graph(unsigned seed) {
  std::mt19937 random(seed);
  GraphBuilder builder("fusible", "");
  std::vector<ValueId> values = {
      builder.add_input("in", DType::kFloat32, Shape{1, 3, 3, 2}).value()};
  const ValueId kernel = builder.add_constant(Tensor(DType::kFloat32, Shape{1, 1, 2, 2}));
  const ValueId vector = builder.add_constant(Tensor(DType::kFloat32, Shape{2}));
  const auto recent = [&] {
    const std::size_t back = random() % 5 == 0 ? random() % values.size() : 0;
    return values[values.size() - 1 - back];
  };
  const int layers = 3 + static_cast<int>(random() % 8);
  for (int i = 0; i < layers; ++i) {
    EXPECT_TRUE(builder.begin_layer("layer" + std::to_string(i), "Test").ok());
    for (unsigned more = random() % 2 + 1; more > 0; --more) {
      const ValueId x = recent();
      ValueId out = -1;
      switch (random() % 4) {
        case 0:
          out = builder.add_op(Conv2dOp{}, {x, kernel, vector}).value();
          break;
        case 1:
          out = builder.add_op(ChannelAffineOp{}, {x, vector, vector}).value();
          break;
        case 2:
          out = builder.add_op(ActivationOp{ActivationKind::kClip, 0.0f, INFINITY}, {x}).value();
          break;
        default:
          out = builder.add_op(BinaryOp{BinaryKind::kAdd}, {x, recent()}).value();
          break;
      }
      values.push_back(out);
    }
    EXPECT_TRUE(builder.end_layer({values.back()}).ok());
  }
  EXPECT_TRUE(builder.add_output(values.back()).ok());
  const ValueId inside = values[1 + random() % (values.size() - 1)];
  if (inside != values.back()) {
    EXPECT_TRUE(builder.add_output(inside).ok());
  }
  return builder.build().value();
}

TEST(Subgraph, IsPlannedAsTheSegmentIs) {
  int fused = 0;
  for (unsigned seed = 0; seed < 500; ++seed) {
    const auto graph = fusible_graph(seed);
    const auto roots = find_fusion_roots(*graph);
    for (int begin = 0; begin < graph->num_layers(); ++begin) {
      for (int end = begin + 1; end <= graph->num_layers(); ++end) {
        SCOPED_TRACE("seed " + std::to_string(seed) + " layers [" + std::to_string(begin) + ", " +
                     std::to_string(end) + ")");
        const auto part = extract_layers(*graph, begin, end);
        if (!part.ok()) continue;
        const int first = graph->layers()[static_cast<std::size_t>(begin)].first_node;
        const auto expected = plan_steps(*graph, roots, begin, end);
        const auto found = plan_steps(**part, find_fusion_roots(**part), 0, (*part)->num_layers());
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
          const auto node = [&](int number) { return number < 0 ? -1 : number - first; };
          ASSERT_EQ(found[i].root, node(expected[i].root));
          ASSERT_EQ(found[i].affine, node(expected[i].affine));
          ASSERT_EQ(found[i].clip, node(expected[i].clip));
          ASSERT_EQ((*part)->value(found[i].output).name, graph->value(expected[i].output).name);
          fused += found[i].affine >= 0 || found[i].clip >= 0;
        }
      }
    }
  }
  EXPECT_GT(fused, 3000);
}

}  // namespace
}  // namespace tinysplit
