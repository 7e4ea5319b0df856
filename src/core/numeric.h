#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace tinysplit {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Sizes and axes of shapes are signed, indices of the standard library are not.
constexpr std::size_t usize(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace tinysplit
