#include <cmath>

#include "kernels/naive.h"

namespace tinysplit::testing_kernels {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double naive(const ActivationOp& op, double x) {
  const double alpha = static_cast<double>(op.alpha), beta = static_cast<double>(op.beta);
  const double gamma = static_cast<double>(op.gamma);
  switch (op.kind) {
    case ActivationKind::kClip:
      return std::min(std::max(x, alpha), beta);
    case ActivationKind::kSigmoid:
      return sigmoid(x);
    case ActivationKind::kTanh:
      return std::tanh(x);
    case ActivationKind::kElu:
      return x > 0 ? x : alpha * (std::exp(x) - 1);
    case ActivationKind::kSelu:
      return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (std::exp(x) - 1));
    case ActivationKind::kGeluErf:
      return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
    case ActivationKind::kGeluTanh:
      return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case ActivationKind::kSwish:
      return x * sigmoid(x);
    case ActivationKind::kHardSigmoid:
      return std::min(std::max(alpha * x + beta, 0.0), 1.0);
    case ActivationKind::kHardSwish:
      return x * std::min(std::max(x / 6 + 0.5, 0.0), 1.0);
    case ActivationKind::kSoftplus:
      return std::log1p(std::exp(x));
    case ActivationKind::kExp:
      return std::exp(x);
    case ActivationKind::kThresholdRelu:
      return x >= gamma ? std::min(x, beta) : alpha * (x - gamma);
    case ActivationKind::kCelu:
      return std::max(0.0, x) + std::min(0.0, alpha * (std::exp(x / alpha) - 1));
    case ActivationKind::kSoftsign:
      return x / (1 + std::abs(x));
    case ActivationKind::kMish:
      return x * std::tanh(std::log1p(std::exp(x)));
    case ActivationKind::kScaledTanh:
      return alpha * std::tanh(beta * x);
    case ActivationKind::kScaledSelu:
      return x > 0 ? beta * x : beta * alpha * (std::exp(x) - 1);
    case ActivationKind::kLinear:
      return alpha * x + beta;
  }
  return 0;
}

std::vector<ActivationOp> every_kind() {
  std::vector<ActivationOp> ops;
  for (int i = 0; i <= static_cast<int>(ActivationKind::kLinear); ++i) {
    ops.push_back({ActivationKind(i), 0.7f, 1.3f, 0.2f});
  }
  return ops;
}

TEST(Activation, EveryKindAgreesWithItsFormula) {
  Random random(51);
  for (const ActivationOp& op : every_kind()) {
    SCOPED_TRACE("kind " + std::to_string(static_cast<int>(op.kind)));
    for (const float range : {0.001f, 1.0f, 20.0f}) {
      const Tensor x = random.tensor(DType::kFloat32, Shape{7, 33}, -range, range);
      const Tensor y = compute(op, {&x});
      for (std::int64_t i = 0; i < x.shape().num_elements(); ++i) {
        const double expected = naive(op, real_at(x, i));
        ASSERT_NEAR(real_at(y, i), expected, 1e-6 * std::max(1.0, std::abs(expected)))
            << real_at(x, i);
      }
    }
  }
}

TEST(Activation, HoldsAtTheExtremes) {
  Tensor x(DType::kFloat32, Shape{6});
  const float extremes[] = {INFINITY, -INFINITY, 1000, -1000, 90, -90};
  std::copy(std::begin(extremes), std::end(extremes), x.as<float>().begin());
  const auto of = [&](ActivationKind kind) { return compute(ActivationOp{kind}, {&x}); };
  const Tensor exponentials = of(ActivationKind::kExp), sigmoids = of(ActivationKind::kSigmoid);
  const Tensor tangents = of(ActivationKind::kTanh);
  for (std::int64_t i = 0; i < 6; ++i) {
    const bool positive = i % 2 == 0;
    EXPECT_EQ(real_at(exponentials, i), positive ? HUGE_VAL : 0.0);
    EXPECT_EQ(real_at(sigmoids, i), positive ? 1.0 : 0.0);
    EXPECT_EQ(real_at(tangents, i), positive ? 1.0 : -1.0);
  }
}

TEST(Activation, NansStay) {
  Tensor x(DType::kFloat32, Shape{3});
  for (float& value : x.as<float>()) value = std::nanf("");
  for (const ActivationOp& op : every_kind()) {
    const Tensor y = compute(op, {&x});
    EXPECT_TRUE(std::isnan(y.as<float>()[0])) << static_cast<int>(op.kind);
  }
}

// What Keras 3 and ONNX Runtime give: not the product 0 * (-infinity).
TEST(Activation, AThresholdWithoutASlopeChooses) {
  Tensor x(DType::kFloat32, Shape{6});
  const float values[] = {-INFINITY, INFINITY, std::nanf(""), 0.05f, 0.1f, 3.0f};
  std::copy(std::begin(values), std::end(values), x.as<float>().begin());
  const Tensor bounded = compute(ActivationOp{ActivationKind::kThresholdRelu, 0, 2, 0.1f}, {&x});
  const float expected[] = {0, 2, 0, 0, 0.1f, 2};
  for (std::int64_t i = 0; i < 6; ++i) {
    EXPECT_EQ(bounded.as<float>()[static_cast<std::size_t>(i)], expected[i]);
  }
  const Tensor leaky =
      compute(ActivationOp{ActivationKind::kThresholdRelu, 0.3f, INFINITY, 0.1f}, {&x});
  EXPECT_EQ(leaky.as<float>()[0], -INFINITY);
  EXPECT_TRUE(std::isnan(leaky.as<float>()[2]));
}

TEST(Activation, SmallArgumentsKeepTheirDigits) {
  Random random(52);
  const Tensor x = random.tensor(DType::kFloat32, Shape{100}, -1e-4f, 1e-4f);
  for (const ActivationKind kind : {ActivationKind::kTanh, ActivationKind::kElu}) {
    const ActivationOp op{kind, 1.0f};
    const Tensor y = compute(op, {&x});
    for (std::int64_t i = 0; i < 100; ++i) {
      const double at = real_at(x, i);
      const double expected =
          kind == ActivationKind::kTanh ? std::tanh(at) : (at > 0 ? at : std::expm1(at));
      ASSERT_NEAR(real_at(y, i), expected, 4e-7 * std::abs(expected));
    }
  }
}

TEST(Activation, ClipsIntegers) {
  Random random(53);
  for (const DType dtype : kIntegers) {
    const Tensor x = random.tensor(dtype, Shape{40}, -9, 9);
    const Tensor y = compute(ActivationOp{ActivationKind::kClip, 0.0f, 5.5f}, {&x});
    for (std::int64_t i = 0; i < 40; ++i) {
      ASSERT_EQ(integer_at(y, i), std::clamp<std::int64_t>(integer_at(x, i), 0, 5));
    }
  }
}

}  // namespace
}  // namespace tinysplit::testing_kernels
