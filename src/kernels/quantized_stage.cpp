#include "kernels/quantized_stage.h"

#include <algorithm>
#include <cstdlib>

namespace tinysplit::quantized {

PackedStage::PackedStage(const KernelSpec& spec, std::span<const std::int64_t> bias,
                         std::size_t group_filters, std::size_t tile)
    : zero_point_(affine_of(*spec.output).zero_point),
      range_(output_range(spec)),
      rounds_once_(rounds_once(*spec.op)) {
  const std::vector<Multiplier> multipliers = product_multipliers(spec, bias.size());
  const std::size_t padded = (group_filters + tile - 1) / tile * tile;
  for (std::size_t start = 0; start < bias.size(); start += group_filters) {
    for (std::size_t i = 0; i < padded; ++i) {
      const bool real = i < group_filters;
      // A factor of 0 gives 0 with any shift.
      Multiplier factor = real ? multipliers[start + i] : Multiplier{};
      if (factor.significand == 0) factor.shift = -1;
      if (factor.shift > -1) has_small_factors_ = false;
      bias_.push_back(real ? static_cast<std::int32_t>(bias[start + i]) : 0);
      significand_.push_back(factor.significand);
      shift_.push_back(factor.shift);
    }
  }
}

OutputStage PackedStage::at(std::size_t at) const {
  return {bias_.data() + at,  significand_.data() + at,
          shift_.data() + at, zero_point_,
          range_.low,         range_.high,
          rounds_once_};
}

ByteWeights read_weights(const KernelSpec& spec) {
  const Value& weights = *spec.inputs[1];
  const Affine x = affine_of(*spec.inputs[0]);
  ByteWeights read;
  read.filters = static_cast<std::size_t>(weights.shape[weights.shape.rank() - 1]);
  const std::size_t count = static_cast<std::size_t>(weights.shape.num_elements());
  const std::vector<std::int32_t>& zero_points = weights.quantization->zero_point;
  read.values.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t zero = zero_points[zero_points.size() == 1 ? 0 : i % read.filters];
    const std::int32_t w = load(weights.dtype, weights.data->data(), i) - zero;
    read.values[i] = static_cast<std::int16_t>(w);
  }
  read.bias = bias_of(spec, 2, read.filters);
  const StoredRange stored = range_of(spec.inputs[0]->dtype);
  const std::int64_t largest_x = std::max(stored.high - x.zero_point, x.zero_point - stored.low);
  std::vector<std::int64_t> bounds;
  for (const std::int64_t bias : read.bias) bounds.push_back(std::abs(bias));
  for (std::size_t i = 0; i < count; ++i) {
    read.bias[i % read.filters] -= std::int64_t{x.zero_point} * read.values[i];
    bounds[i % read.filters] += largest_x * std::abs(read.values[i]);
  }
  read.has_small_sums = *std::ranges::max_element(bounds) < std::int64_t{1} << 30;
  return read;
}

}  // namespace tinysplit::quantized
