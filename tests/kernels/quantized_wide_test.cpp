#include "kernels/quantized_wide.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tinysplit::quantized {
namespace {

constexpr float kUnit = 1.0f / 32768.0f;

Value int16_value(float scale, std::int64_t size) {
  Value value;
  value.dtype = DType::kInt16;
  value.shape = Shape{1, size};
  value.quantization = Quantization{{scale}, {0}, -1};
  return value;
}

// An operation from int16 of that scale to units of 2^-15.
struct Problem {
  Problem(Op operation, float scale, std::int64_t size)
      : op(std::move(operation)), x(int16_value(scale, size)), y(int16_value(kUnit, size)) {
    spec.op = &op;
    spec.inputs = {&x};
    spec.output = &y;
  }

  Op op;
  Value x, y;
  KernelSpec spec;
};

const float kScales[] = {
    1e-7f, 1e-5f, 0.000244140625f, 0.000244262695f, 0.00048828125f, 0.0031f, 0.5f, 5.3f,
    8.0f,  1e6f};

// The bits are those of LiteRT in the golden models, as far as its own arithmetic does not
// overflow; here that every scale gives a function that rises and is near the real one.
void expect_near(const std::function<std::int32_t(std::int32_t)>& map, float scale, bool is_tanh) {
  ASSERT_TRUE(map) << scale;
  std::int32_t before = -32768;
  for (std::int32_t x = -32768; x <= 32767; x += 3) {
    const double real = double{scale} * x;
    const double y = is_tanh ? std::tanh(real) : 1.0 / (1.0 + std::exp(-real));
    const std::int32_t found = map(x);
    ASSERT_NEAR(found, y * 32768.0, 40.0) << x << " of scale " << scale;
    ASSERT_GE(found, before) << x << " of scale " << scale;
    before = found;
  }
}

TEST(QuantizedWide, SigmoidRisesAtEveryScale) {
  for (const float scale : kScales) {
    const Problem problem(ActivationOp{ActivationKind::kSigmoid}, scale, 1);
    expect_near(wide_sigmoid_map(problem.spec), scale, false);
  }
}

TEST(QuantizedWide, TanhRisesAtEveryScale) {
  for (const float scale : kScales) {
    const Problem problem(ActivationOp{ActivationKind::kTanh}, scale, 1);
    expect_near(wide_tanh_map(problem.spec), scale, true);
  }
}

// The table of the exponential ends at exp(-10), 1 in units of 2^-15.
TEST(QuantizedWide, SoftmaxOfFarAwayNumbersVanishes) {
  for (const float scale : {0.01f, 1.0f, 6.0f, 1e6f}) {
    const Problem problem(SoftmaxOp{}, scale, 4);
    const Body body = wide_softmax_body(problem.spec);
    ASSERT_TRUE(body);
    const std::int16_t x[] = {-32768, 20000, 7232, 20000};
    std::int16_t y[4] = {};
    const std::byte* const inputs[] = {reinterpret_cast<const std::byte*>(x)};
    body.run(inputs, reinterpret_cast<std::byte*>(y), nullptr);
    EXPECT_LE(y[0], 1) << scale;
    EXPECT_LE(y[2], 1) << scale;
    EXPECT_NEAR(y[1], 16384, 4) << scale;
    EXPECT_EQ(y[1], y[3]) << scale;
  }
}

TEST(QuantizedWide, HasNoTableForOtherOutputs) {
  Problem problem(ActivationOp{ActivationKind::kTanh}, 0.001f, 1);
  problem.y = int16_value(0.001f, 1);
  EXPECT_FALSE(wide_tanh_map(problem.spec));
  problem.y = int16_value(kUnit, 1);
  problem.x.quantization->zero_point = {5};
  EXPECT_FALSE(wide_tanh_map(problem.spec));
}

}  // namespace
}  // namespace tinysplit::quantized
