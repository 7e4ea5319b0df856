#include <cmath>

#include "kernels/naive.h"

namespace tinysplit::testing_kernels {
namespace {

constexpr int kWindowTrials = 150;

template <std::size_t Axes>
Spatial<Axes> random_spatial(Random& random, std::int64_t largest_pad) {
  Spatial<Axes> spatial;
  for (std::size_t i = 0; i < Axes; ++i) {
    spatial.stride[i] = random.integer(1, 3);
    spatial.dilation[i] = random.integer(1, 2);
    spatial.pad_before[i] = random.integer(0, largest_pad);
    spatial.pad_after[i] = random.integer(0, largest_pad);
  }
  return spatial;
}

// Index of the input cell under a tap of the window, channel last; empty in the padding.
template <std::size_t Axes>
Index cell_under(const Index& place, const Index& tap, const Spatial<Axes>& spatial,
                 const Shape& input, std::int64_t channel) {
  Index cell{place[0]};
  for (std::size_t i = 0; i < Axes; ++i) {
    const std::int64_t at =
        place[i + 1] * spatial.stride[i] - spatial.pad_before[i] + tap[i] * spatial.dilation[i];
    if (at < 0 || at >= input[static_cast<int>(i) + 1]) return {};
    cell.push_back(at);
  }
  cell.push_back(channel);
  return cell;
}

template <typename Op, std::size_t Axes>
void check_convolution(Random& random) {
  Op op;
  op.spatial = random_spatial<Axes>(random, 3);
  // Depthwise, grouped, plain.
  const std::int64_t groups = random.integer(1, 3);
  const std::int64_t channels = random.coin() ? 1 : random.integer(1, 4);
  const std::int64_t filters = random.coin() ? 1 : random.integer(1, 9);
  op.groups = groups;
  std::vector<std::int64_t> x_dims{random.integer(1, 2)}, k_dims;
  for (std::size_t i = 0; i < Axes; ++i) {
    k_dims.push_back(random.integer(1, 3));
    x_dims.push_back(random.integer(6, 9) - 2 * (Axes == 3));
    // The dilated window has to fit.
    op.spatial.dilation[i] = std::min<std::int64_t>(op.spatial.dilation[i], Axes == 3 ? 1 : 2);
  }
  x_dims.push_back(channels * groups);
  k_dims.push_back(channels);
  k_dims.push_back(filters * groups);
  const Tensor x = random.tensor(DType::kFloat32, Shape::create(x_dims).value());
  const Tensor kernel = random.tensor(DType::kFloat32, Shape::create(k_dims).value());
  const Tensor bias = random.tensor(DType::kFloat32, Shape{filters * groups});
  const bool biased = random.coin();
  std::vector<const Tensor*> inputs{&x, &kernel};
  if (biased) inputs.push_back(&bias);
  const Tensor y = compute(op, inputs);
  for_each_index(y.shape(), [&](const Index& place, std::int64_t flat) {
    const std::int64_t filter = place.back();
    double sum = biased ? real_at(bias, filter) : 0;
    for_each_index(kernel.shape(), [&](const Index& tap, std::int64_t tap_flat) {
      if (tap.back() != filter) return;
      const std::int64_t channel = filter / filters * channels + tap[Axes];
      const Index cell = cell_under<Axes>(place, tap, op.spatial, x.shape(), channel);
      if (cell.empty()) return;
      sum += real_at(x, flat_of(cell, x.shape())) * real_at(kernel, tap_flat);
    });
    ASSERT_NEAR(real_at(y, flat), sum, 1e-4);
  });
}

TEST(Conv2d, AgreesWithLoops) {
  Random random(71);
  for (int trial = 0; trial < kWindowTrials; ++trial) check_convolution<Conv2dOp, 2>(random);
}

TEST(Conv3d, AgreesWithLoops) {
  Random random(72);
  for (int trial = 0; trial < kWindowTrials / 3; ++trial) check_convolution<Conv3dOp, 3>(random);
}

TEST(ConvTranspose2d, AgreesWithScatteringLoops) {
  Random random(73);
  for (int trial = 0; trial < kWindowTrials; ++trial) {
    ConvTranspose2dOp op;
    op.spatial = random_spatial<2>(random, 1);
    op.groups = random.integer(1, 3);
    op.output_padding = {random.integer(0, 2), random.integer(0, 2)};
    const std::int64_t channels = random.integer(1, 4), filters = random.integer(1, 9);
    const Tensor x =
        random.tensor(DType::kFloat32, Shape{random.integer(1, 2), random.integer(2, 5),
                                             random.integer(2, 5), channels * op.groups});
    const Tensor kernel = random.tensor(
        DType::kFloat32,
        Shape{random.integer(2, 3), random.integer(2, 3), filters, channels * op.groups});
    const Tensor bias = random.tensor(DType::kFloat32, Shape{filters * op.groups});
    const Tensor y = compute(op, {&x, &kernel, &bias});
    std::vector<double> expected(static_cast<std::size_t>(y.shape().num_elements()));
    for_each_index(y.shape(), [&](const Index& index, std::int64_t flat) {
      expected[std::size_t(flat)] = real_at(bias, index.back());
    });
    for_each_index(x.shape(), [&](const Index& from, std::int64_t x_flat) {
      for_each_index(kernel.shape(), [&](const Index& tap, std::int64_t k_flat) {
        if (tap[3] != from[3]) return;
        Index to{from[0], 0, 0, from[3] / channels * filters + tap[2]};
        for (std::size_t i = 0; i < 2; ++i) {
          to[i + 1] = from[i + 1] * op.spatial.stride[i] + tap[i] * op.spatial.dilation[i] -
                      op.spatial.pad_before[i];
          if (to[i + 1] < 0 || to[i + 1] >= y.shape()[static_cast<int>(i) + 1]) return;
        }
        expected[std::size_t(flat_of(to, y.shape()))] +=
            real_at(x, x_flat) * real_at(kernel, k_flat);
      });
    });
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(real_at(y, std::int64_t(i)), expected[i], 1e-4);
    }
  }
}

template <typename Op, std::size_t Axes>
void check_pool(DType dtype, Random& random) {
  Op op;
  op.kind = dtype == DType::kFloat32 && random.coin() ? PoolKind::kAverage : PoolKind::kMax;
  op.count_padding = random.coin();
  op.spatial = random_spatial<Axes>(random, 1);
  std::vector<std::int64_t> dims{random.integer(1, 2)};
  std::int64_t window_cells = 1;
  for (std::size_t i = 0; i < Axes; ++i) {
    op.window[i] = random.integer(2, 3);
    window_cells *= op.window[i];
    dims.push_back(random.integer(5, 8) - (Axes == 3));
    if (Axes == 3) op.spatial.dilation[i] = 1;
  }
  dims.push_back(random.integer(1, 9));
  const Tensor x = random.tensor(dtype, Shape::create(dims).value());
  const Tensor y = compute(op, {&x});
  ASSERT_EQ(y.dtype(), dtype);
  std::vector<std::int64_t> window(op.window.begin(), op.window.end());
  const Shape taps = Shape::create(window).value();
  for_each_index(y.shape(), [&](const Index& place, std::int64_t flat) {
    double sum = 0, largest = -1e9;
    std::int64_t cells = 0;
    for_each_index(taps, [&](const Index& tap, std::int64_t) {
      const Index cell = cell_under<Axes>(place, tap, op.spatial, x.shape(), place.back());
      if (cell.empty()) return;
      const double value = real_at(x, flat_of(cell, x.shape()));
      sum += value;
      largest = std::max(largest, value);
      ++cells;
    });
    const double mean = sum / static_cast<double>(op.count_padding ? window_cells : cells);
    ASSERT_NEAR(real_at(y, flat), op.kind == PoolKind::kMax ? largest : mean, 1e-5);
  });
}

TEST(Pool, AgreesWithLoops) {
  Random random(74);
  for (int trial = 0; trial < kWindowTrials; ++trial) {
    for (const DType dtype : {DType::kFloat32, DType::kInt8, DType::kUint8}) {
      check_pool<Pool2dOp, 2>(dtype, random);
      if (trial % 5 == 0) check_pool<Pool3dOp, 3>(dtype, random);
    }
  }
}

TEST(GlobalPool, TakesTheMaximumOfIntegersAndTheMeanOfFloats) {
  Random random(75);
  const Tensor bytes = random.tensor(DType::kInt8, Shape{2, 3, 4, 5}, -90, 90);
  const Tensor largest = compute(GlobalPoolOp{PoolKind::kMax}, {&bytes});
  const Tensor floats = random.tensor(DType::kFloat32, Shape{2, 3, 4, 5});
  const Tensor mean = compute(GlobalPoolOp{PoolKind::kAverage}, {&floats});
  for_each_index(Shape{2, 5}, [&](const Index& index, std::int64_t flat) {
    double best = -128, sum = 0;
    for (std::int64_t cell = 0; cell < 12; ++cell) {
      const std::int64_t at = (index[0] * 12 + cell) * 5 + index[1];
      best = std::max(best, real_at(bytes, at));
      sum += real_at(floats, at);
    }
    EXPECT_EQ(real_at(largest, flat), best);
    EXPECT_NEAR(real_at(mean, flat), sum / 12, 1e-6);
  });
}

}  // namespace
}  // namespace tinysplit::testing_kernels
