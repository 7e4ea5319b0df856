#include "quantization/quantizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/named_run.h"
#include "formats/model_reader.h"
#include "graph/cuts.h"
#include "quantization/calibration.h"
#include "quantization/folding.h"
#include "quantization/noise.h"
#include "quantization/quantization_models.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

QuantizedModel quantized(const Graph& graph, const Samples& samples,
                         const QuantizationOptions& options = {}) {
  const auto folded = fold_operations(graph).value();
  const Ranges ranges = calibrate(*folded, samples, {}).value();
  auto model = quantize(folded, ranges, options);
  EXPECT_TRUE(model.ok()) << model.status().to_string();
  return std::move(*model);
}

const QuantizedLayer& layer_named(const QuantizedModel& model, const std::string& name) {
  return *std::ranges::find(model.layers, name, &QuantizedLayer::name);
}

const Value& value_named(const Graph& graph, const std::string& name) {
  const Value* value = find_value(graph, name);
  EXPECT_NE(value, nullptr) << name;
  return *value;
}

void expect_equal(const std::vector<Tensor>& found, const std::vector<Tensor>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].num_bytes(), expected[i].num_bytes());
    EXPECT_EQ(std::memcmp(found[i].data(), expected[i].data(), found[i].num_bytes()), 0) << i;
  }
}

// Head, then tail on its live tensors.
std::vector<Tensor> run_cut(const Graph& graph, int cut, const std::vector<Tensor>& inputs) {
  const std::shared_ptr<const Graph> borrowed(std::shared_ptr<void>(), &graph);
  auto engine = Engine::create(borrowed).value();
  auto head = engine->make_segment(0, cut).value();
  auto tail = engine->make_segment(cut, graph.num_layers()).value();
  std::vector<NamedTensor> given;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    given.push_back({graph.value(graph.inputs()[i]).name, inputs[i].clone()});
  }
  auto live = run_named(*head, graph, std::move(given)).value();
  auto made = run_named(*tail, graph, std::move(live));
  EXPECT_TRUE(made.ok()) << made.status().to_string();
  std::vector<Tensor> outputs;
  for (const ValueId output : graph.outputs()) {
    const auto at = std::ranges::find(*made, graph.value(output).name, &NamedTensor::name);
    EXPECT_NE(at, made->end());
    outputs.push_back(std::move(at->tensor));
  }
  return outputs;
}

class QuantizeEveryModel : public testing::TestWithParam<fs::path> {};

// Every float model that we read can be quantised, what is not is said, and it can be cut anywhere.
TEST_P(QuantizeEveryModel, EveryCutGivesTheUncutOutput) {
  const auto graph = read_model(GetParam()).value();
  if (!takes_real_numbers(*graph)) GTEST_SKIP() << "takes indices";
  const auto folded = fold_operations(*graph).value();
  const Samples samples = random_samples(*graph, 3);
  const auto ranges = calibrate(*folded, samples, {});
  if (!ranges.ok()) {
    EXPECT_NE(ranges.status().message().find("infinity or NaN"), std::string::npos);
    GTEST_SKIP() << ranges.status().message();
  }
  const auto model = quantize(folded, *ranges);
  ASSERT_TRUE(model.ok()) << model.status().to_string();
  const auto inputs = samples.at(0).value();
  const auto uncut = run_on(*model->graph, inputs);
  const int layers = model->graph->num_layers();
  // All cuts of small models, some of the others.
  for (int cut = 0; cut <= layers; cut += std::max(1, layers / 8)) {
    SCOPED_TRACE("cut " + std::to_string(cut));
    if (cut < layers) expect_equal(run_cut(*model->graph, cut, inputs), uncut);
  }
  for (const QuantizedLayer& layer : model->layers) {
    EXPECT_EQ(layer.is_int8, layer.reason.empty()) << layer.name;
    EXPECT_EQ(model->graph->layers()[static_cast<std::size_t>(layer.index)].name, layer.name);
  }
  for (std::size_t i = 0; i < graph->outputs().size(); ++i) {
    const Value& before = graph->value(graph->outputs()[i]);
    const Value& after = model->graph->value(model->graph->outputs()[i]);
    EXPECT_EQ(after.dtype, before.dtype);
    EXPECT_EQ(after.name, before.name);
  }
}

INSTANTIATE_TEST_SUITE_P(All, QuantizeEveryModel, testing::ValuesIn(float_model_files()),
                         [](const auto& tested) { return test_name_of(tested.param); });

TEST(Quantizer, IsCloseToTheFloatModel) {
  const auto graph = make_branched_model();
  const Samples samples = random_samples(*graph, 20);
  const QuantizedModel model = quantized(*graph, samples);
  for (const QuantizedLayer& layer : model.layers) EXPECT_TRUE(layer.is_int8) << layer.name;
  for (std::size_t i = 0; i < samples.count; ++i) {
    const auto expected = run_on(*graph, samples, i), found = run_on(*model.graph, samples, i);
    for (std::size_t k = 0; k < expected[0].as<float>().size(); ++k) {
      EXPECT_NEAR(found[0].as<float>()[k], expected[0].as<float>()[k], 0.05f);
    }
  }
}

TEST(Quantizer, GivesTheTypesThatTensorFlowLiteAsksFor) {
  const auto graph = make_branched_model();
  const QuantizedModel model = quantized(*graph, random_samples(*graph, 5));
  const Graph& int8 = *model.graph;
  // Softmax: 256 steps from 0 on.
  const Value& scores = value_named(int8, layer_named(model, "classes/softmax").stored);
  EXPECT_EQ(scores.quantization->scale[0], 1.0f / 256);
  EXPECT_EQ(scores.quantization->zero_point[0], -128);
  // Concatenation: one scale, so that numbers are only moved.
  const Value& joined = value_named(int8, layer_named(model, "joined").stored);
  for (const char* part : {"sum", "side"}) {
    const Value& value = value_named(int8, layer_named(model, part).stored);
    EXPECT_EQ(value.quantization->scale, joined.quantization->scale);
    EXPECT_EQ(value.quantization->zero_point, joined.quantization->zero_point);
  }
  // relu: its range begins at 0, so the layer before it saturates there.
  EXPECT_EQ(value_named(int8, layer_named(model, "stem").stored).quantization->zero_point[0], -128);
  // Convolutions have a scale for each filter, dense layers one.
  for (const Node& node : int8.nodes()) {
    if (node.inputs.size() != 3) continue;
    const Value& kernel = int8.value(node.inputs[1]);
    const bool dense = std::holds_alternative<DenseOp>(node.op);
    const auto filters = static_cast<std::size_t>(kernel.shape[kernel.shape.rank() - 1]);
    EXPECT_EQ(kernel.quantization->scale.size(), dense ? 1u : filters);
    EXPECT_EQ(int8.value(node.inputs[2]).dtype, DType::kInt32);
  }
}

TEST(Quantizer, TakesAndGivesInt8WhereAsked) {
  const auto graph = make_branched_model();
  QuantizationOptions options;
  options.int8_inputs = options.int8_outputs = true;
  const Samples samples = random_samples(*graph, 5);
  const QuantizedModel model = quantized(*graph, samples, options);
  const QuantizedModel with_floats = quantized(*graph, samples);
  EXPECT_EQ(model.graph->value(model.graph->inputs()[0]).dtype, DType::kInt8);
  EXPECT_EQ(model.graph->value(model.graph->outputs()[0]).dtype, DType::kInt8);
  EXPECT_EQ(model.graph->num_layers() + 2, with_floats.graph->num_layers());
  const auto stored = run_on(*model.graph, samples, 0);
  const auto real = run_on(*with_floats.graph, samples, 0);
  for (std::size_t i = 0; i < real[0].as<float>().size(); ++i) {
    EXPECT_EQ(real[0].as<float>()[i],
              static_cast<float>(stored[0].as<std::int8_t>()[i] + 128) / 256.0f);
  }
}

TEST(Quantizer, KeepsLayersInFloatBetweenConversions) {
  const auto graph = make_branched_model();
  QuantizationOptions options;
  options.keep_float = {"branch"};
  const Samples samples = random_samples(*graph, 5);
  const QuantizedModel model = quantized(*graph, samples, options);
  EXPECT_FALSE(layer_named(model, "branch").is_int8);
  EXPECT_EQ(layer_named(model, "branch").reason, "it was asked to");
  EXPECT_TRUE(layer_named(model, "sum").is_int8);
  const auto converts = [&](const char* kind) {
    return std::ranges::count(model.graph->layers(), kind, &Layer::kind);
  };
  EXPECT_EQ(converts("Quantize"), 2);    // the input, and what "branch" makes
  EXPECT_EQ(converts("Dequantize"), 2);  // what it reads, and the output
  options.keep_float = {"no_such_layer"};
  const auto folded = fold_operations(*graph).value();
  const Ranges ranges = calibrate(*folded, samples, {}).value();
  EXPECT_EQ(quantize(folded, ranges, options).status().code(), StatusCode::kNotFound);
}

TEST(Quantizer, RefusesRangesThatAreMissingOrNoNumbers) {
  const auto graph = make_branched_model();
  const auto folded = fold_operations(*graph).value();
  Ranges ranges = calibrate(*folded, random_samples(*graph, 2), {}).value();
  ranges["sum"].high = INFINITY;
  EXPECT_NE(quantize(folded, ranges).status().message().find("\"sum\""), std::string::npos);
  ranges.erase("sum");
  EXPECT_NE(quantize(folded, ranges).status().message().find("no range for \"sum\""),
            std::string::npos);
}

TEST(Calibration, RefusesNoSamplesAndNamesWhatIsNotFinite) {
  const auto graph = make_branched_model();
  const auto folded = fold_operations(*graph).value();
  EXPECT_FALSE(calibrate(*folded, {0, nullptr}, {}).ok());
  Samples samples = random_samples(*graph, 1);
  const Samples broken{1, [samples](std::size_t i) {
                         auto tensors = samples.at(i);
                         (*tensors)[0].as<float>()[0] = NAN;
                         return tensors;
                       }};
  EXPECT_NE(calibrate(*folded, broken, {}).status().message().find("\"image\""), std::string::npos);
}

TEST(Calibration, MethodsOrderTheirRanges) {
  const auto graph = make_branched_model();
  const auto folded = fold_operations(*graph).value();
  const Samples samples = random_samples(*graph, 10);
  CalibrationOptions options;
  const Ranges all = calibrate(*folded, samples, options).value();
  for (const RangeMethod method : {RangeMethod::kPercentile, RangeMethod::kMse}) {
    options.method = method;
    options.percentile = 99.9;
    const Ranges some = calibrate(*folded, samples, options).value();
    ASSERT_EQ(some.size(), all.size());
    for (const auto& [name, range] : some) {
      EXPECT_GE(range.low, all.at(name).low) << name;
      EXPECT_LE(range.high, all.at(name).high) << name;
    }
  }
}

TEST(Noise, OfOneLayerIsThatOfItsOwnRounding) {
  const auto graph = make_branched_model();
  const auto folded = fold_operations(*graph).value();
  const Samples samples = random_samples(*graph, 8);
  Ranges ranges = calibrate(*folded, samples, {}).value();
  const QuantizedModel good = quantize(folded, ranges).value();
  const auto noise = measure_noise(good, samples).value();
  ASSERT_EQ(noise.size(), good.layers.size());
  for (std::size_t i = 0; i < noise.size(); ++i) {
    EXPECT_GT(noise[i].own_db, 20.0) << good.layers[i].name;
    EXPECT_GT(noise[i].total_db, 15.0) << good.layers[i].name;
  }
  // A range that is far too wide ruins its layer and what follows, and nothing else.
  ranges["branch"] = {-400.0f, 400.0f};
  const QuantizedModel bad = quantize(folded, ranges).value();
  const auto worse = measure_noise(bad, samples).value();
  for (std::size_t i = 0; i < noise.size(); ++i) {
    const std::string& name = good.layers[i].name;
    if (name == "stem") {
      EXPECT_EQ(worse[i].total_db, noise[i].total_db);
    } else if (name == "side") {
      EXPECT_EQ(worse[i].own_db, noise[i].own_db);
    } else if (name == "branch") {
      EXPECT_LT(worse[i].own_db, noise[i].own_db - 20.0);
    } else if (name == "sum") {
      EXPECT_LT(worse[i].total_db, noise[i].total_db - 10.0);
    }
  }
}

TEST(Noise, OfTheOutputsGoesWithTheOnlyInt8Layer) {
  const auto graph = make_branched_model();
  const auto folded = fold_operations(*graph).value();
  const Samples samples = random_samples(*graph, 4);
  const Ranges ranges = calibrate(*folded, samples, {}).value();
  QuantizationOptions options;
  for (const Layer& layer : folded->layers()) {
    if (layer.name != "branch") options.keep_float.insert(layer.name);
  }
  const QuantizedModel model = quantize(folded, ranges, options).value();
  const OutputNoise noise = measure_output_noise(model, ranges, options, samples).value();
  EXPECT_GT(noise.db, 20.0);
  EXPECT_LT(noise.db, kNoNoise);
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const bool alone = model.layers[i].name == "branch";
    EXPECT_EQ(noise.without[i], alone ? kNoNoise : noise.db) << model.layers[i].name;
  }
}

TEST(Noise, IsNoneWhereAllStaysFloat) {
  const auto graph = make_branched_model();
  const auto folded = fold_operations(*graph).value();
  const Samples samples = random_samples(*graph, 2);
  QuantizationOptions options;
  for (const Layer& layer : folded->layers()) options.keep_float.insert(layer.name);
  const QuantizedModel model = quantized(*graph, samples, options);
  const auto noise = measure_noise(model, samples).value();
  for (const LayerNoise& layer : noise) EXPECT_EQ(layer.total_db, kNoNoise);
}

}  // namespace
}  // namespace tinysplit
