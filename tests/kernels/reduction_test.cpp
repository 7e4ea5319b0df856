#include <cmath>
#include <map>

#include "kernels/naive.h"

namespace tinysplit::testing_kernels {
namespace {

constexpr int kReductionTrials = 60;

double naive_reduce(ReduceKind kind, const std::vector<double>& values) {
  double sum = 0, product = 1, absolute = 0, square = 0, exponentials = 0;
  for (const double x : values) {
    sum += x;
    product *= x;
    absolute += std::abs(x);
    square += x * x;
    exponentials += std::exp(x);
  }
  switch (kind) {
    case ReduceKind::kMean:
      return sum / static_cast<double>(values.size());
    case ReduceKind::kSum:
      return sum;
    case ReduceKind::kMax:
      return *std::max_element(values.begin(), values.end());
    case ReduceKind::kMin:
      return *std::min_element(values.begin(), values.end());
    case ReduceKind::kProduct:
      return product;
    case ReduceKind::kL1:
      return absolute;
    case ReduceKind::kL2:
      return std::sqrt(square);
    case ReduceKind::kSumSquare:
      return square;
    case ReduceKind::kLogSum:
      return std::log(sum);
    case ReduceKind::kLogSumExp:
      return std::log(exponentials);
  }
  return 0;
}

std::vector<int> random_axes(Random& random, int rank) {
  std::vector<int> axes;
  for (int axis = 0; axis < rank; ++axis) {
    if (random.coin()) axes.push_back(axis);
  }
  return axes;
}

// Elements of x that go into each element of the reduced shape.
std::map<std::int64_t, std::vector<double>> groups_of(const Tensor& x,
                                                      const std::vector<int>& axes) {
  Shape kept = x.shape();
  for (const int axis : axes) kept[axis] = 1;
  std::map<std::int64_t, std::vector<double>> groups;
  for_each_index(x.shape(), [&](const Index& index, std::int64_t flat) {
    groups[broadcast_flat(index, kept)].push_back(real_at(x, flat));
  });
  return groups;
}

void check_reduce(ReduceKind kind, DType dtype, Random& random) {
  const Shape shape = random.coin() ? random.shape(0, 5, 4) : random.shape(1, 3, 23);
  const bool positive = kind == ReduceKind::kLogSum;
  const Tensor x = random.tensor(dtype, shape, positive ? 0.5f : -2.0f, 2.0f);
  const ReduceOp op{kind, random_axes(random, shape.rank()), random.coin()};
  const Tensor y = compute(op, {&x});
  ASSERT_EQ(y.dtype(), dtype);
  for (const auto& [flat, values] : groups_of(x, op.axes)) {
    const double expected = naive_reduce(kind, values);
    if (dtype == DType::kFloat32) {
      double scale = 0;
      for (const double value : values) scale += std::abs(value);
      EXPECT_NEAR(real_at(y, flat), expected, 2e-6 * std::max({1.0, scale, std::abs(expected)}));
    } else if (std::abs(expected) < 1e9) {
      EXPECT_EQ(real_at(y, flat), std::trunc(expected));
    }
  }
}

class Reduce : public testing::TestWithParam<ReduceKind> {};

TEST_P(Reduce, AgreesWithLoopsOverRandomAxes) {
  Random random(static_cast<unsigned>(GetParam()) + 11);
  const bool logarithm = GetParam() >= ReduceKind::kLogSum;
  const bool picks = GetParam() == ReduceKind::kMax || GetParam() == ReduceKind::kMin;
  for (int trial = 0; trial < kReductionTrials; ++trial) {
    check_reduce(GetParam(), DType::kFloat32, random);
    if (logarithm) continue;
    for (const DType dtype : kIntegers) {
      const bool wide = dtype == DType::kInt32 || dtype == DType::kInt64;
      if (wide || picks) check_reduce(GetParam(), dtype, random);
    }
    if (picks) check_reduce(GetParam(), DType::kBool, random);
  }
}

std::vector<ReduceKind> reduce_kinds() {
  std::vector<ReduceKind> kinds;
  for (int i = 0; i <= static_cast<int>(ReduceKind::kLogSumExp); ++i)
    kinds.push_back(ReduceKind(i));
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Kinds, Reduce, testing::ValuesIn(reduce_kinds()));

TEST(LogSumExp, DoesNotOverflow) {
  Random random(1);
  const Tensor x = random.tensor(DType::kFloat32, Shape{40}, 500, 501);
  const Tensor y = compute(ReduceOp{ReduceKind::kLogSumExp, {0}, false}, {&x});
  EXPECT_GT(y.as<float>()[0], 503.0f);
  EXPECT_LT(y.as<float>()[0], 505.0f);
}

TEST(ArgReduce, FindsTheFirstOrLastExtreme) {
  Random random(12);
  for (int trial = 0; trial < 4 * kReductionTrials; ++trial) {
    const DType dtype = trial % 3 == 0   ? DType::kFloat32
                        : trial % 3 == 1 ? DType::kInt8
                                         : DType::kInt64;
    const Shape shape = random.shape(1, 4, 7);
    // Few different numbers, so that equals are usual.
    const Tensor rounded = random.tensor(DType::kInt8, shape, -2, 2);
    const Tensor x = compute(CastOp{dtype}, {&rounded});
    ArgReduceOp op;
    op.axis = static_cast<int>(random.integer(0, shape.rank() - 1));
    op.smallest = random.coin();
    op.last = random.coin();
    op.keep_dims = random.coin();
    op.index_dtype = random.coin() ? DType::kInt64 : DType::kInt32;
    const Tensor y = compute(op, {&x});
    ASSERT_EQ(y.dtype(), op.index_dtype);
    for (const auto& [flat, values] : groups_of(x, {op.axis})) {
      const auto better = [&](double a, double b) { return op.smallest ? a > b : a < b; };
      const auto first = std::max_element(values.begin(), values.end(), better);
      const auto last = std::max_element(values.rbegin(), values.rend(), better);
      const auto expected = op.last ? values.rend() - last - 1 : first - values.begin();
      ASSERT_EQ(integer_at(y, flat), expected);
    }
  }
}

TEST(CumulativeSum, RunsAlongAnyAxis) {
  Random random(13);
  for (int trial = 0; trial < 4 * kReductionTrials; ++trial) {
    const DType dtype = trial % 2 == 0 ? DType::kFloat32 : DType::kInt32;
    const Shape shape = random.shape(1, 4, 6);
    const Tensor x = random.tensor(dtype, shape);
    CumulativeSumOp op;
    op.axis = static_cast<int>(random.integer(0, shape.rank() - 1));
    op.exclusive = random.coin();
    op.reverse = random.coin();
    const Tensor y = compute(op, {&x});
    for_each_index(shape, [&](const Index& index, std::int64_t flat) {
      double expected = 0;
      const std::size_t axis = static_cast<std::size_t>(op.axis);
      for (Index at = index; at[axis] >= 0 && at[axis] < shape[op.axis];
           at[axis] += op.reverse ? 1 : -1) {
        if (!(op.exclusive && at == index)) expected += real_at(x, flat_of(at, shape));
      }
      ASSERT_NEAR(real_at(y, flat), expected, dtype == DType::kFloat32 ? 1e-5 : 0.0);
    });
  }
}

}  // namespace
}  // namespace tinysplit::testing_kernels
