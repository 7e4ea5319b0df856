#include "kernels/quantized_wide.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "core/numeric.h"
#include "kernels/quantized_values.h"
#include "kernels/reduction_walk.h"

namespace tinysplit::quantized {
namespace {

using Map = std::function<std::int32_t(std::int32_t)>;

constexpr int kOutputExponent = -15;

// The logistic function at steps of 1/24 in units of 2^-16, each moved by half of what the straight
// line to the next one misses in the middle: the numbers of TensorFlow Lite.
const std::array<std::uint32_t, 256>& sigmoid_table() {
  static const auto table = [] {
    const auto logistic = [](double i) { return 65536.0 / (1.0 + std::exp(-i / 24.0)); };
    std::array<std::uint32_t, 256> made{};
    for (std::size_t k = 0; k < made.size(); ++k) {
      const double i = static_cast<double>(k), here = logistic(i);
      const double missed = logistic(i + 0.5) - (here + logistic(i + 1.0)) / 2.0;
      made[k] = static_cast<std::uint32_t>(std::round(here + missed / 2.0));
    }
    made.back() = 65535;  // what lies behind it
    return made;
  }();
  return table;
}

bool suits_tables(const KernelSpec& spec) {
  const Value& x = *spec.inputs[0];
  if (!is_wide(x) || !is_wide(*spec.output) || spec.clip) return false;
  const Affine y = affine_of(*spec.output);
  return affine_of(x).zero_point == 0 && y.zero_point == 0 &&
         exponent_of_two(y.scale) == kOutputExponent;
}

// From stored numbers to steps of 1/(3 * 4096): round(x * factor / 2^shift), which saturates.
struct TableScale {
  std::int32_t factor = 0;
  int shift = 0;

  std::int32_t apply(std::int32_t x) const {
    const std::int64_t half = shift > 0 ? std::int64_t{1} << (shift - 1) : 0;
    constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
    return static_cast<std::int32_t>(
        std::clamp((std::int64_t{x} * factor + half) >> shift, -kMost, kMost));
  }
};

// Scales 2^-12 to 2^(most_left - 12) are exact; others have a factor of 15 bits, rounded down.
TableScale table_scale(float scale, int most_left) {
  if (const auto exponent = exponent_of_two(scale)) {
    const int left = *exponent + 12;
    if (left >= 0 && left <= most_left) return {3 << left, 0};
  }
  double factor = static_cast<double>(scale) * 4096.0 * 3.0;
  TableScale made;
  while (factor <= 32767.0 / 2.0 && made.shift <= 30) {
    ++made.shift;
    factor *= 2.0;
  }
  made.factor = static_cast<std::int32_t>(std::min(factor, 2147483647.0));
  return made;
}

// Between two entries of the table, of which there is one every 2^bits steps; `past` behind the
// last.
std::int64_t interpolated(std::uint32_t x, int bits, std::int64_t past) {
  const std::uint32_t at = x >> bits;
  if (at >= 255) return past;
  const std::int64_t from = sigmoid_table()[at], to = sigmoid_table()[at + 1];
  return (from << bits) + std::int64_t{x & ((1U << bits) - 1)} * (to - from);
}

std::uint32_t magnitude(std::int32_t x) {
  return x < 0 ? 0U - static_cast<std::uint32_t>(x) : static_cast<std::uint32_t>(x);
}

// exp or 1 / (1 + x) at 513 points of an interval, in units of 2^-15, moved alike.
class Curve {
 public:
  Curve(double (*function)(double), double from, double to) {
    const double step = (to - from) / kSteps, unit = 32768.0;
    for (int i = 0; i < kSteps; ++i) {
      const double here = std::round(function(from + i * step) * unit);
      const double line = std::round((function(from + (i + 1) * step) * unit + here) / 2.0);
      const double middle = std::round(function(from + i * step + step / 2.0) * unit);
      points_[usize(i)] = stored(here - std::round((line - middle) / 2.0));
    }
    points_[kSteps] = stored(std::round(function(to) * unit));
  }

  // `x` from -32768 to 32767 goes over the whole interval.
  std::int32_t at(std::int32_t x) const {
    const std::size_t i = usize(256 + (x >> 7));
    const std::int32_t slope = points_[i + 1] - points_[i];
    return points_[i] + ((slope * (x & 0x7f) + 64) >> 7);
  }

 private:
  static constexpr int kSteps = 512;
  static std::int32_t stored(double x) {
    return static_cast<std::int32_t>(std::clamp(x, -32768.0, 32767.0));
  }

  std::array<std::int32_t, kSteps + 1> points_{};
};

constexpr double kReach = 10.0;  // exp(-10) and below count for nothing

const Curve& exponential() {
  static const Curve curve([](double x) { return std::exp(x); }, -kReach, 0.0);
  return curve;
}

const Curve& reciprocal_of_one_plus() {
  static const Curve curve([](double x) { return 1.0 / (1.0 + x); }, 0.0, 1.0);
  return curve;
}

std::int32_t saturated(std::int32_t x) { return std::clamp(x, -32768, 32767); }

// multiply() but that it saturates.
std::int32_t scaled(std::int32_t x, Multiplier factor) {
  const int left = std::max(factor.shift, 0);
  return rounding_shift_right(
      doubling_high_multiply(saturating_shift_left(x, left), factor.significand),
      left - factor.shift);
}

// `y` holds the exponentials in between, as the results are of their type.
void softmax(Multiplier factor, const native::AxisView& view, std::size_t start, const std::byte* x,
             std::byte* y) {
  const auto place = [&](std::size_t i) { return start + i * view.inner; };
  std::int32_t largest = range_of(DType::kInt16).low;
  for (std::size_t i = 0; i < view.size; ++i) {
    largest = std::max(largest, load(DType::kInt16, x, place(i)));
  }
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < view.size; ++i) {
    const std::int32_t difference = load(DType::kInt16, x, place(i)) - largest;
    const std::int32_t power =
        exponential().at(saturated(std::max(scaled(difference, factor), -65536) + 32767));
    store(DType::kInt16, y, place(i), power);
    sum += static_cast<std::uint32_t>(power);
  }
  // The sum as 2^k (1 + r), with r in 16 bits.
  const int zeros = std::countl_zero(sum);
  const std::int64_t leading = ((std::int64_t{sum} << (zeros - 1)) + (1 << 13)) >> 14;
  const std::int32_t rest = saturated(static_cast<std::int32_t>(leading - (1 << 15) - (1 << 16)));
  const std::int64_t reciprocal = reciprocal_of_one_plus().at(rest);
  const int shift = 31 - zeros;
  for (std::size_t i = 0; i < view.size; ++i) {
    const std::int64_t power = load(DType::kInt16, y, place(i));
    const std::int64_t share = (power * reciprocal + (std::int64_t{1} << (shift - 1))) >> shift;
    store(DType::kInt16, y, place(i),
          static_cast<std::int32_t>(std::clamp<std::int64_t>(share, 0, 32767)));
  }
}

}  // namespace

Map wide_sigmoid_map(const KernelSpec& spec) {
  if (!suits_tables(spec)) return {};
  const TableScale scale = table_scale(affine_of(*spec.inputs[0]).scale, 0);
  return [scale](std::int32_t stored) {
    const std::int32_t x = scale.apply(stored);
    const std::int64_t y = interpolated(magnitude(x), 9, std::int64_t{0x7fff} << 10);
    const std::int64_t sided = x >= 0 ? y + (1 << 9) : (1 << 25) - y + (1 << 9) - 1;
    return static_cast<std::int32_t>(sided >> 10);
  };
}

// 2 sigmoid(2 x) - 1.
Map wide_tanh_map(const KernelSpec& spec) {
  if (!suits_tables(spec)) return {};
  const TableScale scale = table_scale(affine_of(*spec.inputs[0]).scale, 1);
  return [scale](std::int32_t stored) {
    const std::int32_t x = scale.apply(stored);
    const std::int64_t y = interpolated(magnitude(x), 8, std::int64_t{0xffff} << 8);
    const std::int64_t sided = x >= 0 ? y - (1 << 23) + (1 << 7) : -y + (1 << 23) + (1 << 7) - 1;
    return static_cast<std::int32_t>(sided >> 8);
  };
}

Body wide_softmax_body(const KernelSpec& spec) {
  const auto* op = std::get_if<SoftmaxOp>(spec.op);
  const Value& x = *spec.inputs[0];
  if (op == nullptr || op->logarithm || !suits_tables(spec)) return {};
  const native::AxisView view(x.shape, op->axis < 0 ? op->axis + x.shape.rank() : op->axis);
  // The sum of the exponentials has 31 bits.
  if (view.size >= (std::size_t{1} << 16)) return {};
  const float per_step = static_cast<float>(kReach) / 65535.0f;
  const Multiplier factor = make_multiplier(static_cast<double>(affine_of(x).scale / per_step));
  Body body;
  body.run = [=](std::span<const std::byte* const> inputs, std::byte* output, std::byte*) {
    for (std::size_t outer = 0; outer < view.outer; ++outer) {
      for (std::size_t inner = 0; inner < view.inner; ++inner) {
        softmax(factor, view, outer * view.size * view.inner + inner, inputs[0], output);
      }
    }
  };
  return body;
}

}  // namespace tinysplit::quantized
