#include "quantization/range.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "quantization/stored_weights.h"

namespace tinysplit {
namespace {

float scale_of(const ElementType& type) { return type.quantization->scale[0]; }
int zero_of(const ElementType& type) { return type.quantization->zero_point[0]; }
float real_of(const ElementType& type, int stored) {
  return scale_of(type) * static_cast<float>(stored - zero_of(type));
}

// The sum of squared errors of numbers through the int8 type of a range.
double error_through(const std::vector<float>& numbers, Range range) {
  const ElementType type = int8_type_of(range);
  Tensor real(DType::kFloat32, Shape{static_cast<std::int64_t>(numbers.size())});
  std::ranges::copy(numbers, real.as<float>().begin());
  const Tensor stored = store_numbers(real, type);
  double error = 0.0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const float back = real_of(type, stored.as<std::int8_t>()[i]);
    error += std::pow(static_cast<double>(numbers[i] - back), 2.0);
  }
  return error;
}

std::vector<float> normal_numbers(std::size_t count, float outlier) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0.3f, 1.0f);
  std::vector<float> numbers(count);
  for (float& number : numbers) number = normal(random);
  if (outlier != 0.0f) numbers[count / 2] = outlier;
  return numbers;
}

Histogram histogram_of(const std::vector<float>& numbers) {
  const auto [low, high] = std::ranges::minmax_element(numbers);
  Histogram histogram({*low, *high});
  histogram.add(numbers);
  return histogram;
}

TEST(Int8Type, CoversTheRangeAndHoldsZeroExactly) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> numbers(-20.0f, 20.0f);
  for (int i = 0; i < 1000; ++i) {
    const float a = numbers(random), b = numbers(random);
    const Range range{std::min(a, b), std::max(a, b)};
    const ElementType type = int8_type_of(range);
    ASSERT_EQ(real_of(type, zero_of(type)), 0.0f);
    // The zero point was rounded to a whole number, so an end may lie half a step outside.
    const float half = 0.501f * scale_of(type);
    ASSERT_LE(real_of(type, -128), std::min(range.low, 0.0f) + half);
    ASSERT_GE(real_of(type, 127), std::max(range.high, 0.0f) - half);
  }
}

TEST(Int8Type, PixelsAreStoredLess128) {
  const ElementType type = int8_type_of({0.0f, 255.0f});
  EXPECT_EQ(scale_of(type), 1.0f);
  EXPECT_EQ(zero_of(type), -128);
}

TEST(Int8Type, NothingButZeroHasSomeScale) {
  EXPECT_GT(scale_of(int8_type_of({0.0f, 0.0f})), 0.0f);
  EXPECT_GT(scale_of(int8_type_of({0.0f, 1e-44f})), 0.0f);
}

TEST(Histogram, PercentileLeavesTheOutliersOut) {
  const auto numbers = normal_numbers(20000, 80.0f);
  const Range all = histogram_of(numbers).percentile_range(0.0);
  EXPECT_EQ(all.high, 80.0f);
  const Range most = histogram_of(numbers).percentile_range(0.001);
  EXPECT_LT(most.high, 6.0f);
  const auto inside =
      std::ranges::count_if(numbers, [&](float x) { return x >= most.low && x <= most.high; });
  EXPECT_GE(inside, 20000 - 2 * 20 - 2);
}

TEST(Histogram, LeastSquaresBeatsTheWholeRange) {
  for (const float outlier : {0.0f, 12.0f, 80.0f}) {
    const auto numbers = normal_numbers(200'000, outlier);
    const Histogram histogram = histogram_of(numbers);
    const double whole = error_through(numbers, histogram.bounds());
    const double least = error_through(numbers, histogram.least_squares_range());
    EXPECT_LE(least, 1.02 * whole) << outlier;
    if (outlier == 12.0f) {
      EXPECT_LT(least, 0.9 * whole);
    }
  }
}

TEST(Histogram, ZerosOfARectifierDoNotWidenTheRange) {
  std::vector<float> numbers(10000, 0.0f);
  for (std::size_t i = 0; i < 100; ++i) numbers[i] = 1.0f;
  const Range range = histogram_of(numbers).least_squares_range();
  EXPECT_EQ(range.low, 0.0f);
  EXPECT_NEAR(range.high, 1.0f, 0.02f);
}

TEST(StoredWeights, LieWithinHalfAStepOfEachFilter) {
  std::mt19937 random(9);
  std::normal_distribution<float> normal;
  Tensor kernel(DType::kFloat32, Shape{3, 3, 2, 4}), bias(DType::kFloat32, Shape{4});
  for (std::size_t i = 0; i < kernel.as<float>().size(); ++i) {
    kernel.as<float>()[i] = normal(random) * std::pow(10.0f, static_cast<float>(i % 4) - 2.0f);
  }
  for (float& b : bias.as<float>()) b = normal(random);
  const StoredWeights stored = store_weights(kernel, bias, 3, 0.02f);
  ASSERT_EQ(stored.kernel.quantization.scale.size(), 4u);
  for (std::size_t i = 0; i < kernel.as<float>().size(); ++i) {
    const float scale = stored.kernel.quantization.scale[i % 4];
    const float back = scale * static_cast<float>(stored.kernel.numbers.as<std::int8_t>()[i]);
    EXPECT_NEAR(back, kernel.as<float>()[i], 0.501f * scale);
    EXPECT_GE(stored.kernel.numbers.as<std::int8_t>()[i], -127);
  }
  for (std::size_t f = 0; f < 4; ++f) {
    const float unit = 0.02f * stored.kernel.quantization.scale[f];
    EXPECT_NEAR(static_cast<float>(stored.bias.as<std::int32_t>()[f]) * unit, bias.as<float>()[f],
                unit);
  }
}

// A filter that is all but dead behind a normalisation, with a bias: the bias must survive.
TEST(StoredWeights, BiasOfATinyFilterFitsInto32Bits) {
  Tensor kernel(DType::kFloat32, Shape{1, 1, 1, 2}), bias(DType::kFloat32, Shape{2});
  kernel.as<float>()[0] = 1e-12f;
  bias.as<float>()[0] = 3.0f;
  const StoredWeights stored = store_weights(kernel, bias, 3, 0.01f);
  const double unit = 0.01 * static_cast<double>(stored.kernel.quantization.scale[0]);
  EXPECT_NEAR(unit * stored.bias.as<std::int32_t>()[0], 3.0, 1e-5);
  EXPECT_LE(std::abs(stored.bias.as<std::int32_t>()[0]), (1 << 29) + (1 << 10));
  EXPECT_EQ(stored.bias.as<std::int32_t>()[1], 0);
}

}  // namespace
}  // namespace tinysplit
