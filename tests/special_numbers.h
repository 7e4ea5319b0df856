#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

// The numbers on which vector code and libraries differ most.
namespace tinysplit::test {

// The same bits, or NaN both: sign and payload of NaN mean nothing.
inline bool same_number(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

// Puts NaN, infinities, zeros, denormal and the largest numbers among `values`, every `distance`
// elements one.
inline void strew_special_numbers(std::span<float> values, std::size_t distance) {
  using Limits = std::numeric_limits<float>;
  const float specials[] = {
      Limits::quiet_NaN(), -0.0f, Limits::infinity(), 1e-40f, -Limits::infinity(), 0.0f, -1e-40f,
      Limits::max()};
  std::size_t next = 0;
  for (std::size_t i = distance / 2; i < values.size(); i += distance) {
    values[i] = specials[next++ % std::size(specials)];
  }
}

}  // namespace tinysplit::test
