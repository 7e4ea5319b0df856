#include "training/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random.h"

namespace tinysplit::training {
namespace {

constexpr std::size_t kCount = 37;  // no whole number of vectors

std::vector<float> random_numbers(std::uint64_t seed) {
  Random random(seed);
  std::vector<float> numbers(kCount);
  for (float& number : numbers) number = static_cast<float>(random.normal());
  return numbers;
}

Optimizer make_optimizer(const OptimizerOptions& options) {
  return *Optimizer::create(options, kCount);
}

// The definitions, one weight at a time in double precision.
double reference(const OptimizerOptions& o, double rate, double w, const std::vector<double>& g) {
  double velocity = 0.0, m = 0.0, v = 0.0;
  for (std::size_t t = 0; t < g.size(); ++t) {
    w -= rate * o.weight_decay * w;
    if (o.kind == OptimizerKind::kSgd) {
      velocity = o.momentum * velocity - rate * g[t];
      w += o.nesterov ? o.momentum * velocity - rate * g[t] : velocity;
      continue;
    }
    m = o.beta_1 * m + (1.0 - o.beta_1) * g[t];
    v = o.beta_2 * v + (1.0 - o.beta_2) * g[t] * g[t];
    const double steps = static_cast<double>(t + 1);
    const double m_hat = m / (1.0 - std::pow(o.beta_1, steps));
    const double root = std::sqrt(1.0 - std::pow(o.beta_2, steps));
    w -= rate * m_hat / ((std::sqrt(v) + o.epsilon) / root);
  }
  return w;
}

TEST(Optimizer, FollowsItsDefinition) {
  std::vector<OptimizerOptions> all(5);
  all[0].kind = all[1].kind = all[2].kind = OptimizerKind::kSgd;
  all[1].momentum = all[2].momentum = 0.9;
  all[2].nesterov = true;
  all[2].weight_decay = 0.3;
  all[3].kind = OptimizerKind::kAdam;
  all[4].kind = OptimizerKind::kAdamW;
  all[4].weight_decay = 0.2;
  all[4].beta_1 = 0.7;
  for (std::size_t which = 0; which < all.size(); ++which) {
    Optimizer optimizer = make_optimizer(all[which]);
    const std::vector<float> start = random_numbers(1);
    std::vector<float> weights = start;
    std::vector<std::vector<double>> history(kCount);
    for (std::uint64_t step = 0; step < 5; ++step) {
      const std::vector<float> gradients = random_numbers(10 + step);
      for (std::size_t i = 0; i < kCount; ++i) history[i].push_back(gradients[i]);
      optimizer.step(0.05, weights, gradients);
    }
    for (std::size_t i = 0; i < kCount; ++i) {
      const double expected = reference(all[which], 0.05, start[i], history[i]);
      EXPECT_NEAR(weights[i], expected, 2e-6) << "optimizer " << which << " weight " << i;
    }
  }
}

TEST(Optimizer, BoundsTheNormOfAllGradients) {
  OptimizerOptions options;
  options.kind = OptimizerKind::kSgd;
  options.clip_norm = 2.0;
  Optimizer optimizer = make_optimizer(options);
  std::vector<float> weights(kCount, 0.0f);
  const std::vector<float> gradients(kCount, 3.0f);
  optimizer.step(1.0, weights, gradients);
  double squares = 0.0;
  for (const float w : weights) squares += double{w} * double{w};
  EXPECT_NEAR(std::sqrt(squares), 2.0, 1e-5);
  const std::vector<float> small(kCount, 0.01f);
  std::vector<float> others(kCount, 0.0f);
  optimizer.step(1.0, others, small);
  EXPECT_EQ(others[0], -0.01f);
}

TEST(Optimizer, GoesOnFromACopyBitForBit) {
  for (const auto kind : {OptimizerKind::kSgd, OptimizerKind::kAdam, OptimizerKind::kAdamW}) {
    OptimizerOptions options;
    options.kind = kind;
    options.momentum = 0.9;
    options.weight_decay = 0.01;
    Optimizer whole = make_optimizer(options);
    std::vector<float> weights = random_numbers(2);
    for (std::uint64_t s = 0; s < 3; ++s) whole.step(0.01, weights, random_numbers(s));
    Optimizer resumed = make_optimizer(options);
    std::vector<Tensor> moments;
    for (const Tensor& moment : whole.moments()) moments.push_back(moment.clone());
    ASSERT_TRUE(resumed.restore(whole.steps(), std::move(moments)).ok());
    std::vector<float> copy = weights;
    for (std::uint64_t s = 3; s < 6; ++s) {
      whole.step(0.01, weights, random_numbers(s));
      resumed.step(0.01, copy, random_numbers(s));
    }
    EXPECT_EQ(weights, copy);
  }
}

TEST(Optimizer, RefusesWhatItCannotBe) {
  OptimizerOptions options;
  options.beta_2 = 1.0;
  const Status status = Optimizer::create(options, kCount).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("beta_2"), std::string::npos);
  Optimizer adam = make_optimizer({});
  std::vector<Tensor> moments;
  moments.emplace_back(DType::kFloat32, Shape{static_cast<std::int64_t>(kCount)});
  EXPECT_FALSE(adam.restore(1, std::move(moments)).ok());
  std::vector<Tensor> shorter;
  for (int i = 0; i < 2; ++i) shorter.emplace_back(DType::kFloat32, Shape{3});
  EXPECT_FALSE(adam.restore(1, std::move(shorter)).ok());
  EXPECT_FALSE(optimizer_of("lion").ok());
}

}  // namespace
}  // namespace tinysplit::training
