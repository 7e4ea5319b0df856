#include "training/initializer.h"

#include <algorithm>
#include <cmath>

namespace tinysplit::training {
namespace {

struct Fans {
  double in = 1.0;
  double out = 1.0;
};

// Keras counts a kernel's window into both.
Fans fans_of(const Shape& shape) {
  const int rank = shape.rank();
  if (rank == 0) return {};
  if (rank == 1) return {double(shape[0]), double(shape[0])};
  double window = 1.0;
  for (int i = 0; i < rank - 2; ++i) window *= double(shape[i]);
  return {window * double(shape[rank - 2]), window * double(shape[rank - 1])};
}

double truncated_normal(Random& random) {
  for (;;) {
    const double value = random.normal();
    if (std::fabs(value) <= 2.0) return value;
  }
}

void fill_uniform(double low, double high, Random& random, std::span<float> values) {
  for (float& value : values) value = static_cast<float>(random.uniform(low, high));
}

void fill_normal(double mean, double deviation, bool truncated, Random& random,
                 std::span<float> values) {
  for (float& value : values) {
    const double normal = truncated ? truncated_normal(random) : random.normal();
    value = static_cast<float>(mean + deviation * normal);
  }
}

void scale_variance(const Initializer& initializer, const Shape& shape, Random& random,
                    std::span<float> values) {
  const Fans fans = fans_of(shape);
  double fan = (fans.in + fans.out) / 2.0;
  if (initializer.fan == Initializer::Fan::kIn) fan = fans.in;
  if (initializer.fan == Initializer::Fan::kOut) fan = fans.out;
  const double variance = double{initializer.scale} / std::max(fan, 1.0);
  switch (initializer.distribution) {
    case Initializer::Distribution::kUniform: {
      const double limit = std::sqrt(3.0 * variance);
      return fill_uniform(-limit, limit, random, values);
    }
    case Initializer::Distribution::kNormal:
      return fill_normal(0.0, std::sqrt(variance), false, random, values);
    case Initializer::Distribution::kTruncatedNormal: {
      // The standard deviation that is left of 1 once both tails are cut off at 2.
      constexpr double kLeft = 0.87962566103423978;
      return fill_normal(0.0, std::sqrt(variance) / kLeft, true, random, values);
    }
  }
}

}  // namespace

void initialize(const Initializer& initializer, const Shape& shape, Random& random,
                std::span<float> values) {
  const double first = initializer.first;
  const double second = initializer.second;
  switch (initializer.kind) {
    case Initializer::Kind::kConstant:
      std::ranges::fill(values, initializer.first);
      return;
    case Initializer::Kind::kUniform:
      return fill_uniform(first, second, random, values);
    case Initializer::Kind::kNormal:
      return fill_normal(first, second, false, random, values);
    case Initializer::Kind::kTruncatedNormal:
      return fill_normal(first, second, true, random, values);
    case Initializer::Kind::kVarianceScaling:
      return scale_variance(initializer, shape, random, values);
  }
}

}  // namespace tinysplit::training
