// Functions of one number that have integer kernels in TensorFlow Lite.
#include <cmath>
#include <cstdlib>

#include "kernels/quantized_maps.h"
#include "kernels/quantized_values.h"

namespace tinysplit::quantized {
namespace {

// Rescaled only where the scales differ.
Map absolute_map(const KernelSpec& spec) {
  const Affine x = affine_of(*spec.inputs[0]), y = affine_of(*spec.output);
  const StoredRange range = output_range(spec);
  const bool rescales = x.scale != y.scale;
  const Multiplier factor = make_multiplier(static_cast<double>(x.scale / y.scale));
  return [=](std::int32_t at) {
    const std::int32_t size = std::abs(at - x.zero_point);
    return range.clamp(wrapping_add(rescales ? multiply(size, factor) : size, y.zero_point));
  };
}

// Cut, not rounded. TensorFlow Lite fails on numbers below zero; they become 0 here.
Map root_map(const KernelSpec& spec) {
  const Affine x = affine_of(*spec.inputs[0]), y = affine_of(*spec.output);
  const StoredRange range = output_range(spec);
  return [=](std::int32_t at) {
    const float real = x.scale * static_cast<float>(std::max(at - x.zero_point, 0));
    constexpr float kMost = 1 << 24;  // beyond every range, inside of 32 bits
    const float steps = std::min(std::sqrt(real) / y.scale, kMost);
    return range.clamp(static_cast<std::int32_t>(steps) + y.zero_point);
  };
}

// 1 / sqrt of the stored number as a factor, with 20 bits behind the point, times the scales.
// Zero becomes the highest number, and so do those below, on which TensorFlow Lite fails.
Map inverse_root_map(const KernelSpec& spec) {
  const Affine x = affine_of(*spec.inputs[0]), y = affine_of(*spec.output);
  const StoredRange range = output_range(spec);
  constexpr int kBits = 20;
  Multiplier scales = make_multiplier(1.0 / static_cast<double>(std::sqrt(x.scale) * y.scale));
  scales.shift -= kBits;
  return [=](std::int32_t at) {
    const std::int32_t centred = at - x.zero_point;
    if (centred <= 0) return range.high;
    Multiplier root = inverse_square_root(centred);
    root.shift += kBits;
    return range.clamp(wrapping_add(multiply(multiply(1, root), scales), y.zero_point));
  };
}

// Zero and what is below it become the lowest number.
Map logarithm_map(const KernelSpec& spec) {
  return table_map(spec, [](float x) { return x <= 0.0f ? -HUGE_VALF : std::log(x); });
}

}  // namespace

Body unary_body(const KernelSpec& spec) {
  const auto* op = std::get_if<UnaryOp>(spec.op);
  if (op == nullptr) return {};
  const Value &x = *spec.inputs[0], &y = *spec.output;
  if (x.dtype != y.dtype) return {};
  const bool bytes = is_signed_byte(x) && is_signed_byte(y);
  const bool wide =
      is_wide(x) && is_wide(y) && affine_of(x).zero_point == 0 && affine_of(y).zero_point == 0;
  if (!bytes && !wide) return {};
  switch (op->kind) {
    case UnaryKind::kAbs:
      return mapped_body(spec, absolute_map(spec));
    case UnaryKind::kSqrt:
      return mapped_body(spec, root_map(spec));
    case UnaryKind::kReciprocalSqrt:
      return bytes ? mapped_body(spec, inverse_root_map(spec)) : Body();
    case UnaryKind::kLog:
      return bytes ? mapped_body(spec, logarithm_map(spec)) : Body();
    default:
      return {};
  }
}

}  // namespace tinysplit::quantized
