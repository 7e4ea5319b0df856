#include <cmath>

#include "kernels/float16.h"
#include "kernels/naive.h"

namespace tinysplit::testing_kernels {
namespace {

constexpr int kElementwiseTrials = 60;

double naive_binary(BinaryKind kind, double a, double b) {
  switch (kind) {
    case BinaryKind::kAdd:
      return a + b;
    case BinaryKind::kSubtract:
      return a - b;
    case BinaryKind::kMultiply:
      return a * b;
    case BinaryKind::kDivide:
      return a / b;
    case BinaryKind::kMaximum:
      return std::max(a, b);
    case BinaryKind::kMinimum:
      return std::min(a, b);
    case BinaryKind::kPower:
      return std::pow(a, b);
    case BinaryKind::kSquaredDifference:
      return (a - b) * (a - b);
    case BinaryKind::kFloorDivide:
      return std::floor(a / b);
    case BinaryKind::kFloorModulo:
      return a - b * std::floor(a / b);
    case BinaryKind::kRemainder:
      return a - b * std::trunc(a / b);
    case BinaryKind::kEqual:
      return a == b;
    case BinaryKind::kLess:
      return a < b;
    case BinaryKind::kLessEqual:
      return a <= b;
    case BinaryKind::kGreater:
      return a > b;
    case BinaryKind::kGreaterEqual:
      return a >= b;
    case BinaryKind::kAnd:
      return a != 0 && b != 0;
    case BinaryKind::kOr:
      return a != 0 || b != 0;
    case BinaryKind::kXor:
      return (a != 0) != (b != 0);
  }
  return 0;
}

bool divides(BinaryKind kind) {
  return kind == BinaryKind::kDivide || kind == BinaryKind::kFloorDivide ||
         kind == BinaryKind::kFloorModulo || kind == BinaryKind::kRemainder;
}

void check_binary(BinaryKind kind, DType dtype, Random& random) {
  const Shape out = random.shape(0, 4);
  const Shape one = random.coin() ? out : random.broadcastable_to(out);
  const bool small = kind == BinaryKind::kPower;
  const Tensor a = random.tensor(dtype, random.coin() ? one : out, small ? 0.5f : -9, 3);
  Tensor b = random.tensor(dtype, random.coin() ? one : out, small ? 0.5f : -9, 3);
  if (divides(kind) && dtype != DType::kFloat32) {
    // Two is not among the multiples of zero.
    const Tensor two = random.tensor(dtype, b.shape(), 2, 2);
    const Tensor zero = random.tensor(dtype, b.shape(), 0, 0);
    const Tensor none = compute(BinaryOp{BinaryKind::kEqual}, {&b, &zero});
    b = compute(SelectOp{}, {&none, &two, &b});
  }
  const Tensor y = compute(BinaryOp{kind}, {&a, &b});
  for_each_index(y.shape(), [&](const Index& index, std::int64_t flat) {
    const double left = real_at(a, broadcast_flat(index, a.shape()));
    const double right = real_at(b, broadcast_flat(index, b.shape()));
    double expected = naive_binary(kind, left, right);
    const bool integer = dtype != DType::kFloat32 && y.dtype() != DType::kBool;
    if (integer && kind == BinaryKind::kDivide) expected = std::trunc(expected);
    if (dtype == DType::kUint8 && expected < 0) expected += 256;
    if (dtype == DType::kInt8 && integer && expected > 127) expected -= 256;
    if (dtype == DType::kFloat32 && y.dtype() != DType::kBool) {
      expect_near(real_at(y, flat), expected, kind == BinaryKind::kFloorModulo ? 1e-5 : 1e-6,
                  "element");
    } else {
      ASSERT_EQ(real_at(y, flat), expected) << left << " and " << right;
    }
  });
}

class Binary : public testing::TestWithParam<BinaryKind> {};

TEST_P(Binary, AgreesWithLoopsOfEveryDtype) {
  Random random(static_cast<unsigned>(GetParam()) + 1);
  const bool logic = GetParam() >= BinaryKind::kAnd;
  const bool compares = GetParam() >= BinaryKind::kEqual;
  for (int trial = 0; trial < kElementwiseTrials; ++trial) {
    if (compares) check_binary(GetParam(), DType::kBool, random);
    if (logic) continue;
    check_binary(GetParam(), DType::kFloat32, random);
    for (const DType dtype : kIntegers) {
      SCOPED_TRACE(dtype_name(dtype));
      check_binary(GetParam(), dtype, random);
    }
  }
}

std::vector<BinaryKind> binary_kinds() {
  std::vector<BinaryKind> kinds;
  for (int i = 0; i <= static_cast<int>(BinaryKind::kXor); ++i) kinds.push_back(BinaryKind(i));
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Kinds, Binary, testing::ValuesIn(binary_kinds()));

Tensor integers(std::initializer_list<std::int64_t> values) {
  Tensor tensor(DType::kInt64, Shape{static_cast<std::int64_t>(values.size())});
  std::copy(values.begin(), values.end(), tensor.as<std::int64_t>().begin());
  return tensor;
}

TEST(BinaryIntegers, DivisionByZeroIsAnError) {
  const Tensor a = integers({4, 5}), b = integers({2, 0});
  for (const BinaryKind kind : {BinaryKind::kDivide, BinaryKind::kFloorDivide,
                                BinaryKind::kFloorModulo, BinaryKind::kRemainder}) {
    EXPECT_EQ(try_compute(BinaryOp{kind}, {&a, &b}).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(BinaryIntegers, OverflowsWrap) {
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
  const Tensor a = integers({kLow, kLow, 3}), b = integers({-1, -1, -1});
  const auto first = [&](BinaryKind kind) {
    return integer_at(compute(BinaryOp{kind}, {&a, &b}), 0);
  };
  EXPECT_EQ(first(BinaryKind::kAdd), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(first(BinaryKind::kMultiply), kLow);
  EXPECT_EQ(first(BinaryKind::kDivide), kLow);
  EXPECT_EQ(first(BinaryKind::kFloorDivide), kLow);
  EXPECT_EQ(first(BinaryKind::kRemainder), 0);
  EXPECT_EQ(first(BinaryKind::kFloorModulo), 0);
}

TEST(Select, PicksByBroadcastCondition) {
  Random random(3);
  for (int trial = 0; trial < kElementwiseTrials; ++trial) {
    for (const DType dtype :
         {DType::kFloat32, DType::kFloat16, DType::kInt8, DType::kInt64, DType::kBool}) {
      const Shape out = random.shape(0, 4);
      const Tensor condition = random.tensor(DType::kBool, random.broadcastable_to(out));
      const Tensor a = random.tensor(dtype, out),
                   b = random.tensor(dtype, random.broadcastable_to(out));
      const Tensor y = compute(SelectOp{}, {&condition, &a, &b});
      ASSERT_EQ(y.dtype(), dtype);
      for_each_index(y.shape(), [&](const Index& index, std::int64_t flat) {
        const bool first = integer_at(condition, broadcast_flat(index, condition.shape())) != 0;
        const Tensor& from = first ? a : b;
        ASSERT_EQ(real_at(y, flat), real_at(from, broadcast_flat(index, from.shape())));
      });
    }
  }
}

TEST(Prelu, TakesAnyBroadcastSlope) {
  Random random(4);
  for (int trial = 0; trial < kElementwiseTrials; ++trial) {
    const Tensor x = random.tensor(DType::kFloat32, random.shape(0, 4));
    const Tensor slope = random.tensor(DType::kFloat32, random.broadcastable_to(x.shape()));
    const Tensor y = compute(PreluOp{}, {&x, &slope});
    for_each_index(y.shape(), [&](const Index& index, std::int64_t flat) {
      const double value = real_at(x, flat);
      const double factor = real_at(slope, broadcast_flat(index, slope.shape()));
      expect_near(real_at(y, flat), value > 0 ? value : factor * value, 1e-6, "element");
    });
  }
}

struct UnaryCase {
  UnaryKind kind;
  std::function<double(double)> naive;
  float low;
  float high;
};

TEST(Unary, FloatsAgreeWithTheMathematicalFunctions) {
  const UnaryCase cases[] = {
      {UnaryKind::kAbs, [](double x) { return std::abs(x); }, -3, 3},
      {UnaryKind::kNegate, [](double x) { return -x; }, -3, 3},
      {UnaryKind::kSign, [](double x) { return double((x > 0) - (x < 0)); }, -3, 3},
      {UnaryKind::kSquare, [](double x) { return x * x; }, -3, 3},
      {UnaryKind::kSqrt, [](double x) { return std::sqrt(x); }, 0, 9},
      {UnaryKind::kReciprocalSqrt, [](double x) { return 1 / std::sqrt(x); }, 0.1f, 9},
      {UnaryKind::kReciprocal, [](double x) { return 1 / x; }, 0.1f, 9},
      {UnaryKind::kLog, [](double x) { return std::log(x); }, 0.1f, 9},
      {UnaryKind::kErf, [](double x) { return std::erf(x); }, -3, 3},
      {UnaryKind::kFloor, [](double x) { return std::floor(x); }, -3, 3},
      {UnaryKind::kCeil, [](double x) { return std::ceil(x); }, -3, 3},
      {UnaryKind::kRound, [](double x) { return x - std::remainder(x, 1.0); }, -3, 3},
      {UnaryKind::kSin, [](double x) { return std::sin(x); }, -9, 9},
      {UnaryKind::kCos, [](double x) { return std::cos(x); }, -9, 9},
      {UnaryKind::kTan, [](double x) { return std::tan(x); }, -1, 1},
      {UnaryKind::kAsin, [](double x) { return std::asin(x); }, -1, 1},
      {UnaryKind::kAcos, [](double x) { return std::acos(x); }, -1, 1},
      {UnaryKind::kAtan, [](double x) { return std::atan(x); }, -9, 9},
      {UnaryKind::kSinh, [](double x) { return std::sinh(x); }, -3, 3},
      {UnaryKind::kCosh, [](double x) { return std::cosh(x); }, -3, 3},
      {UnaryKind::kAsinh, [](double x) { return std::asinh(x); }, -3, 3},
      {UnaryKind::kAcosh, [](double x) { return std::acosh(x); }, 1.1f, 9},
      {UnaryKind::kAtanh, [](double x) { return std::atanh(x); }, -0.9f, 0.9f},
  };
  Random random(5);
  for (const UnaryCase& one : cases) {
    for (int trial = 0; trial < 10; ++trial) {
      const Tensor x = random.tensor(DType::kFloat32, random.shape(0, 4), one.low, one.high);
      const Tensor y = compute(UnaryOp{one.kind}, {&x});
      for (std::int64_t i = 0; i < x.shape().num_elements(); ++i) {
        expect_near(real_at(y, i), one.naive(real_at(x, i)), 1e-6,
                    "kind " + std::to_string(int(one.kind)));
      }
    }
  }
}

TEST(Unary, RoundsHalfToEven) {
  Tensor x(DType::kFloat32, Shape{4});
  const float halves[] = {0.5f, 1.5f, -2.5f, 2.5f};
  std::copy(std::begin(halves), std::end(halves), x.as<float>().begin());
  const Tensor y = compute(UnaryOp{UnaryKind::kRound}, {&x});
  EXPECT_EQ(y.as<float>()[0], 0.0f);
  EXPECT_EQ(y.as<float>()[1], 2.0f);
  EXPECT_EQ(y.as<float>()[2], -2.0f);
  EXPECT_EQ(y.as<float>()[3], 2.0f);
}

TEST(Unary, IntegersAndBools) {
  Random random(6);
  for (const DType dtype : kIntegers) {
    const Tensor x = random.tensor(dtype, Shape{3, 7});
    const auto each = [&](UnaryKind kind, auto naive) {
      const Tensor y = compute(UnaryOp{kind}, {&x});
      ASSERT_EQ(y.dtype(), dtype);
      for (std::int64_t i = 0; i < 21; ++i) ASSERT_EQ(integer_at(y, i), naive(integer_at(x, i)));
    };
    each(UnaryKind::kAbs, [](std::int64_t v) { return std::abs(v); });
    each(UnaryKind::kSign, [](std::int64_t v) { return std::int64_t((v > 0) - (v < 0)); });
    each(UnaryKind::kSquare, [](std::int64_t v) { return v * v; });
    each(UnaryKind::kNegate,
         [&](std::int64_t v) { return dtype == DType::kUint8 ? (256 - v) % 256 : -v; });
  }
  const Tensor flags = random.tensor(DType::kBool, Shape{9});
  const Tensor inverse = compute(UnaryOp{UnaryKind::kNot}, {&flags});
  for (std::int64_t i = 0; i < 9; ++i) {
    EXPECT_EQ(integer_at(inverse, i), 1 - integer_at(flags, i));
  }
}

TEST(Unary, FindsNansAndInfinities) {
  Tensor x(DType::kFloat32, Shape{3});
  x.as<float>()[0] = std::nanf("");
  x.as<float>()[1] = -INFINITY;
  const Tensor nans = compute(UnaryOp{UnaryKind::kIsNan}, {&x});
  const Tensor infinities = compute(UnaryOp{UnaryKind::kIsInf}, {&x});
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(integer_at(nans, i), i == 0);
    EXPECT_EQ(integer_at(infinities, i), i == 1);
  }
}

TEST(Cast, BetweenAllDtypes) {
  const DType all[] = {DType::kFloat32, DType::kFloat16, DType::kInt8,  DType::kUint8,
                       DType::kInt16,   DType::kInt32,   DType::kInt64, DType::kBool};
  Random random(7);
  for (const DType from : all) {
    for (const DType to : all) {
      const Tensor x =
          random.tensor(from, random.shape(0, 3), from == DType::kFloat32 ? 0 : -9, 99);
      const Tensor y = compute(CastOp{to}, {&x});
      ASSERT_EQ(y.dtype(), to);
      for (std::int64_t i = 0; i < x.shape().num_elements(); ++i) {
        double expected = real_at(x, i);
        if (to == DType::kBool) expected = expected != 0;
        if (to == DType::kFloat16) {
          expected = static_cast<double>(
              native::half_to_float(native::float_to_half(static_cast<float>(expected))));
        } else if (to != DType::kFloat32) {
          expected = std::trunc(expected);
        }
        const bool wraps = to == DType::kUint8 && expected < 0;
        const bool clamps = from == DType::kFloat16;
        ASSERT_EQ(real_at(y, i), wraps ? (clamps ? 0 : expected + 256) : expected)
            << dtype_name(from) << " " << dtype_name(to);
      }
    }
  }
}

TEST(Cast, FloatsThatDoNotFitBecomeTheNearest) {
  Tensor x(DType::kFloat32, Shape{4});
  const float extremes[] = {INFINITY, -1e30f, std::nanf(""), 3e9f};
  std::copy(std::begin(extremes), std::end(extremes), x.as<float>().begin());
  const Tensor narrow = compute(CastOp{DType::kInt8}, {&x});
  EXPECT_EQ(integer_at(narrow, 0), 127);
  EXPECT_EQ(integer_at(narrow, 1), -128);
  EXPECT_EQ(integer_at(narrow, 2), 0);
  const Tensor wide = compute(CastOp{DType::kInt64}, {&x});
  EXPECT_EQ(integer_at(wide, 0), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(integer_at(wide, 1), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(integer_at(wide, 3), 3'000'000'000);
}

TEST(Float16, EveryNumberSurvivesTheRoundTrip) {
  for (std::uint32_t bits = 0; bits < 0x10000u; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    if ((half & 0x7c00u) == 0x7c00u && (half & 0x3ffu) != 0) continue;
    ASSERT_EQ(native::float_to_half(native::half_to_float(half)), half);
  }
}

TEST(Float16, RoundsToTheNearerNeighbour) {
  // Between each number and the next, the midpoint goes to the even one, all else to the nearer.
  for (std::uint32_t bits = 0; bits < 0x7bffu; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float low = native::half_to_float(half);
    const float high = native::half_to_float(static_cast<std::uint16_t>(half + 1));
    const float middle = (low + high) / 2;
    const std::uint32_t even = bits % 2 == 0 ? bits : bits + 1;
    ASSERT_EQ(native::float_to_half(middle), even);
    ASSERT_EQ(native::float_to_half(std::nextafter(middle, low)), bits);
    ASSERT_EQ(native::float_to_half(std::nextafter(middle, high)), bits + 1);
    ASSERT_EQ(native::float_to_half(-middle), even | 0x8000u);
  }
  EXPECT_EQ(native::float_to_half(65519.0f), 0x7bffu);
  EXPECT_EQ(native::float_to_half(65520.0f), 0x7c00u);
}

}  // namespace
}  // namespace tinysplit::testing_kernels
