#include "device/test_models.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>

#include "engine/named_run.h"
#include "graph/graph_builder.h"

namespace tinysplit {
namespace {

constexpr std::int64_t kSide = 8;
constexpr std::int64_t kChannels = 4;

class ModelMaker {
 public:
  ModelMaker(unsigned seed, char digest_digit)
      : builder_("residual", std::string(64, digest_digit)), random_(seed) {}

  std::shared_ptr<const Graph> make() {
    const ValueId image =
        builder_.add_input("image", DType::kFloat32, Shape{1, kSide, kSide, 1}).value();
    const ValueId stem = layer("stem", [&] { return relu(convolve(image, 1)); });
    const ValueId branch = layer("branch", [&] { return relu(convolve(stem, kChannels)); });
    const ValueId sum = layer("sum", [&] {
      return op(BinaryOp{BinaryKind::kAdd}, {stem, branch});
    });
    const ValueId early = layer("early", [&] { return op(GlobalPoolOp{}, {sum}); });
    const ValueId deep = layer("deep", [&] { return relu(convolve(sum, kChannels)); });
    const ValueId pooled = layer("pooled", [&] { return op(GlobalPoolOp{}, {deep}); });
    const ValueId scaled = layer("scaled", [&] {
      return op(BinaryOp{BinaryKind::kMultiply}, {pooled, early});
    });
    const ValueId classes = layer("classes", [&] {
      return op(DenseOp{}, {scaled, weights(Shape{kChannels, 3})});
    });
    EXPECT_TRUE(builder_.add_output(classes).ok());
    EXPECT_TRUE(builder_.add_output(early).ok());
    return builder_.build().value();
  }

 private:
  template <typename Build>
  ValueId layer(const std::string& name, Build build) {
    EXPECT_TRUE(builder_.begin_layer(name, name).ok());
    const ValueId output = build();
    EXPECT_TRUE(builder_.end_layer({output}).ok());
    return output;
  }
  ValueId op(Op what, std::vector<ValueId> inputs) {
    return builder_.add_op(std::move(what), std::move(inputs)).value();
  }
  ValueId convolve(ValueId x, std::int64_t channels) {
    Conv2dOp conv;
    conv.spatial.pad_before = {1, 1};
    conv.spatial.pad_after = {1, 1};
    return op(conv, {x, weights(Shape{3, 3, channels, kChannels})});
  }
  ValueId relu(ValueId x) {
    ActivationOp activation;
    activation.beta = std::numeric_limits<float>::infinity();
    return op(activation, {x});
  }
  ValueId weights(const Shape& shape) {
    Tensor tensor(DType::kFloat32, shape);
    std::normal_distribution<float> normal(0.0f, 0.3f);
    for (float& value : tensor.as<float>()) value = normal(random_);
    return builder_.add_constant(std::move(tensor));
  }

  GraphBuilder builder_;
  std::mt19937 random_;
};

}  // namespace

std::shared_ptr<const Graph> make_residual_model(unsigned seed, char digest_digit) {
  return ModelMaker(seed, digest_digit).make();
}

Tensor make_image(const Graph& graph, unsigned seed) {
  const Value& value = graph.value(graph.inputs()[0]);
  Tensor image(value.dtype, value.shape);
  std::mt19937 random(seed);
  for (float& pixel : image.as<float>()) pixel = static_cast<float>(random() % 256);
  return image;
}

std::vector<NamedTensor> run_uncut(const std::shared_ptr<const Graph>& graph, const Tensor& input) {
  const auto engine = Engine::create(graph).value();
  const auto segment = engine->make_segment(0, graph->num_layers()).value();
  const TensorView view = input.view();
  EXPECT_TRUE(segment->run(std::span(&view, 1)).ok());
  std::vector<NamedTensor> outputs;
  for (const ValueId id : graph->outputs()) {
    const auto at = std::ranges::find(segment->outputs(), id) - segment->outputs().begin();
    outputs.push_back(
        {graph->value(id).name, Tensor::copy_of(segment->output(static_cast<std::size_t>(at)))});
  }
  return outputs;
}

::testing::AssertionResult same_tensors(const std::vector<NamedTensor>& a,
                                        const std::vector<NamedTensor>& b) {
  if (a.size() != b.size()) {
    return ::testing::AssertionFailure() << a.size() << " tensors, not " << b.size();
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Tensor& left = a[i].tensor;
    const Tensor& right = b[i].tensor;
    if (a[i].name != b[i].name || !(left.shape() == right.shape()) ||
        std::memcmp(left.data(), right.data(), left.num_bytes()) != 0) {
      return ::testing::AssertionFailure() << a[i].name << " differs from " << b[i].name;
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace tinysplit
