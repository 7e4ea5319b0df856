#include "report/units.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tinysplit {
namespace {

TEST(Units, SecondsKeepThreeDigitsInASuitableUnit) {
  EXPECT_EQ(format_seconds(0.0), "0 s");
  EXPECT_EQ(format_seconds(8.5e-7), "850 ns");
  EXPECT_EQ(format_seconds(12.345e-6), "12.3 µs");
  EXPECT_EQ(format_seconds(4.5e-3), "4.50 ms");
  EXPECT_EQ(format_seconds(1.2), "1.20 s");
  EXPECT_EQ(format_seconds(-4.5e-3), "-4.50 ms");
  EXPECT_EQ(format_seconds(95.04), "95.0 s");
  EXPECT_EQ(format_seconds(125.0), "2 min 5 s");
  EXPECT_EQ(format_seconds(3.0 * 3600 + 7 * 60), "3 h 7 min");
}

TEST(Units, RoundingNeverGivesAThousandOfAUnit) {
  EXPECT_EQ(format_seconds(999.4e-6), "999 µs");
  EXPECT_EQ(format_seconds(999.6e-6), "1.00 ms");
  EXPECT_EQ(format_bytes(999'600), "1.00 MB");
  EXPECT_EQ(format_seconds(9.996), "10.0 s");
  for (double value = 1e-9; value < 1e14; value *= 1.0371) {
    EXPECT_EQ(format_bytes(value).find("1000"), std::string::npos) << value;
    if (value < 90) {
      EXPECT_EQ(format_seconds(value).find("1000"), std::string::npos) << value;
    }
  }
}

TEST(Units, BytesAndRatesAreDecimal) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(784), "784 B");
  EXPECT_EQ(format_bytes(18'432), "18.4 kB");
  EXPECT_EQ(format_bytes(3'400'000), "3.40 MB");
  EXPECT_EQ(format_bits_per_s(250e3), "250 kbit/s");
  EXPECT_EQ(format_bits_per_s(50e6), "50.0 Mbit/s");
  EXPECT_EQ(format_bits_per_s(0), "0 bit/s");
}

TEST(Units, CountsAreGrouped) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(-123456), "-123,456");
  EXPECT_EQ(format_count(59'000'000), "59,000,000");
  EXPECT_EQ(format_count(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
  EXPECT_EQ(format_magnitude(12'500), "12.5k");
  EXPECT_EQ(format_magnitude(3.4e6), "3.40M");
  EXPECT_EQ(format_factor(1.25), "1.25x");
  EXPECT_EQ(format_factor(1250), "1,250x");
}

TEST(Units, NumbersThatAreNoneAreSaidToBe) {
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    EXPECT_EQ(format_seconds(value), "n/a");
    EXPECT_EQ(format_bytes(value), "n/a");
    EXPECT_EQ(format_bits_per_s(value), "n/a");
    EXPECT_EQ(format_magnitude(value), "n/a");
    EXPECT_EQ(format_factor(value), "n/a");
  }
  EXPECT_FALSE(format_seconds(1e300).empty());
  EXPECT_FALSE(format_bytes(1e300).empty());
  EXPECT_FALSE(format_factor(1e300).empty());
}

}  // namespace
}  // namespace tinysplit
