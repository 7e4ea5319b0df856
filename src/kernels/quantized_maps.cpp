#include "kernels/quantized_maps.h"

#include <array>
#include <cmath>

#include "kernels/quantized_values.h"

namespace tinysplit::quantized {

Body mapped_body(const KernelSpec& spec, const Map& map) {
  const Value& x = *spec.inputs[0];
  const std::size_t count = static_cast<std::size_t>(x.shape.num_elements());
  Body body;
  if (!is_byte(x)) {
    body.run = [map, count](std::span<const std::byte* const> inputs, std::byte* output,
                            std::byte*) {
      for (std::size_t i = 0; i < count; ++i) {
        store(DType::kInt16, output, i, map(load(DType::kInt16, inputs[0], i)));
      }
    };
    return body;
  }
  std::array<std::uint8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto byte = static_cast<std::byte>(i);
    table[i] = static_cast<std::uint8_t>(map(load(x.dtype, &byte, 0)));
  }
  body.run = [table, count](std::span<const std::byte* const> inputs, std::byte* output,
                            std::byte*) {
    const auto* from = reinterpret_cast<const std::uint8_t*>(inputs[0]);
    auto* to = reinterpret_cast<std::uint8_t*>(output);
    for (std::size_t i = 0; i < count; ++i) to[i] = table[from[i]];
  };
  return body;
}

Map table_map(const KernelSpec& spec, const std::function<float(float)>& function) {
  const Affine x = affine_of(*spec.inputs[0]), y = affine_of(*spec.output);
  const StoredRange range = output_range(spec);
  const float steps = 1.0f / y.scale;
  return [=](std::int32_t at) {
    const float real = function(x.scale * static_cast<float>(at - x.zero_point));
    const float stored = std::round(real * steps) + static_cast<float>(y.zero_point);
    if (stored <= static_cast<float>(range.low)) return range.low;
    return stored >= static_cast<float>(range.high) ? range.high
                                                    : static_cast<std::int32_t>(stored);
  };
}

}  // namespace tinysplit::quantized
