#include <cmath>

#include "kernels/naive.h"

namespace tinysplit::testing_kernels {
namespace {

TEST(Softmax, AgreesWithLoopsOnAnyAxis) {
  Random random(41);
  for (int trial = 0; trial < 200; ++trial) {
    const Tensor x = random.tensor(DType::kFloat32, random.shape(1, 4, 20), -20, 20);
    const int axis = static_cast<int>(random.integer(0, x.shape().rank() - 1));
    const bool logarithm = random.coin();
    const Tensor y = compute(SoftmaxOp{axis, logarithm}, {&x});
    for_each_index(x.shape(), [&](const Index& index, std::int64_t flat) {
      double sum = 0;
      Index at = index;
      for (std::int64_t i = 0; i < x.shape()[axis]; ++i) {
        at[static_cast<std::size_t>(axis)] = i;
        sum += std::exp(real_at(x, flat_of(at, x.shape())) - real_at(x, flat));
      }
      expect_near(real_at(y, flat), logarithm ? -std::log(sum) : 1 / sum, 2e-6, "element");
    });
  }
}

TEST(Softmax, MaskedElementsAreExactlyZero) {
  Tensor x(DType::kFloat32, Shape{1, 3});
  x.as<float>()[1] = -INFINITY;
  x.as<float>()[2] = -1e9f;
  const Tensor y = compute(SoftmaxOp{1, false}, {&x});
  EXPECT_EQ(y.as<float>()[0], 1.0f);
  EXPECT_EQ(y.as<float>()[1], 0.0f);
  EXPECT_EQ(y.as<float>()[2], 0.0f);
}

TEST(Normalize, AgreesWithLoopsOverRandomAxes) {
  Random random(42);
  for (int trial = 0; trial < 300; ++trial) {
    const Shape shape = random.coin() ? random.shape(1, 5, 4) : random.shape(1, 3, 24);
    const float offset = random.real(-50, 50);
    const Tensor x = random.tensor(DType::kFloat32, shape, offset - 2, offset + 2);
    NormalizeOp op;
    op.kind = NormalizeKind(random.integer(0, 2));
    op.epsilon = random.coin() ? 1e-3f : 0.5f;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      if (random.coin()) op.axes.push_back(axis);
    }
    Shape kept = shape;
    for (const int axis : op.axes) kept[axis] = 1;
    const auto count = static_cast<double>(shape.num_elements() / kept.num_elements());
    std::vector<double> sums(static_cast<std::size_t>(kept.num_elements())), squares = sums;
    const auto group = [&](const Index& i) { return std::size_t(broadcast_flat(i, kept)); };
    const bool centred = op.kind == NormalizeKind::kMeanVariance;
    for_each_index(shape, [&](const Index& i, std::int64_t flat) {
      sums[group(i)] += real_at(x, flat) / count;
    });
    const auto deviation = [&](const Index& i, std::int64_t flat) {
      return real_at(x, flat) - (centred ? sums[group(i)] : 0);
    };
    for_each_index(shape, [&](const Index& i, std::int64_t flat) {
      squares[group(i)] += deviation(i, flat) * deviation(i, flat);
    });
    const Tensor y = compute(op, {&x});
    for_each_index(shape, [&](const Index& i, std::int64_t flat) {
      const double square = squares[group(i)];
      const double norm = op.kind == NormalizeKind::kL2
                              ? std::sqrt(std::max(square, static_cast<double>(op.epsilon)))
                              : std::sqrt(square / count + static_cast<double>(op.epsilon));
      // Inputs of size 50 carry rounding errors of 4e-6 into their deviations.
      ASSERT_NEAR(real_at(y, flat), deviation(i, flat) / norm, 3e-4);
    });
  }
}

}  // namespace
}  // namespace tinysplit::testing_kernels
