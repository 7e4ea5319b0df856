#include "graph/subgraph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "graph/cuts.h"
#include "graph/graph_builder.h"

namespace tinysplit {
namespace {

const Shape kShape{1, 2, 3};

// Layers of none to two operations that read any earlier values, some with a constant; a second
// input that may be read late or never; several outputs, one of which may be an input.
std::shared_ptr<const Graph> random_branches(unsigned seed) {
  std::mt19937 random(seed);
  GraphBuilder builder("random", "digest");
  std::vector<ValueId> values = {builder.add_input("a", DType::kFloat32, kShape).value(),
                                 builder.add_input("b", DType::kFloat32, kShape).value()};
  const auto any = [&] { return values[random() % values.size()]; };
  const auto shared = std::make_shared<const Tensor>(DType::kFloat32, Shape{3});
  const int layers = 1 + static_cast<int>(random() % 9);
  for (int i = 0; i < layers; ++i) {
    EXPECT_TRUE(builder.begin_layer("layer" + std::to_string(i), "Test", 12).ok());
    ValueId out = any();
    for (auto node = random() % 3; node > 0; --node) {
      const ValueId other = random() % 3 == 0 ? builder.add_constant(shared) : any();
      out = builder.add_op(BinaryOp{BinaryKind::kAdd}, {out, other}).value();
    }
    EXPECT_TRUE(builder.end_layer({out}).ok());
    values.push_back(out);
  }
  for (const ValueId output : std::set<ValueId>{values.back(), any(), any()}) {
    EXPECT_TRUE(builder.add_output(output).ok());
  }
  return builder.build().value();
}

std::vector<std::string> names_of(const Graph& graph, const std::vector<ValueId>& ids) {
  std::vector<std::string> names;
  for (const ValueId id : ids) names.push_back(graph.value(id).name);
  return names;
}

// Calls visit(whole, begin, end, part) for every part of many graphs that there is.
template <typename Visit>
void for_each_part(Visit visit) {
  int parts = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    const auto graph = random_branches(seed);
    for (int begin = 0; begin < graph->num_layers(); ++begin) {
      for (int end = begin + 1; end <= graph->num_layers(); ++end) {
        SCOPED_TRACE("seed " + std::to_string(seed) + " layers [" + std::to_string(begin) + ", " +
                     std::to_string(end) + ")");
        const auto part = extract_layers(*graph, begin, end);
        const bool is_read = !segment_inputs(*graph, begin).empty();
        const bool is_used = !segment_outputs(*graph, begin, end).empty();
        ASSERT_EQ(part.ok(), is_read && is_used) << part.status().to_string();
        if (!part.ok()) {
          EXPECT_EQ(part.status().code(), StatusCode::kInvalidArgument);
          continue;
        }
        visit(*graph, begin, end, **part);
        if (testing::Test::HasFailure()) return;
        ++parts;
      }
    }
  }
  EXPECT_GT(parts, 1000);
}

TEST(Subgraph, ReadsAndLeavesWhatTheCutsSay) {
  for_each_part([](const Graph& whole, int begin, int end, const Graph& part) {
    EXPECT_EQ(names_of(part, part.inputs()),
              names_of(whole, begin == 0 ? whole.inputs() : live_tensors(whole, begin)));
    std::vector<std::string> left = names_of(whole, live_tensors(whole, end));
    for (const std::string& made : names_of(whole, outputs_made_by(whole, begin, end))) {
      if (std::ranges::count(left, made) == 0) left.push_back(made);
    }
    EXPECT_EQ(names_of(part, part.outputs()), left);
    EXPECT_EQ(part.name(), whole.name());
    EXPECT_EQ(part.digest(), "");
  });
}

TEST(Subgraph, KeepsLayersNodesAndConstants) {
  for_each_part([](const Graph& whole, int begin, int end, const Graph& part) {
    ASSERT_EQ(part.num_layers(), end - begin);
    std::size_t node = 0;
    for (int i = begin; i < end; ++i) {
      const Layer& was = whole.layers()[static_cast<std::size_t>(i)];
      const Layer& is = part.layers()[static_cast<std::size_t>(i - begin)];
      EXPECT_EQ(is.name, was.name);
      EXPECT_EQ(is.kind, was.kind);
      EXPECT_EQ(is.weight_bytes, was.weight_bytes);
      ASSERT_EQ(is.end_node - is.first_node, was.end_node - was.first_node);
      for (int at = was.first_node; at < was.end_node; ++at, ++node) {
        const Node& old_node = whole.nodes()[static_cast<std::size_t>(at)];
        const Node& new_node = part.nodes()[node];
        EXPECT_EQ(op_name(new_node.op), op_name(old_node.op));
        EXPECT_EQ(part.producer(new_node.output), static_cast<int>(node));
        EXPECT_EQ(part.layer_of_node(static_cast<int>(node)), i - begin);
        EXPECT_EQ(part.value(new_node.output).name, whole.value(old_node.output).name);
        ASSERT_EQ(names_of(part, new_node.inputs), names_of(whole, old_node.inputs));
        for (std::size_t k = 0; k < new_node.inputs.size(); ++k) {
          EXPECT_EQ(part.value(new_node.inputs[k]).data, whole.value(old_node.inputs[k]).data);
        }
      }
    }
    EXPECT_EQ(node, part.nodes().size());
    for (const ValueId input : part.inputs()) EXPECT_EQ(part.producer(input), -1);
  });
}

TEST(Subgraph, CutsOfAHeadAreThoseOfTheWhole) {
  for_each_part([](const Graph& whole, int begin, int end, const Graph& part) {
    if (begin != 0) return;
    for (int cut = 1; cut < end; ++cut) {
      // What only passes through to `end` no layer of the head reads.
      std::vector<std::string> live = names_of(whole, live_tensors(whole, cut));
      const auto read_inside = names_of(part, live_tensors(part, cut));
      std::erase_if(live, [&](const std::string& name) {
        return std::ranges::count(read_inside, name) == 0;
      });
      EXPECT_EQ(read_inside, live);
    }
  });
}

TEST(Subgraph, HeadOfInputLayersHandsOnItsInputs) {
  GraphBuilder builder("model", "");
  const ValueId in = builder.add_input("in", DType::kFloat32, kShape).value();
  ASSERT_TRUE(builder.begin_layer("in", "InputLayer").ok());
  ASSERT_TRUE(builder.end_layer({in}).ok());
  ASSERT_TRUE(builder.begin_layer("tanh", "Activation").ok());
  const ValueId out = builder.add_op(ActivationOp{ActivationKind::kTanh}, {in}).value();
  ASSERT_TRUE(builder.end_layer({out}).ok());
  ASSERT_TRUE(builder.begin_layer("dropout", "Dropout").ok());
  ASSERT_TRUE(builder.end_layer({out}).ok());
  ASSERT_TRUE(builder.add_output(out).ok());
  const auto graph = builder.build().value();

  const auto head = extract_layers(*graph, 0, 1).value();
  EXPECT_EQ(head->inputs(), head->outputs());
  EXPECT_TRUE(head->nodes().empty());
  const auto tail = extract_layers(*graph, 1, 3).value();
  EXPECT_EQ(names_of(*tail, tail->outputs()), std::vector<std::string>{"tanh"});
  EXPECT_EQ(tail->layers()[1].outputs, tail->outputs());

  const Status nothing = extract_layers(*graph, 2, 3).status();
  EXPECT_EQ(nothing.code(), StatusCode::kInvalidArgument) << nothing.to_string();
}

TEST(Subgraph, RefusesRangesThatAreNone) {
  const auto graph = random_branches(1);
  const int layers = graph->num_layers();
  for (const auto& [begin, end] : std::vector<std::pair<int, int>>{
           {0, 0}, {layers, layers}, {-1, 1}, {1, 0}, {0, layers + 1}}) {
    EXPECT_EQ(extract_layers(*graph, begin, end).status().code(), StatusCode::kOutOfRange);
  }
}

}  // namespace
}  // namespace tinysplit
