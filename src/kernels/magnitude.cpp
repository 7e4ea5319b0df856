#include "kernels/magnitude.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/numeric.h"
#include "kernels/instruction_set.h"

namespace tinysplit {
namespace {

constexpr std::size_t kBlock = 4096;

// As integers, magnitudes of floats are in the order of the floats, with infinity and NaN on top; a
// difference below zero shows in the highest bit.
[[gnu::always_inline]] inline bool block_within(const float* x, std::size_t count, float limit) {
  const std::uint32_t highest = std::bit_cast<std::uint32_t>(limit);
  std::uint32_t above = 0;
  for (std::size_t i = 0; i < count; ++i) {
    above |= highest - (std::bit_cast<std::uint32_t>(x[i]) & 0x7fffffffu);
  }
  return above < 0x80000000u;
}

[[gnu::always_inline]] inline bool all_blocks_within(std::span<const float> x, float limit) {
  for (std::size_t i = 0; i < x.size(); i += kBlock) {
    if (!block_within(x.data() + i, std::min(kBlock, x.size() - i), limit)) return false;
  }
  return true;
}

// NaN counts as infinitely large.
double larger_of(double a, float b) { return b <= a ? a : std::isnan(b) ? kInfinity : b; }

bool portable(std::span<const float> x, float limit) { return all_blocks_within(x, limit); }

#if defined(__x86_64__)
[[gnu::target("avx2")]] bool avx2(std::span<const float> x, float limit) {
  return all_blocks_within(x, limit);
}

[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")]] bool avx512(
    std::span<const float> x, float limit) {
  return all_blocks_within(x, limit);
}
#endif

}  // namespace

bool all_within(std::span<const float> x, float limit) {
  if (!(limit >= 0.0f)) return false;
#if defined(__x86_64__)
  if (instruction_set() >= InstructionSet::kAvx512Vnni) return avx512(x, limit);
  if (native::has_avx2()) return avx2(x, limit);
#endif
  return portable(x, limit);
}

Growth growth_of(const PreparedWeights& weights) {
  // Filters stand side by side along the last axis, but for transposed kernels, of which the sum
  // over all weights is a bound as well.
  const std::span<const float> kernel = weights.kernel.as<float>();
  const std::span<const float> bias = weights.bias.as<float>();
  const std::size_t filters = bias.size();
  Growth growth;
  if (usize(weights.kernel.shape()[weights.kernel.shape().rank() - 1]) == filters) {
    std::vector<float> sums(filters, 0.0f);
    for (std::size_t i = 0; i < kernel.size(); i += filters) {
      for (std::size_t f = 0; f < filters; ++f) sums[f] += std::fabs(kernel[i + f]);
    }
    for (const float sum : sums) growth.gain = larger_of(growth.gain, sum);
  } else {
    for (const float w : kernel) growth.gain += std::fabs(w);
  }
  for (const float b : bias) growth.offset = larger_of(growth.offset, std::fabs(b));
  return growth;
}

float safe_magnitude(const Growth& growth) {
  // A quarter leaves room for the rounding of sums.
  constexpr double kMost = std::numeric_limits<float>::max() / 4;
  if (!std::isfinite(growth.gain) || !(growth.offset < kMost)) return -1.0f;
  return static_cast<float>(std::min(kMost, (kMost - growth.offset) / std::max(growth.gain, 1.0)));
}

}  // namespace tinysplit
