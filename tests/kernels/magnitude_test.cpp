#include "kernels/magnitude.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace tinysplit {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kMax = std::numeric_limits<float>::max();

TEST(Magnitude, FindsOneNumberAtEveryPlace) {
  for (const std::size_t count : {1u, 3u, 15u, 16u, 33u, 4095u, 4097u, 9000u}) {
    std::vector<float> x(count, -2.0f);
    EXPECT_TRUE(all_within(x, 2.0f));
    EXPECT_FALSE(all_within(x, std::nextafter(2.0f, 0.0f)));
    for (std::size_t place = 0; place<count; place += count> 100 ? 97 : 1) {
      for (const float odd : {kNan, -kNan, kInf, -kInf, 2.0001f, -2.0001f, kMax}) {
        x[place] = odd;
        EXPECT_FALSE(all_within(x, 2.0f)) << place << " of " << count << ": " << odd;
      }
      x[place] = -1e-40f;
      EXPECT_TRUE(all_within(x, 2.0f));
    }
  }
}

TEST(Magnitude, LimitsAtTheEnds) {
  const std::vector<float> zeros(20, -0.0f), largest(20, kMax), infinite(20, kInf);
  EXPECT_TRUE(all_within(zeros, 0.0f));
  EXPECT_TRUE(all_within(largest, kMax));
  EXPECT_FALSE(all_within(infinite, kMax));
  EXPECT_FALSE(all_within(zeros, -1.0f));
  EXPECT_FALSE(all_within(zeros, kNan));
  EXPECT_TRUE(all_within({}, 1.0f));
}

PreparedWeights weights_of(const Shape& shape, float each, std::int64_t filters, float bias) {
  PreparedWeights weights{Tensor(DType::kFloat32, shape), Tensor(DType::kFloat32, Shape{filters})};
  for (float& w : weights.kernel.as<float>()) w = each;
  for (float& b : weights.bias.as<float>()) b = bias;
  return weights;
}

TEST(Magnitude, GrowthIsThatOfTheLargestFilter) {
  PreparedWeights weights = weights_of({3, 2}, 1.0f, 2, -0.5f);
  weights.kernel.as<float>()[1] = -7.0f;  // of filter 1
  const Growth growth = growth_of(weights);
  EXPECT_DOUBLE_EQ(growth.gain, 9.0);
  EXPECT_DOUBLE_EQ(growth.offset, 0.5);
}

// At the limit sums stay finite, with room for their rounding.
TEST(Magnitude, SafeInputsCannotOverflow) {
  for (const float each : {1e-30f, 0.1f, 3.0f, 1e30f}) {
    for (const float bias : {0.0f, 1e30f, 1e37f}) {
      const float limit = safe_magnitude(growth_of(weights_of({1000, 2}, each, 2, bias)));
      ASSERT_GE(limit, 0.0f);
      float sum = bias;
      for (int i = 0; i < 1000; ++i) sum += limit * each;
      EXPECT_TRUE(std::isfinite(sum)) << each << ", " << bias;
    }
  }
}

TEST(Magnitude, NothingIsSafeWithWeightsThatAreNotFinite) {
  for (const float odd : {kNan, kInf, -kInf}) {
    PreparedWeights in_kernel = weights_of({4, 4}, 1.0f, 4, 0.0f);
    in_kernel.kernel.as<float>()[5] = odd;
    EXPECT_LT(safe_magnitude(growth_of(in_kernel)), 0.0f);
    PreparedWeights in_bias = weights_of({4, 4}, 1.0f, 4, 0.0f);
    in_bias.bias.as<float>()[2] = odd;
    EXPECT_LT(safe_magnitude(growth_of(in_bias)), 0.0f);
    PreparedWeights transposed = weights_of({2, 2, 3, 5}, 1.0f, 3, 0.0f);
    transposed.kernel.as<float>()[7] = odd;
    EXPECT_LT(safe_magnitude(growth_of(transposed)), 0.0f);
  }
}

}  // namespace
}  // namespace tinysplit
