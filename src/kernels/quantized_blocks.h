#pragma once

#include <cstddef>
#include <type_traits>

namespace tinysplit::quantized {

// Calls run(n, begin, end) with blocks of n pixels, n a constant, for pixels [begin, pixels) of a
// row: as many of `Largest` as there are, then of the smaller sizes. The last size is 1.
template <std::size_t Largest, std::size_t... Smaller, typename Run>
void for_blocks(std::size_t begin, std::size_t pixels, const Run& run) {
  const std::size_t end = begin + (pixels - begin) / Largest * Largest;
  if (end > begin) run(std::integral_constant<std::size_t, Largest>(), begin, end);
  if constexpr (sizeof...(Smaller) > 0) for_blocks<Smaller...>(end, pixels, run);
}

}  // namespace tinysplit::quantized
