#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <numbers>
#include <span>
#include <utility>

namespace tinysplit {

// Mixes a number so that every bit of the result depends on all of it: the finaliser of SplitMix64.
constexpr std::uint64_t mix_bits(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

// Random numbers that are the same on every machine and compiler, unlike the distributions of
// <random>: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). The state is one number, so that a
// checkpoint can keep it and every image of every epoch can have a stream of its own. Not for
// secrets. Not thread-safe.
class Random {
 public:
  explicit Random(std::uint64_t state) : state_(state) {}

  // A stream of its own for each list of numbers, such as {seed, epoch, image}.
  static Random of(std::initializer_list<std::uint64_t> keys) {
    std::uint64_t state = 0x243f6a8885a308d3ULL;
    for (const std::uint64_t key : keys) state = mix_bits(state ^ mix_bits(key + kStep));
    return Random(state);
  }

  std::uint64_t state() const { return state_; }

  std::uint64_t next() { return mix_bits(state_ += kStep); }

  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  // Uniform in [0, bound); bound >= 1. Exact: what would favour small numbers is drawn again.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t surplus = (0 - bound) % bound;
    std::uint64_t drawn = next();
    while (drawn < surplus) drawn = next();
    return drawn % bound;
  }

  // Normal with mean 0 and deviation 1 (Box and Muller, 1958); its last bit is the C library's.
  double normal() {
    const double u = (static_cast<double>(next() >> 11U) + 1.0) * 0x1p-53;
    const double v = uniform();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
  }

  // A random order of `values` (Fisher and Yates).
  template <typename T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[static_cast<std::size_t>(below(i))]);
    }
  }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ULL;

  std::uint64_t state_;
};

}  // namespace tinysplit
