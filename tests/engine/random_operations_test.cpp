#include "engine/random_operations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "engine/engine.h"
#include "engine/framed_tensors.h"
#include "engine/named_run.h"
#include "graph/cuts.h"
#include "graph/subgraph.h"
#include "kernels/evaluate.h"
#include "layer_runs.h"
#include "wire/frames.h"

namespace tinysplit {
namespace {

using test::copies_of;
using test::run_layers;
using test::through_a_frame;

struct RandomModel {
  std::shared_ptr<const Graph> graph;
  Tensor input;
};

RandomModel random_model(unsigned seed, int layers) {
  GraphBuilder builder("random", "");
  RandomOperations random(builder, seed);
  const int rank = static_cast<int>(random.integer(0, 5));
  const Shape shape = random.shape(rank, 6);
  std::vector<ValueId> values{builder.add_input("x", ElementType{}, shape).value()};
  Tensor input = random.tensor(DType::kFloat32, shape);
  for (int layer = 0; layer < layers; ++layer) {
    EXPECT_TRUE(builder.begin_layer("layer" + std::to_string(layer), "Random").ok());
    // Not always the newest, so that several values live across cuts.
    const auto last = static_cast<std::int64_t>(values.size()) - 1;
    const std::int64_t from = last - random.integer(0, std::min<std::int64_t>(last, 2));
    values.push_back(random.append(values[static_cast<std::size_t>(from)]));
    EXPECT_TRUE(builder.end_layer({values.back()}).ok());
  }
  const std::size_t middle = values.size() / 2;
  EXPECT_TRUE(builder.add_output(values.back()).ok());
  if (middle + 1 < values.size() && middle > 0) {
    EXPECT_TRUE(builder.add_output(values[middle]).ok());
  }
  return {builder.build().value(), std::move(input)};
}

std::vector<NamedTensor> named(const Tensor& input) {
  std::vector<NamedTensor> tensors;
  tensors.push_back({"x", input.clone()});
  return tensors;
}

// The larger of an absolute and a relative error; both NaN or equal counts as none.
double error_of(float found, float expected) {
  if (found == expected || (std::isnan(found) && std::isnan(expected))) return 0;
  return std::abs(static_cast<double>(found) - static_cast<double>(expected)) /
         std::max(1.0, std::abs(static_cast<double>(expected)));
}

void expect_equal(const Tensor& found, const Tensor& expected, double tolerance) {
  ASSERT_EQ(found.dtype(), expected.dtype());
  ASSERT_EQ(found.shape().to_string(), expected.shape().to_string());
  if (tolerance == 0) {
    ASSERT_EQ(std::memcmp(found.data(), expected.data(), expected.num_bytes()), 0);
    return;
  }
  ASSERT_EQ(expected.dtype(), DType::kFloat32);
  for (std::size_t i = 0; i < expected.as<float>().size(); ++i) {
    ASSERT_LE(error_of(found.as<float>()[i], expected.as<float>()[i]), tolerance) << i;
  }
}

// Every node by the portable kernels that tests/kernels holds against plain loops.
std::vector<Tensor> reference(const Graph& graph, const Tensor& input) {
  std::vector<Value> values = graph.values();
  values[static_cast<std::size_t>(graph.inputs()[0])].data =
      std::make_shared<const Tensor>(input.clone());
  for (const Node& node : graph.nodes()) {
    std::vector<const Value*> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(&values[static_cast<std::size_t>(id)]);
    auto made = evaluate(node.op, inputs);
    EXPECT_TRUE(made.ok()) << op_name(node.op) << ": " << made.status().to_string();
    if (!made.ok()) return {};
    values[static_cast<std::size_t>(node.output)].data =
        std::make_shared<const Tensor>(std::move(*made));
  }
  std::vector<Tensor> outputs;
  for (const ValueId id : graph.outputs()) {
    outputs.push_back(values[static_cast<std::size_t>(id)].data->clone());
  }
  return outputs;
}

TEST(RandomOperations, CoverTheOperations) {
  std::set<std::string_view> seen;
  for (unsigned seed = 0; seed < 600; ++seed) {
    const RandomModel model = random_model(seed, 1);
    for (const Node& node : model.graph->nodes()) seen.insert(op_name(node.op));
  }
  // All but the two of quantised models and resize, which tests of its own cover.
  EXPECT_GE(seen.size(), std::variant_size_v<Op> - 3);
}

TEST(RandomOperations, EveryBackendAgreesWithThePortableKernels) {
  for (unsigned seed = 0; seed < 600; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const RandomModel model = random_model(seed, 1);
    const std::vector<Tensor> expected = reference(*model.graph, model.input);
    ASSERT_FALSE(expected.empty());
    for (const BackendPolicy policy :
         {BackendPolicy::kAuto, BackendPolicy::kOneDnn, BackendPolicy::kXnnpack}) {
      EngineOptions options;
      options.backend = policy;
      const auto engine = Engine::create(model.graph, options).value();
      const auto found = run_layers(*engine, 0, 1, named(model.input));
      ASSERT_EQ(found.size(), 1u);
      expect_equal(found[0].tensor, expected[0], 1e-4);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(RandomOperations, EveryCutGivesTheUncutOutput) {
  constexpr int kLayers = 10;
  for (unsigned seed = 0; seed < 150; ++seed) {
    const RandomModel model = random_model(1000 + seed, kLayers);
    const auto engine = Engine::create(model.graph).value();
    const auto uncut = run_layers(*engine, 0, kLayers, named(model.input));
    ASSERT_EQ(uncut.size(), model.graph->outputs().size());
    for (const Cut& cut : find_cuts(*model.graph)) {
      if (cut.cut == kLayers) continue;
      SCOPED_TRACE("seed " + std::to_string(seed) + " cut " + std::to_string(cut.cut));
      auto live = run_layers(*engine, 0, cut.cut, named(model.input));
      const auto outputs =
          run_layers(*engine, cut.cut, kLayers, through_a_frame(std::move(live), cut.cut));
      for (const NamedTensor& expected : uncut) {
        const auto found = std::ranges::find(outputs, expected.name, &NamedTensor::name);
        ASSERT_NE(found, outputs.end()) << expected.name;
        expect_equal(found->tensor, expected.tensor, cut.splits_fusion ? 1e-4 : 0.0);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(RandomOperations, ExtractedLayersRunAsTheSegments) {
  constexpr int kLayers = 6;
  int parts = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    const RandomModel model = random_model(2000 + seed, kLayers);
    const auto engine = Engine::create(model.graph).value();
    for (int begin = 0; begin < kLayers; ++begin) {
      const auto given = run_layers(*engine, 0, begin, named(model.input));
      for (int end = begin + 1; end <= kLayers; ++end) {
        SCOPED_TRACE("seed " + std::to_string(seed) + " layers [" + std::to_string(begin) + ", " +
                     std::to_string(end) + ")");
        const auto part = extract_layers(*model.graph, begin, end);
        if (!part.ok()) continue;
        const auto expected = run_layers(*engine, begin, end, copies_of(given));
        const auto found =
            run_layers(*Engine::create(*part).value(), 0, end - begin, copies_of(given));
        ASSERT_EQ(found.size(), (*part)->outputs().size());
        for (const NamedTensor& output : found) {
          const auto same = std::ranges::find(expected, output.name, &NamedTensor::name);
          ASSERT_NE(same, expected.end()) << output.name;
          expect_equal(output.tensor, same->tensor, 0.0);
          if (HasFatalFailure()) return;
        }
        ++parts;
      }
    }
  }
  EXPECT_GT(parts, 1000);
}

}  // namespace
}  // namespace tinysplit
