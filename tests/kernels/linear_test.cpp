#include <cmath>

#include "kernels/naive.h"

namespace tinysplit::testing_kernels {
namespace {

Shape joined(const Shape& outer, std::int64_t rows, std::int64_t columns) {
  std::vector<std::int64_t> dims(outer.dims().begin(), outer.dims().end());
  dims.push_back(rows);
  dims.push_back(columns);
  return Shape::create(dims).value();
}

double naive_matmul(const MatmulOp& op, const Tensor& a, const Tensor& b, const Index& index) {
  const std::size_t row = index.size() - 2, column = index.size() - 1;
  const int rank_a = a.shape().rank();
  const std::int64_t inner = a.shape()[rank_a - (op.transpose_a ? 2 : 1)];
  double sum = 0;
  for (std::int64_t k = 0; k < inner; ++k) {
    Index at_a = index, at_b = index;
    at_a[column] = k;
    at_b[row] = k;
    if (op.transpose_a) std::swap(at_a[row], at_a[column]);
    if (op.transpose_b) std::swap(at_b[row], at_b[column]);
    // The last two axes may be of size 1 and still are indexed below it.
    sum +=
        real_at(a, broadcast_flat(at_a, a.shape())) * real_at(b, broadcast_flat(at_b, b.shape()));
  }
  return sum;
}

// As a sum of that type comes out: bytes wrap.
double wrapped(double sum, DType dtype) {
  const auto whole = static_cast<std::int64_t>(sum);
  if (dtype == DType::kInt8) return static_cast<std::int8_t>(whole);
  if (dtype == DType::kUint8) return static_cast<std::uint8_t>(whole);
  return sum;
}

TEST(Matmul, BroadcastsAndTransposes) {
  Random random(31);
  for (int trial = 0; trial < 300; ++trial) {
    const Shape outer = random.shape(0, 3, 3);
    const bool large = trial % 3 == 0;
    const DType dtype = trial % 2 == 0 ? DType::kFloat32 : kIntegers[trial / 2 % 5];
    const std::int64_t rows = random.integer(1, large ? 40 : 5);
    const std::int64_t columns = random.integer(1, large ? 90 : 9);
    const std::int64_t inner = random.integer(1, large ? 40 : 9);
    const MatmulOp op{random.coin(), random.coin()};
    const Shape outer_a = random.coin() ? outer : random.broadcastable_to(outer);
    const Shape outer_b = random.coin() ? outer : random.broadcastable_to(outer);
    const Tensor a = random.tensor(
        dtype, op.transpose_a ? joined(outer_a, inner, rows) : joined(outer_a, rows, inner));
    const Tensor b = random.tensor(
        dtype, op.transpose_b ? joined(outer_b, columns, inner) : joined(outer_b, inner, columns));
    const Tensor y = compute(op, {&a, &b});
    for_each_index(y.shape(), [&](const Index& index, std::int64_t flat) {
      const double sum = naive_matmul(op, a, b, index);
      ASSERT_NEAR(real_at(y, flat), wrapped(sum, dtype), 1e-4);
    });
  }
}

TEST(Matmul, PacksWhatLeavesTheCache) {
  Random random(32);
  const Tensor a = random.tensor(DType::kFloat32, Shape{35, 150});
  const Tensor b = random.tensor(DType::kFloat32, Shape{150, 117});
  const Tensor y = compute(MatmulOp{}, {&a, &b});
  for_each_index(y.shape(), [&](const Index& index, std::int64_t flat) {
    ASSERT_NEAR(real_at(y, flat), naive_matmul(MatmulOp{}, a, b, index), 1e-3);
  });
}

TEST(Dense, MultipliesTheLastAxis) {
  Random random(33);
  for (int trial = 0; trial < 60; ++trial) {
    const Shape shape = random.shape(2, 4);
    const std::int64_t filters = random.integer(1, 40);
    const Tensor x = random.tensor(DType::kFloat32, shape);
    const std::int64_t inner = shape[shape.rank() - 1];
    const Tensor kernel = random.tensor(DType::kFloat32, Shape{inner, filters});
    const Tensor bias = random.tensor(DType::kFloat32, Shape{filters});
    const bool biased = random.coin();
    std::vector<const Tensor*> inputs{&x, &kernel};
    if (biased) inputs.push_back(&bias);
    const Tensor y = compute(DenseOp{}, inputs);
    for_each_index(y.shape(), [&](Index index, std::int64_t flat) {
      const std::int64_t filter = index.back();
      double sum = biased ? real_at(bias, filter) : 0;
      for (std::int64_t k = 0; k < inner; ++k) {
        index.back() = k;
        sum += real_at(x, flat_of(index, shape)) * real_at(kernel, k * filters + filter);
      }
      ASSERT_NEAR(real_at(y, flat), sum, 1e-4);
    });
  }
}

}  // namespace
}  // namespace tinysplit::testing_kernels
