#include "training/fake_quantization.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "training/networks.h"
#include "training/optimizer.h"

namespace tinysplit::training {
namespace {

std::string quantizable_model() {
  return functional(
      {6, 6, 2},
      {called_on(layer("Conv2D", "a", {{"filters", 4}, {"kernel_size", {3, 3}}}), {"input"}),
       called_on(layer("BatchNormalization", "a_norm"), {"a"}),
       called_on(layer("ReLU", "a_relu"), {"a_norm"}),
       called_on(
           layer("Conv2D", "b", {{"filters", 4}, {"kernel_size", {3, 3}}, {"padding", "same"}}),
           {"a_relu"}),
       called_on(layer("BatchNormalization", "b_norm"), {"b"}),
       called_on(layer("Add", "add"), {"b_norm", "a_relu"}),
       called_on(layer("ReLU", "add_relu"), {"add"}),
       called_on(layer("MaxPooling2D", "pool"), {"add_relu"}),
       called_on(layer("Flatten", "flatten"), {"pool"}),
       called_on(layer("Dense", "classes", {{"units", 3}, {"activation", "softmax"}}),
                 {"flatten"})});
}

Network make_rounded(bool fake_quantize) {
  NetworkOptions options;
  options.batch = 16;
  options.fake_quantize = fake_quantize;
  return make_network(quantizable_model(), options);
}

TEST(Int8Grid, HoldsZeroAndBothEnds) {
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    const auto low = static_cast<float>(-random.uniform(0.0, 3.0));
    const auto high = static_cast<float>(random.uniform(0.0, 3.0) + 1e-3);
    const Int8Grid grid = grid_of(low, high);
    EXPECT_EQ(grid.zero_point, std::round(grid.zero_point));
    EXPECT_NEAR((-128.0f - grid.zero_point) * grid.scale, low, 0.51 * grid.scale);
    EXPECT_NEAR((127.0f - grid.zero_point) * grid.scale, high, 0.51 * grid.scale);
  }
}

TEST(FakeQuantizeWeights, RoundsEachChannelToItsOwnSteps) {
  const float weights[] = {1.0f, -0.01f, 0.5004f, 0.02f, -0.25f, 0.0f};  // [3,2]
  float rounded[6];
  fake_quantize_weights(weights, 3, 2, rounded);
  const float scales[] = {1.0f / 127.0f, 0.02f / 127.0f};
  for (std::size_t i = 0; i < 6; ++i) {
    const float scale = scales[i % 2];
    EXPECT_NEAR(rounded[i], weights[i], 0.5f * scale + 1e-7f);
    EXPECT_NEAR(rounded[i] / scale, std::round(rounded[i] / scale), 1e-3f);
  }
  EXPECT_EQ(rounded[0], 1.0f);
}

TEST(FakeQuantization, RoundsWhatWillBeInt8Tensors) {
  Network network = make_rounded(true);
  std::vector<std::string> names;
  for (const ActivationRange& range : network.ranges()) names.push_back(range.layer);
  const std::vector<std::string> expected = {"input", "a_relu", "b_norm", "add_relu",
                                             "classes/dense"};
  EXPECT_EQ(names, expected);
}

TEST(FakeQuantization, FollowsTheValuesWithMovingAverages) {
  Network network = make_rounded(true);
  fill_batch(network, 1);
  const auto [low, high] = std::ranges::minmax(network.input());
  ASSERT_TRUE(network.forward_backward(16).ok());
  EXPECT_EQ(network.ranges()[0].low, low);
  EXPECT_EQ(network.ranges()[0].high, high);
  for (float& x : network.input()) x *= 2.0f;
  ASSERT_TRUE(network.forward_backward(16).ok());
  EXPECT_NEAR(network.ranges()[0].low, 0.99f * low + 0.01f * 2.0f * low, 1e-6);
  ASSERT_TRUE(network.forward(16).ok());
  EXPECT_NEAR(network.ranges()[0].high, 0.99f * high + 0.01f * 2.0f * high, 1e-6);
}

TEST(FakeQuantization, StaysNearTheFloatNetworkAndItsGradients) {
  Network plain = make_rounded(false);
  Network rounded = make_rounded(true);
  fill_batch(plain, 2);
  // Moving statistics that fit, since the rounded network uses them.
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(plain.forward_backward(16).ok());
  for (std::size_t p = 0; p < plain.architecture().parameters.size(); ++p) {
    ASSERT_TRUE(rounded.set_parameter(p, plain.parameter(p)).ok());
  }
  std::ranges::copy(plain.input(), rounded.input().begin());
  std::ranges::copy(plain.targets(), rounded.targets().begin());
  ASSERT_TRUE(plain.forward(16).ok());
  const Result<double> loss = rounded.forward_backward(16);
  ASSERT_TRUE(loss.ok());
  double largest = 0.0;
  for (std::size_t i = 0; i < plain.predictions().size(); ++i) {
    largest = std::max(
        largest, std::fabs(double{plain.predictions()[i]} - double{rounded.predictions()[i]}));
  }
  EXPECT_GT(largest, 0.0);
  EXPECT_LT(largest, 0.03);
  // Gradients of the last layer, which batch statistics change little.
  double products = 0.0, plain_squares = 0.0, rounded_squares = 0.0;
  ASSERT_TRUE(plain.forward_backward(16).ok());
  for (std::size_t i = plain.weights().size() - 51; i < plain.weights().size(); ++i) {
    const double a = plain.gradients()[i], b = rounded.gradients()[i];
    products += a * b;
    plain_squares += a * a;
    rounded_squares += b * b;
  }
  EXPECT_GT(products / std::sqrt(plain_squares * rounded_squares), 0.99);
}

TEST(FakeQuantization, LearnsAndGoesOnFromItsRanges) {
  Network network = make_rounded(true);
  Optimizer optimizer = *Optimizer::create({}, network.weights().size());
  fill_batch(network, 3);
  double first = 0.0, last = 0.0;
  for (int step = 0; step < 300; ++step) {
    const Result<double> loss = network.forward_backward(16);
    ASSERT_TRUE(loss.ok());
    (step == 0 ? first : last) = *loss;
    optimizer.step(5e-3, network.weights(), network.gradients());
    network.weights_changed();
  }
  EXPECT_LT(last, 0.6 * first);
  Network copy = make_rounded(true);
  for (std::size_t p = 0; p < network.architecture().parameters.size(); ++p) {
    ASSERT_TRUE(copy.set_parameter(p, network.parameter(p)).ok());
  }
  ASSERT_TRUE(copy.set_ranges(network.ranges()).ok());
  std::ranges::copy(network.input(), copy.input().begin());
  ASSERT_TRUE(network.forward(16).ok());
  ASSERT_TRUE(copy.forward(16).ok());
  EXPECT_TRUE(std::ranges::equal(network.predictions(), copy.predictions()));
  std::vector<ActivationRange> wrong = network.ranges();
  wrong[1].low = 0.5f;
  EXPECT_EQ(copy.set_ranges(wrong).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tinysplit::training
