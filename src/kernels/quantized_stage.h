#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/quantized_tiles.h"
#include "kernels/quantized_values.h"

namespace tinysplit::quantized {

// The output stage of a whole operation, padded to full tiles.
class PackedStage {
 public:
  // `bias` with the zero point folded in. Filters are laid out in groups of `group_filters`, each
  // padded to a multiple of `tile`.
  PackedStage(const KernelSpec& spec, std::span<const std::int64_t> bias, std::size_t group_filters,
              std::size_t tile);

  // Filter `at` in the padded order.
  OutputStage at(std::size_t at) const;

  // Whether every factor is below one half, so that the sum of an output with its rounding term
  // stays in 32 bits for accumulators below 2^30: what vector code relies on.
  bool has_small_factors() const { return has_small_factors_; }

 private:
  std::vector<std::int32_t> bias_;
  std::vector<std::int32_t> significand_;
  std::vector<std::int32_t> shift_;
  std::int32_t zero_point_ = 0;
  StoredRange range_;
  bool rounds_once_ = false;
  bool has_small_factors_ = true;
};

// The weights of a convolution or dense layer less their zero point, [cells][F] as the constant
// lies, and what follows from them.
struct ByteWeights {
  std::vector<std::int16_t> values;
  std::size_t filters = 0;
  std::vector<std::int64_t> bias;  // zero point of x folded in
  bool has_small_sums = false;     // every accumulator stays below 2^30
};

// Precondition: the weights are 8-bit numbers with the filters along the last axis.
ByteWeights read_weights(const KernelSpec& spec);

}  // namespace tinysplit::quantized
