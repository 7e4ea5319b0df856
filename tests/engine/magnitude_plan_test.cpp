#include "engine/magnitude_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/engine.h"
#include "formats/model_reader.h"
#include "graph/graph_builder.h"
#include "layer_runs.h"
#include "sample_models.h"

namespace tinysplit {
namespace {

// A step is excused from looking at its input only if that cannot be larger than it may: tried with
// the largest inputs that the plan allows for.
TEST(MagnitudePlan, ExcusesNoStepThatWouldHaveToLook) {
  std::size_t excused = 0, tried = 0;
  for (const auto& path : test::model_files()) {
    const auto graph = read_model(path).value();
    const EngineOptions options;
    KernelCache cache(*graph, options);
    const int layers = graph->num_layers();
    const std::vector<Step> steps = plan_steps(*graph, cache.fusion_roots(), 0, layers);
    std::vector<std::shared_ptr<const Kernel>> kernels;
    for (const Step& step : steps) kernels.push_back(cache.get(step).value());
    const auto within = find_steps_within(*graph, cache, steps, kernels, 0, layers);

    std::vector<NamedTensor> inputs;
    for (Tensor& tensor : test::numbers_for_inputs(*graph)) {
      if (tensor.dtype() == DType::kFloat32) {
        for (float& x : tensor.as<float>()) x = x < 0 ? -kUsualMagnitude : kUsualMagnitude;
      }
      inputs.push_back({graph->value(graph->inputs()[inputs.size()]).name, std::move(tensor)});
    }
    const auto engine = Engine::create(graph).value();
    for (std::size_t s = 0; s < steps.size(); ++s) {
      const float limit = kernels[s]->safe_magnitude();
      if (limit < 0.0f) {
        EXPECT_FALSE(within[s]);
      }
      if (!within[s]) continue;
      ++excused;
      const Node& root = graph->nodes()[static_cast<std::size_t>(steps[s].root)];
      const int layer = graph->layer_of_node(steps[s].root);
      const auto before = test::run_layers(*engine, 0, layer, test::copies_of(inputs));
      const auto read =
          std::ranges::find(before, graph->value(root.inputs[0]).name, &NamedTensor::name);
      if (read == before.end()) continue;  // made within the layer
      ++tried;
      for (const float x : read->tensor.as<float>()) {
        ASSERT_LE(std::fabs(x), limit) << path << ", layer " << layer;
      }
    }
  }
  EXPECT_GT(excused, 100u);
  EXPECT_GT(tried, 50u);
}

// The difference of two infinities is NaN, and so is its sigmoid, whatever a sigmoid is bound by.
TEST(MagnitudePlan, BoundsNothingThatCanBeNan) {
  GraphBuilder builder("odd", "");
  const ValueId x = builder.add_input("x", ElementType{DType::kFloat32}, Shape{1, 4}).value();
  Tensor ones(DType::kFloat32, Shape{4, 4});
  std::ranges::fill(ones.as<float>(), 1.0f);
  const ValueId weights = builder.add_constant(std::move(ones));
  const auto layer = [&](const char* name, const Op& op, std::vector<ValueId> inputs) {
    EXPECT_TRUE(builder.begin_layer(name, name).ok());
    const ValueId output = builder.add_op(op, std::move(inputs)).value();
    EXPECT_TRUE(builder.end_layer({output}).ok());
    return output;
  };
  const ValueId huge = layer("exp", ActivationOp{ActivationKind::kExp}, {x});
  const ValueId odd = layer("less", BinaryOp{BinaryKind::kSubtract}, {huge, huge});
  const ValueId gate = layer("gate", ActivationOp{ActivationKind::kSigmoid}, {odd});
  const ValueId dense = layer("dense", DenseOp{}, {gate, weights});
  ASSERT_TRUE(builder.add_output(dense).ok());
  const auto graph = builder.build().value();
  const EngineOptions options;
  KernelCache cache(*graph, options);
  const std::vector<Step> steps = plan_steps(*graph, cache.fusion_roots(), 0, graph->num_layers());
  std::vector<std::shared_ptr<const Kernel>> kernels;
  for (const Step& step : steps) kernels.push_back(cache.get(step).value());
  const auto within = find_steps_within(*graph, cache, steps, kernels, 0, graph->num_layers());
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const Node& root = graph->nodes()[static_cast<std::size_t>(steps[s].root)];
    if (!std::holds_alternative<DenseOp>(root.op)) continue;
    EXPECT_FALSE(within[s] && std::isfinite(kernels[s]->safe_magnitude()));
  }
}

}  // namespace
}  // namespace tinysplit
