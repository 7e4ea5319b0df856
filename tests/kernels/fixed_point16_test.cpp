#include "kernels/fixed_point16.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace tinysplit::quantized {
namespace {

constexpr double kUnit = 32768.0;

// The bits are those of LiteRT in the golden models; here that they are near the functions.
TEST(FixedPoint16, LogisticIsNearTheRealOne) {
  for (int x = -32768; x <= 32767; ++x) {
    const double real = 1.0 / (1.0 + std::exp(-x / 4096.0));
    const double found = logistic16(static_cast<std::int16_t>(x)) / kUnit;
    ASSERT_NEAR(found, std::min(real, 32767.0 / kUnit), 8.0 / kUnit) << x;
  }
}

TEST(FixedPoint16, TanhIsNearTheRealOneWithEveryNumberOfIntegerBits) {
  for (int bits = 0; bits <= 6; ++bits) {
    for (int x = -32768; x <= 32767; ++x) {
      const double real = std::tanh(std::ldexp(x, bits - 15));
      const double found = tanh16(static_cast<std::int16_t>(x), bits) / kUnit;
      ASSERT_NEAR(found, std::min(real, 32767.0 / kUnit), 16.0 / kUnit) << x << " of " << bits;
    }
  }
}

TEST(FixedPoint16, TanhIsOdd) {
  for (int x = 1; x <= 32767; x += 7) {
    ASSERT_EQ(tanh16(static_cast<std::int16_t>(-x), 3), -tanh16(static_cast<std::int16_t>(x), 3));
  }
  EXPECT_EQ(tanh16(0, 3), 0);
}

}  // namespace
}  // namespace tinysplit::quantized
