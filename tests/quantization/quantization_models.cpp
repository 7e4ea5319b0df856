#include "quantization/quantization_models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <random>

#include "engine/value_conversion.h"
#include "graph/graph_builder.h"

namespace tinysplit {
namespace {

namespace fs = std::filesystem;

class BranchedModel {
 public:
  std::shared_ptr<const Graph> make() {
    const ValueId image = builder_.add_input("image", DType::kFloat32, Shape{1, 8, 8, 3}).value();
    const ValueId stem = layer("stem", convolution(3, 8), {image, weights({3, 3, 3, 8})});
    const ValueId norm = layer("norm", ChannelAffineOp{}, {stem, weights({8}), weights({8})});
    const ValueId relu = layer("relu", clip(), {norm});
    const ValueId branch =
        layer("branch", convolution(3, 8), {relu, weights({3, 3, 8, 8}), weights({8})});
    const ValueId sum = layer("sum", BinaryOp{BinaryKind::kAdd}, {relu, branch});
    const ValueId side = layer("side", convolution(1, 4), {sum, weights({1, 1, 8, 4})});
    const ValueId joined = layer("joined", ConcatOp{3}, {sum, side});
    const ValueId pool = layer("pool", GlobalPoolOp{}, {joined});
    EXPECT_TRUE(builder_.begin_layer("classes", "Dense").ok());
    const ValueId dense =
        builder_.add_op(DenseOp{}, {pool, weights({12, 5}), weights({5})}).value();
    const ValueId classes = builder_.add_op(SoftmaxOp{1}, {dense}).value();
    EXPECT_TRUE(builder_.end_layer({classes}).ok());
    EXPECT_TRUE(builder_.add_output(classes).ok());
    return builder_.build().value();
  }

 private:
  ValueId layer(const std::string& name, Op op, std::vector<ValueId> inputs) {
    EXPECT_TRUE(builder_.begin_layer(name, name).ok());
    const ValueId output = builder_.add_op(std::move(op), std::move(inputs)).value();
    EXPECT_TRUE(builder_.end_layer({output}).ok());
    return output;
  }
  static Conv2dOp convolution(std::int64_t size, std::int64_t) {
    Conv2dOp conv;
    conv.spatial.pad_before = {size / 2, size / 2};
    conv.spatial.pad_after = {size / 2, size / 2};
    return conv;
  }
  static ActivationOp clip() {
    ActivationOp op;
    op.beta = std::numeric_limits<float>::infinity();
    return op;
  }
  ValueId weights(const Shape& shape) {
    Tensor tensor(DType::kFloat32, shape);
    std::normal_distribution<float> normal(0.0f, 0.4f);
    for (float& value : tensor.as<float>()) value = normal(random_);
    return builder_.add_constant(std::move(tensor));
  }

  GraphBuilder builder_{"branched", std::string(64, 'b')};
  std::mt19937 random_{11};
};

}  // namespace

std::vector<fs::path> float_model_files() {
  const fs::path source = TINYSPLIT_SOURCE_DIR;
  std::vector<fs::path> files;
  for (const fs::path& folder : {source / "tests/data/keras", source / "models/test_model",
                                 source / "models/fashion_resnet"}) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".keras") files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::string test_name_of(const fs::path& path) {
  std::string name = path.stem();
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

bool takes_real_numbers(const Graph& graph) {
  return std::ranges::all_of(graph.inputs(),
                             [&](ValueId id) { return graph.value(id).dtype == DType::kFloat32; });
}

Samples random_samples(const Graph& graph, std::size_t count) {
  std::vector<Shape> shapes;
  for (const ValueId input : graph.inputs()) shapes.push_back(graph.value(input).shape);
  return {count, [shapes](std::size_t i) {
            std::mt19937 random(static_cast<unsigned>(i) + 1);
            std::normal_distribution<float> normal(0.0f, 1.0f);
            std::vector<Tensor> tensors;
            for (const Shape& shape : shapes) {
              Tensor tensor(DType::kFloat32, shape);
              for (float& value : tensor.as<float>()) value = normal(random);
              tensors.push_back(std::move(tensor));
            }
            return Result<std::vector<Tensor>>(std::move(tensors));
          }};
}

std::vector<Tensor> run_on(const Graph& graph, const std::vector<Tensor>& inputs) {
  // The graph outlives the engine here.
  const std::shared_ptr<const Graph> borrowed(std::shared_ptr<void>(), &graph);
  auto engine = Engine::create(borrowed).value();
  auto segment = engine->make_segment(0, graph.num_layers());
  EXPECT_TRUE(segment.ok()) << segment.status().to_string();
  if (!segment.ok()) return {};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = graph.value(graph.inputs()[i]);
    const Tensor given = convert_for(inputs[i].clone(), value).value();
    std::ranges::copy(given.bytes(), (*segment)->input(i).begin());
  }
  EXPECT_TRUE((*segment)->run().ok());
  std::vector<Tensor> outputs;
  for (const ValueId output : graph.outputs()) {
    const auto& made = (*segment)->outputs();
    const auto at = std::ranges::find(made, output) - made.begin();
    outputs.push_back(Tensor::copy_of((*segment)->output(static_cast<std::size_t>(at))));
  }
  return outputs;
}

std::vector<Tensor> run_on(const Graph& graph, const Samples& samples, std::size_t sample) {
  return run_on(graph, samples.at(sample).value());
}

std::shared_ptr<const Graph> make_branched_model() { return BranchedModel().make(); }

}  // namespace tinysplit
