#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/quantized_tiles.h"
#include "kernels/quantized_values.h"

namespace tinysplit::quantized {

// A factor below one half as vector code takes it (Rounding says how).
struct VectorFactor {
  std::int32_t significand = 0;
  std::int64_t nudge = 0;
  std::int32_t right_shift = 0;
};

// Of multiply(), or of multiply_once() where it `rounds_once`, which is always Rounding::kFloor.
// Shifts out of [-31, -1] are not below one half: what comes of them is not to be used.
VectorFactor vector_factor(Multiplier factor, Rounding rounding, bool rounds_once);

// Filters in the order in which they are computed.
inline constexpr std::size_t kNoFilter = SIZE_MAX;  // a lane that only pads
using FilterOrder = std::vector<std::size_t>;

// `filters` in groups of `group_filters`, each padded to a multiple of `tile`.
FilterOrder tiled_order(std::size_t filters, std::size_t group_filters, std::size_t tile);

// The output stage of a whole operation.
class PackedStage {
 public:
  // `bias` with the zero point folded in, for each filter.
  PackedStage(const KernelSpec& spec, std::span<const std::int64_t> bias, const FilterOrder& order);

  // From the first of the order on.
  OutputStage stage() const;

 private:
  std::vector<StageLanes> lanes_;
  Rounding rounding_ = Rounding::kAway;
  std::int32_t zero_point_ = 0;
  StoredRange range_;
  bool rounds_once_ = false;
};

// The weights of a convolution or dense layer less their zero point, [cells][F] as the constant
// lies, and what follows from them.
struct ByteWeights {
  std::vector<std::int16_t> values;
  std::size_t filters = 0;
  std::vector<std::int64_t> bias;  // zero point of x folded in
  bool fit_bytes = false;          // all are in the range of int8
  // Every accumulator stays below 2^30 (2^31 with Rounding::kFloor) and every factor below one
  // half: what vector code needs for its rounding terms to fit.
  bool suits_vectors = false;

  // Makes up in the bias for activations that are 128 above what is stored.
  void shift_activations();
};

// A convolution of bytes with one filter for each of several channels, and constant weights.
bool is_byte_depthwise(const KernelSpec& spec);

// Precondition: the weights are 8-bit numbers with the filters along the last axis.
ByteWeights read_weights(const KernelSpec& spec);

}  // namespace tinysplit::quantized
