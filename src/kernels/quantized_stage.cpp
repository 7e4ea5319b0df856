#include "kernels/quantized_stage.h"

#include <algorithm>
#include <cstdlib>

namespace tinysplit::quantized {

VectorFactor vector_factor(Multiplier factor, Rounding rounding, bool rounds_once) {
  // A factor of 0 gives 0 with any shift.
  const int shift = factor.significand == 0 ? 1 : std::clamp(-factor.shift, 1, 31);
  const std::int64_t first_half = rounds_once ? 0 : std::int64_t{1} << 30;
  const std::int64_t nudge = first_half + (std::int64_t{1} << (30 + shift));
  if (rounding == Rounding::kFloor) return {factor.significand, nudge, shift - 1};
  return {factor.significand, 2 * nudge, shift};
}

FilterOrder tiled_order(std::size_t filters, std::size_t group_filters, std::size_t tile) {
  const std::size_t padded = (group_filters + tile - 1) / tile * tile;
  FilterOrder order;
  for (std::size_t start = 0; start < filters; start += group_filters) {
    for (std::size_t i = 0; i < padded; ++i) {
      order.push_back(i < group_filters ? start + i : kNoFilter);
    }
  }
  return order;
}

namespace {

// Halves of negative sums matter only where they are not clipped away.
Rounding rounding_of(const KernelSpec& spec) {
  const bool clipped = output_range(spec).low >= affine_of(*spec.output).zero_point;
  return rounds_once(*spec.op) || clipped ? Rounding::kFloor : Rounding::kAway;
}

}  // namespace

PackedStage::PackedStage(const KernelSpec& spec, std::span<const std::int64_t> bias,
                         const FilterOrder& order)
    : rounding_(rounding_of(spec)),
      zero_point_(affine_of(*spec.output).zero_point),
      range_(output_range(spec)),
      rounds_once_(rounds_once(*spec.op)) {
  const std::vector<Multiplier> multipliers = product_multipliers(spec, bias.size());
  lanes_.resize((order.size() + kTileFilters - 1) / kTileFilters, StageLanes{});
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] == kNoFilter) continue;
    const Multiplier factor = multipliers[order[i]];
    const VectorFactor vector = vector_factor(factor, rounding_, rounds_once_);
    StageLanes& lanes = lanes_[i / kTileFilters];
    const std::size_t lane = i % kTileFilters;
    lanes.bias[lane] = static_cast<std::int32_t>(bias[order[i]]);
    lanes.significand[lane] = factor.significand;
    lanes.shift[lane] = factor.shift;
    lanes.right_shift[lane] = vector.right_shift;
    (lane % 2 == 0 ? lanes.even_nudge : lanes.odd_nudge)[lane / 2] = vector.nudge;
    if (lane % 2 != 0) lanes.odd_significand[lane / 2] = factor.significand;
  }
}

OutputStage PackedStage::stage() const {
  return {lanes_.data(), rounding_, zero_point_, range_.low, range_.high, rounds_once_};
}

void ByteWeights::shift_activations() {
  for (std::size_t i = 0; i < values.size(); ++i) {
    bias[i % filters] -= std::int64_t{128} * values[i];
  }
}

bool is_byte_depthwise(const KernelSpec& spec) {
  const auto* conv = std::get_if<Conv2dOp>(spec.op);
  if (conv == nullptr) return false;
  const Value& x = *spec.inputs[0];
  const Value& weights = *spec.inputs[1];
  const std::int64_t channels = x.shape[3];
  return channels > 1 && conv->groups == channels && weights.shape[3] == channels && is_byte(x) &&
         is_byte(*spec.output) && dtype_size(weights.dtype) == 1 && weights.is_constant();
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
  read.fit_bytes =
      std::ranges::all_of(read.values, [](std::int16_t w) { return w >= -128 && w <= 127; });
  read.bias = bias_of(spec, 2, read.filters);
  const StoredRange stored = range_of(spec.inputs[0]->dtype);
  const std::int64_t largest_x = std::max(stored.high - x.zero_point, x.zero_point - stored.low);
  std::vector<std::int64_t> bounds;
  for (const std::int64_t bias : read.bias) bounds.push_back(std::abs(bias));
  for (std::size_t i = 0; i < count; ++i) {
    read.bias[i % read.filters] -= std::int64_t{x.zero_point} * read.values[i];
    bounds[i % read.filters] += largest_x * std::abs(read.values[i]);
  }
  const std::vector<Multiplier> factors = product_multipliers(spec, read.filters);
  // A sum times its significand (below 2^31) plus the nudge stays inside 64 bits, twice that too
  // where it is doubled. Converters give filters that are always 0 a bias of 2^30.
  const int sum_bits = rounding_of(spec) == Rounding::kFloor ? 31 : 30;
  read.suits_vectors = *std::ranges::max_element(bounds) < std::int64_t{1} << sum_bits &&
                       std::ranges::all_of(factors, [](Multiplier factor) {
                         return factor.significand == 0 || factor.shift < 0;
                       });
  return read;
}

}  // namespace tinysplit::quantized
