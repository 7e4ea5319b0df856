#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.h"
#include "training/networks.h"

// Gradients against central differences of the loss. The loss is summed up in double precision from
// float outputs, so a difference over 2h is good to about 1e-7 / h; with h = 4e-3 and gradients of
// 0.01 to 1 that leaves three digits. Where a corner (relu, max pooling) lies inside of a step
// there is no derivative to be met: then h and h / 2 give unlike differences, and the weight is
// passed over, which may happen to half of them. A factor, sign or index that is wrong gives the
// same wrong number at both.
namespace tinysplit::training {
namespace {

constexpr double kStep = 4e-3;
constexpr double kTolerance = 2e-2;
constexpr std::size_t kSamples = 12;  // of each parameter

struct Case {
  std::string name;
  std::string config;
  LossOptions loss{LossKind::kMeanSquaredError, 0.0f};
  std::int64_t images = 3;
};

Json conv(const std::string& name, std::int64_t filters, Json options = Json::object()) {
  options["filters"] = filters;
  if (!options.contains("kernel_size")) options["kernel_size"] = {3, 3};
  return layer("Conv2D", name, options);
}

Json dense(const std::string& name, std::int64_t units, const char* activation = "linear") {
  return layer("Dense", name, {{"units", units}, {"activation", activation}});
}

// The layer between a convolution, whose gradients pass through it, and a dense layer.
Case between(const std::string& name, Json tested, std::int64_t side = 6) {
  return {name,
          sequential({side, side, 2}, {conv("first", 4, {{"padding", "same"}}), std::move(tested),
                                       layer("Flatten", "flatten"), dense("last", 3)})};
}

Case activation(const std::string& function) {
  return {
      "Activation_" + function,
      sequential({7}, {dense("first", 9), layer("Activation", "tested", {{"activation", function}}),
                       dense("last", 3)})};
}

std::vector<Case> layer_cases() {
  std::vector<Case> cases = {
      between("ConvValid", conv("tested", 5)),
      between("ConvStrideSame", conv("tested", 5, {{"strides", {2, 2}}, {"padding", "same"}})),
      between("ConvDilation", conv("tested", 5, {{"dilation_rate", {2, 2}}})),
      between("ConvGroups", conv("tested", 6, {{"groups", 2}})),
      between("ConvOneByOneNoBias",
              conv("tested", 7, {{"kernel_size", {1, 1}}, {"use_bias", false}})),
      between(
          "ConvUnequal",
          conv("tested", 3, {{"kernel_size", {1, 4}}, {"strides", {2, 1}}, {"padding", "same"}})),
      between("ConvRelu", conv("tested", 5, {{"activation", "relu"}})),
      between("ConvRelu6", conv("tested", 5, {{"activation", "relu6"}})),
      between("ConvSwish", conv("tested", 5, {{"activation", "swish"}})),
      between("Depthwise", layer("DepthwiseConv2D", "tested", {{"kernel_size", {3, 3}}})),
      between("DepthwiseStrideMultiplier", layer("DepthwiseConv2D", "tested",
                                                 {{"kernel_size", {3, 3}},
                                                  {"strides", {2, 2}},
                                                  {"depth_multiplier", 2},
                                                  {"padding", "same"}})),
      between("Separable",
              layer("SeparableConv2D", "tested",
                    {{"kernel_size", {3, 3}}, {"filters", 5}, {"activation", "tanh"}})),
      between("BatchNorm", layer("BatchNormalization", "tested")),
      between("BatchNormNoScale",
              layer("BatchNormalization", "tested", {{"scale", false}, {"epsilon", 0.1}})),
      between("BatchNormNoCenter", layer("BatchNormalization", "tested", {{"center", false}})),
      between("BatchNormFrozen", layer("BatchNormalization", "tested", {{"trainable", false}})),
      between("MaxPool", layer("MaxPooling2D", "tested", {{"pool_size", {2, 2}}})),
      between("MaxPoolSameOverlap",
              layer("MaxPooling2D", "tested",
                    {{"pool_size", {3, 3}}, {"strides", {2, 2}}, {"padding", "same"}}),
              7),
      between("AveragePool", layer("AveragePooling2D", "tested", {{"pool_size", {2, 3}}})),
      between("AveragePoolSame",
              layer("AveragePooling2D", "tested",
                    {{"pool_size", {3, 3}}, {"strides", {2, 2}}, {"padding", "same"}}),
              7),
      between("GlobalAverage", layer("GlobalAveragePooling2D", "tested")),
      between("GlobalMaxKeep", layer("GlobalMaxPooling2D", "tested", {{"keepdims", true}})),
      between("ZeroPadding", layer("ZeroPadding2D", "tested", {{"padding", {{1, 0}, {2, 1}}}})),
      between("Reshape", layer("Reshape", "tested", {{"target_shape", {4, -1}}})),
      between("Rescaling",
              layer("Rescaling", "tested", {{"scale", {2.0, -1.0, 0.5, 1.0}}, {"offset", 0.25}})),
      between("Dropout", layer("Dropout", "tested", {{"rate", 0.3}})),
      between("ReluSlopeMost",
              layer("ReLU", "tested", {{"max_value", 0.6}, {"negative_slope", 0.2}})),
      between("LeakyRelu", layer("LeakyReLU", "tested", {{"negative_slope", 0.1}})),
      between("SoftmaxInside", layer("Softmax", "tested")),
  };
  for (const char* function :
       {"relu", "relu6", "sigmoid", "tanh", "elu", "selu", "gelu", "swish", "hard_sigmoid",
        "hard_swish", "softplus", "exponential", "softsign", "leaky_relu", "softmax"}) {
    cases.push_back(activation(function));
  }
  cases.push_back(
      {"DenseOverRows", sequential({4, 5}, {dense("first", 6, "tanh"), dense("last", 2)})});
  cases.push_back(
      {"Penalties",
       sequential({6},
                  {layer("Dense", "first",
                         {{"units", 5},
                          {"kernel_regularizer",
                           {{"class_name", "L1L2"}, {"config", {{"l1", 0.05}, {"l2", 0.1}}}}}}),
                   dense("last", 2)})});
  return cases;
}

Json norm(const std::string& name) { return layer("BatchNormalization", name); }
Json relu(const std::string& name) { return layer("ReLU", name); }
Json add(const std::string& name) { return layer("Add", name); }

std::vector<Case> graph_cases() {
  const Json same = {{"padding", "same"}};
  std::vector<Case> cases;
  // The addition and the relu run inside of the second normalisation.
  cases.push_back(
      {"Residual",
       functional({6, 6, 3},
                  {called_on(conv("a", 4, same), {"input"}), called_on(norm("a_norm"), {"a"}),
                   called_on(relu("a_relu"), {"a_norm"}), called_on(conv("b", 4, same), {"a_relu"}),
                   called_on(norm("b_norm"), {"b"}), called_on(add("add"), {"b_norm", "a_relu"}),
                   called_on(relu("add_relu"), {"add"}),
                   called_on(layer("GlobalAveragePooling2D", "pool"), {"add_relu"}),
                   called_on(dense("last", 3), {"pool"})})});
  // Both operands are normalisations; the sum has three readers.
  cases.push_back(
      {"ResidualBothNormal",
       functional(
           {6, 6, 3},
           {called_on(conv("a", 4, same), {"input"}), called_on(norm("a_norm"), {"a"}),
            called_on(conv("b", 4, same), {"input"}), called_on(norm("b_norm"), {"b"}),
            called_on(add("add"), {"a_norm", "b_norm"}), called_on(relu("add_relu"), {"add"}),
            called_on(conv("c", 4, same), {"add_relu"}),
            called_on(conv("d", 4, same), {"add_relu"}),
            called_on(layer("Add", "three"), {"c", "add_relu", "d"}),
            called_on(layer("Flatten", "flatten"), {"three"}),
            called_on(dense("last", 3), {"flatten"})})});
  cases.push_back(
      {"Concatenate",
       functional(
           {6, 6, 3},
           {called_on(conv("a", 2, same), {"input"}), called_on(conv("b", 5, same), {"input"}),
            called_on(layer("Concatenate", "rows", {{"axis", 1}}), {"a", "a"}),
            called_on(layer("Concatenate", "channels"), {"a", "b", "a"}),
            called_on(conv("c", 3), {"channels"}), called_on(conv("d", 3), {"rows"}),
            called_on(layer("GlobalAveragePooling2D", "c_pool"), {"c"}),
            called_on(layer("GlobalMaxPooling2D", "d_pool"), {"d"}),
            called_on(add("add"), {"c_pool", "d_pool"}), called_on(dense("last", 3), {"add"})})});
  // One value added to itself, and read by a layer that shares its gradient's buffer.
  cases.push_back(
      {"AddToItself",
       functional({5},
                  {called_on(dense("a", 6), {"input"}), called_on(add("twice"), {"a", "a"}),
                   called_on(layer("Activation", "act", {{"activation", "tanh"}}), {"twice"}),
                   called_on(add("again"), {"twice", "act"}), called_on(relu("relu"), {"again"}),
                   called_on(add("end"), {"relu", "a"}), called_on(dense("last", 3), {"end"})})});
  // More channels than a vector, in a number that is no multiple of one.
  cases.push_back(
      {"NormOfOddChannels",
       functional(
           {9, 9, 2},
           {called_on(conv("a", 21, same), {"input"}), called_on(norm("a_norm"), {"a"}),
            called_on(relu("a_relu"), {"a_norm"}), called_on(conv("b", 21, same), {"a_relu"}),
            called_on(norm("b_norm"), {"b"}), called_on(add("add"), {"a_norm", "b_norm"}),
            called_on(layer("GlobalAveragePooling2D", "pool"), {"add"}),
            called_on(dense("last", 3), {"pool"})}),
       {LossKind::kMeanSquaredError, 0.0f},
       11});
  return cases;
}

std::vector<Case> loss_cases() {
  const auto ending = [](const char* last) {
    return sequential({6}, {dense("first", 8, "tanh"), dense("last", 4, last)});
  };
  return {
      {"CrossEntropySoftmax", ending("softmax"), {LossKind::kCrossEntropy, 0.0f}},
      {"CrossEntropySmoothed", ending("softmax"), {LossKind::kCrossEntropy, 0.2f}},
      {"CrossEntropyOfProbabilities", ending("sigmoid"), {LossKind::kCrossEntropy, 0.1f}},
      {"CrossEntropyWeighted",
       ending("softmax"),
       {LossKind::kCrossEntropy, 0.1f, {0.5f, 2.0f, 1.0f, 3.0f}}},
      {"BinaryWeighted",
       sequential({6}, {dense("first", 8, "tanh"), dense("last", 1, "sigmoid")}),
       {LossKind::kBinaryCrossEntropy, 0.0f, {0.5f, 3.0f}}},
      {"BinarySigmoid", ending("sigmoid"), {LossKind::kBinaryCrossEntropy, 0.0f}},
      {"BinarySmoothed", ending("sigmoid"), {LossKind::kBinaryCrossEntropy, 0.3f}},
      {"BinaryOfProbabilities", ending("softmax"), {LossKind::kBinaryCrossEntropy, 0.0f}},
      {"SquaredSoftmax", ending("softmax"), {LossKind::kMeanSquaredError, 0.0f}},
  };
}

class GradientTest : public testing::TestWithParam<Case> {};

double loss_of(Network& network, std::int64_t images) {
  network.set_steps(0);  // the same dropout every time
  const Result<double> loss = network.forward_backward(images);
  EXPECT_TRUE(loss.ok()) << loss.status().to_string();
  return loss.ok() ? *loss : 0.0;
}

double difference_of(Network& network, std::size_t weight, double step, std::int64_t images) {
  float& w = network.weights()[weight];
  const float kept = w;
  double losses[2];
  for (int side = 0; side < 2; ++side) {
    w = kept + static_cast<float>(side == 0 ? step : -step);
    network.weights_changed();
    losses[side] = loss_of(network, images);
  }
  w = kept;
  network.weights_changed();
  return (losses[0] - losses[1]) / (2.0 * step);
}

TEST_P(GradientTest, EqualsDifferences) {
  const Case& test = GetParam();
  NetworkOptions options;
  options.batch = test.images;
  options.loss = test.loss;
  options.seed = 5;
  Network network = make_network(test.config, options);
  fill_batch(network, 11);
  Random random(3);
  // Away from symmetric starts, where gradients of zeros and ones vanish.
  for (float& w : network.weights()) w += static_cast<float>(random.uniform(-0.1, 0.1));
  network.weights_changed();
  // What rounding of the loss makes of a difference, where a gradient is 0 by right.
  const double noise = 8.0 * std::numeric_limits<float>::epsilon() *
                       std::fabs(loss_of(network, test.images)) / kStep;
  const std::vector<float> gradients(network.gradients().begin(), network.gradients().end());
  std::size_t start = 0;
  for (std::size_t p = 0; p < network.architecture().parameters.size(); ++p) {
    const ParameterSpec& spec = network.architecture().parameters[p];
    if (!spec.trainable) continue;
    const auto count = static_cast<std::size_t>(spec.shape.num_elements());
    double most = 1e-2;
    for (std::size_t i = 0; i < count; ++i) {
      most = std::max(most, std::fabs(double{gradients[start + i]}));
    }
    const double allowed = std::max(kTolerance * most, noise);
    const std::size_t samples = std::min(kSamples, count);
    std::size_t met = 0;
    for (std::size_t s = 0; s < samples; ++s) {
      const std::size_t i = start + (count <= kSamples ? s : random.below(count));
      const double difference = difference_of(network, i, kStep, test.images);
      const double half = difference_of(network, i, kStep / 2.0, test.images);
      if (std::fabs(difference - half) > 0.5 * allowed) continue;
      ++met;
      EXPECT_NEAR(gradients[i], half, allowed)
          << network.architecture().parameter_name(p) << "[" << i - start << "]";
    }
    EXPECT_GE(2 * met, samples) << network.architecture().parameter_name(p);
    start += count;
  }
}

// Keras' ReLU jumps at its threshold, where differences say nothing.
TEST(ReluGradient, HasASlopeOnEachSideOfTheThreshold) {
  NetworkOptions options;
  options.batch = 1;
  options.loss.kind = LossKind::kMeanSquaredError;
  const Json relu =
      layer("ReLU", "relu", {{"max_value", 2.0}, {"negative_slope", 0.25}, {"threshold", 0.5}});
  Network network = make_network(sequential({4}, {dense("d", 4), relu}), options);
  Tensor identity(DType::kFloat32, Shape{4, 4});
  for (std::size_t i = 0; i < 4; ++i) identity.as<float>()[5 * i] = 1.0f;
  ASSERT_TRUE(network.set_parameter(0, identity.view()).ok());
  const float inputs[] = {-1.0f, 0.4f, 1.0f, 3.0f};
  const float outputs[] = {-0.375f, -0.025f, 1.0f, 2.0f};
  const float slopes[] = {0.25f, 0.25f, 1.0f, 0.0f};
  std::ranges::copy(inputs, network.input().begin());
  ASSERT_TRUE(network.forward_backward(1).ok());
  const std::span<const float> bias = network.gradient(1).as<float>();
  for (std::size_t i = 0; i < 4; ++i) {
    // The threshold itself is below it: the next number above stands for it.
    EXPECT_NEAR(network.predictions()[i], outputs[i], 1e-7f);
    EXPECT_NEAR(bias[i], 2.0f * outputs[i] / 4.0f * slopes[i], 1e-7f);
  }
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Layers, GradientTest, testing::ValuesIn(layer_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Graphs, GradientTest, testing::ValuesIn(graph_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Losses, GradientTest, testing::ValuesIn(loss_cases()), name_of);

}  // namespace
}  // namespace tinysplit::training
