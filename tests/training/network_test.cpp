#include "training/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "training/networks.h"
#include "training/optimizer.h"

namespace tinysplit::training {
namespace {

std::string small_model() {
  return functional(
      {8, 8, 3}, {called_on(layer("Conv2D", "a",
                                  {{"filters", 6}, {"kernel_size", {3, 3}}, {"padding", "same"}}),
                            {"input"}),
                  called_on(layer("BatchNormalization", "a_norm"), {"a"}),
                  called_on(layer("ReLU", "a_relu"), {"a_norm"}),
                  called_on(layer("Conv2D", "b",
                                  {{"filters", 6}, {"kernel_size", {3, 3}}, {"padding", "same"}}),
                            {"a_relu"}),
                  called_on(layer("BatchNormalization", "b_norm"), {"b"}),
                  called_on(layer("Add", "add"), {"b_norm", "a_relu"}),
                  called_on(layer("ReLU", "relu"), {"add"}),
                  called_on(layer("MaxPooling2D", "pool"), {"relu"}),
                  called_on(layer("Flatten", "flatten"), {"pool"}),
                  called_on(layer("Dropout", "dropout", {{"rate", 0.25}}), {"flatten"}),
                  called_on(layer("Dense", "classes", {{"units", 5}, {"activation", "softmax"}}),
                            {"dropout"})});
}

NetworkOptions batch_of(std::int64_t batch, int threads = 1) {
  NetworkOptions options;
  options.batch = batch;
  options.threads = threads;
  return options;
}

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

std::vector<std::vector<float>> parameters_of(const Network& network) {
  std::vector<std::vector<float>> all;
  for (std::size_t p = 0; p < network.architecture().parameters.size(); ++p) {
    all.push_back(copy(network.parameter(p).as<float>()));
  }
  return all;
}

void train(Network& network, Optimizer& optimizer, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t step = from; step < to; ++step) {
    fill_batch(network, 100 + step);
    // The last of three is a part of a batch.
    const std::int64_t images = network.options().batch - (step % 3 == 2 ? 3 : 0);
    ASSERT_TRUE(network.forward_backward(images).ok());
    optimizer.step(0.01, network.weights(), network.gradients());
    network.weights_changed();
  }
}

TEST(Network, TrainsTheSameWayTwice) {
  for (const int threads : {1, 2}) {
    std::vector<std::vector<float>> results[2];
    for (auto& result : results) {
      Network network = make_network(small_model(), batch_of(16, threads));
      Optimizer optimizer = *Optimizer::create({}, network.weights().size());
      train(network, optimizer, 0, 3);
      result = parameters_of(network);
    }
    EXPECT_EQ(results[0], results[1]) << threads << " threads";
  }
}

TEST(Network, GivesTheSameGradientsOnAnyNumberOfThreads) {
  std::vector<float> gradients[2];
  for (const int threads : {1, 2}) {
    Network network = make_network(small_model(), batch_of(64, threads));
    fill_batch(network, 3);
    ASSERT_TRUE(network.forward_backward(64).ok());
    gradients[threads - 1] = copy(network.gradients());
  }
  for (std::size_t i = 0; i < gradients[0].size(); ++i) {
    EXPECT_NEAR(gradients[0][i], gradients[1][i], 1e-5) << i;
  }
}

TEST(Network, GoesOnFromACheckpointBitForBit) {
  Network whole = make_network(small_model(), batch_of(12));
  Optimizer optimizer = *Optimizer::create({}, whole.weights().size());
  train(whole, optimizer, 0, 4);
  NetworkOptions other = batch_of(12);
  Network resumed = make_network(small_model(), other);
  for (std::size_t p = 0; p < whole.architecture().parameters.size(); ++p) {
    ASSERT_TRUE(resumed.set_parameter(p, whole.parameter(p)).ok());
  }
  resumed.set_steps(whole.steps());
  Optimizer copied = *Optimizer::create({}, resumed.weights().size());
  std::vector<Tensor> moments;
  for (const Tensor& moment : optimizer.moments()) moments.push_back(moment.clone());
  ASSERT_TRUE(copied.restore(optimizer.steps(), std::move(moments)).ok());
  train(whole, optimizer, 4, 8);
  train(resumed, copied, 4, 8);
  EXPECT_EQ(parameters_of(whole), parameters_of(resumed));
}

TEST(Network, StartsFromTheSeedAlone) {
  const auto start = [](std::uint64_t seed, std::int64_t batch) {
    NetworkOptions options = batch_of(batch);
    options.seed = seed;
    return parameters_of(make_network(small_model(), options));
  };
  EXPECT_EQ(start(1, 4), start(1, 9));
  EXPECT_NE(start(1, 4), start(2, 4));
}

// A part of a batch gives what a network made for that many images gives.
TEST(Network, ComputesAPartOfABatchOnItsImagesAlone) {
  Network large = make_network(small_model(), batch_of(10));
  Network exact = make_network(small_model(), batch_of(4));
  fill_batch(exact, 5);
  fill_batch(large, 77);
  std::ranges::copy(exact.input(), large.input().begin());
  std::ranges::copy(exact.targets(), large.targets().begin());
  const Result<double> a = large.forward_backward(4);
  const Result<double> b = exact.forward_backward(4);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(*a, *b);
  EXPECT_EQ(copy(large.gradients()), copy(exact.gradients()));
  EXPECT_EQ(copy(large.predictions()), copy(exact.predictions()));
  EXPECT_EQ(parameters_of(large), parameters_of(exact));
}

// Inference does not depend on the rest of the batch, and leaves the parameters alone.
TEST(Network, PredictsEachImageByItself) {
  Network network = make_network(small_model(), batch_of(6));
  Optimizer optimizer = *Optimizer::create({}, network.weights().size());
  train(network, optimizer, 0, 2);
  const auto before = parameters_of(network);
  fill_batch(network, 8);
  ASSERT_TRUE(network.forward(6).ok());
  const std::vector<float> all = copy(network.predictions());
  ASSERT_TRUE(network.forward(1).ok());
  const std::vector<float> first = copy(network.predictions());
  ASSERT_EQ(first.size(), 5u);
  for (std::size_t c = 0; c < 5; ++c) EXPECT_NEAR(first[c], all[c], 1e-6);
  EXPECT_EQ(parameters_of(network), before);
}

TEST(Network, LearnsToTellImagesApart) {
  Network network = make_network(small_model(), batch_of(20));
  OptimizerOptions adam;
  adam.kind = OptimizerKind::kAdam;
  Optimizer optimizer = *Optimizer::create(adam, network.weights().size());
  fill_batch(network, 4);
  const Result<double> first = network.forward_backward(20);
  ASSERT_TRUE(first.ok());
  for (int step = 0; step < 60; ++step) {
    ASSERT_TRUE(network.forward_backward(20).ok());
    optimizer.step(5e-3, network.weights(), network.gradients());
    network.weights_changed();
  }
  const Result<double> last = network.forward_backward(20);
  ASSERT_TRUE(last.ok());
  EXPECT_LT(*last, 0.2 * *first);
}

TEST(Network, LeavesFrozenLayersAlone) {
  const std::string config =
      sequential({6}, {layer("Dense", "a", {{"units", 4}, {"trainable", false}}),
                       layer("BatchNormalization", "norm", {{"trainable", false}}),
                       layer("Dense", "b", {{"units", 3}, {"activation", "softmax"}})});
  Network network = make_network(config, batch_of(8));
  EXPECT_EQ(network.weights().size(), 4u * 3 + 3);
  const auto before = parameters_of(network);
  fill_batch(network, 3);
  ASSERT_TRUE(network.forward_backward(8).ok());
  EXPECT_EQ(parameters_of(network), before);
  EXPECT_EQ(network.gradient(0).data, nullptr);
}

TEST(Network, SaysThatTheLossIsNoNumber) {
  Network network = make_network(small_model(), batch_of(4));
  fill_batch(network, 3);
  network.input()[7] = std::numeric_limits<float>::quiet_NaN();
  const Status status = network.forward_backward(4).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("step 1"), std::string::npos) << status.message();
}

TEST(Network, RefusesWhatDoesNotFit) {
  Network network = make_network(small_model(), batch_of(4));
  EXPECT_EQ(network.forward_backward(0).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(network.forward_backward(5).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(network.forward(5).code(), StatusCode::kInvalidArgument);
  const Tensor wrong(DType::kFloat32, Shape{3});
  EXPECT_EQ(network.set_parameter(0, wrong.view()).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(network.set_parameter(99, wrong.view()).code(), StatusCode::kOutOfRange);
  const auto architecture =
      std::make_shared<const Architecture>(*parse_architecture(small_model()));
  EXPECT_EQ(Network::create(architecture, batch_of(0)).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Network::create(architecture, batch_of(4, 0)).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Network::create(architecture, batch_of(1 << 22)).status().code(),
            StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace tinysplit::training
