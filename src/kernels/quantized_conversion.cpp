#include <cmath>
#include <cstring>

#include "kernels/quantized_kernels.h"
#include "kernels/quantized_values.h"
#include "kernels/reduction_walk.h"

namespace tinysplit::quantized {
namespace {

bool is_stored(DType dtype) {
  return dtype == DType::kInt8 || dtype == DType::kUint8 || dtype == DType::kInt16 ||
         dtype == DType::kInt32;
}

// A value's scales and zero points, one for each index of the middle of [outer, size, inner].
struct Scales {
  native::AxisView view;
  Quantization quantization;
  DType dtype;

  explicit Scales(const Value& value)
      : view(value.shape.rank() == 0 ? Shape{1} : value.shape,
             std::max(value.quantization->axis, 0)),
        quantization(*value.quantization),
        dtype(value.dtype) {}

  Affine at(std::size_t i) const {
    const std::size_t index = quantization.scale.size() == 1 ? 0 : i / view.inner % view.size;
    return {quantization.scale[index], quantization.zero_point[index]};
  }
};

template <bool kHalfToEven>
std::int32_t quantize(float real, const Affine& affine, const StoredRange& range) {
  const float exact = real / affine.scale;
  const float steps = (kHalfToEven ? std::nearbyint(exact) : std::round(exact)) +
                      static_cast<float>(affine.zero_point);
  // In this order a NaN becomes the lowest number.
  if (!(steps > static_cast<float>(range.low))) return range.low;
  return steps >= static_cast<float>(range.high) ? range.high : static_cast<std::int32_t>(steps);
}

template <bool kHalfToEven>
Body from_real(const KernelSpec& spec, std::size_t count) {
  Body body;
  body.run = [=, scales = Scales(*spec.output), range = output_range(spec)](
                 std::span<const std::byte* const> inputs, std::byte* output, std::byte*) {
    const auto* x = reinterpret_cast<const float*>(inputs[0]);
    for (std::size_t i = 0; i < count; ++i) {
      store(scales.dtype, output, i, quantize<kHalfToEven>(x[i], scales.at(i), range));
    }
  };
  return body;
}

Body requantize(const KernelSpec& spec, std::size_t count) {
  const Affine x = affine_of(*spec.inputs[0]), y = affine_of(*spec.output);
  const Multiplier factor =
      make_multiplier(static_cast<double>(x.scale) / static_cast<double>(y.scale));
  Body body;
  body.run = [=, from = spec.inputs[0]->dtype, to = spec.output->dtype, range = output_range(spec)](
                 std::span<const std::byte* const> inputs, std::byte* output, std::byte*) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::int32_t centred = load(from, inputs[0], i) - x.zero_point;
      store(to, output, i, range.clamp(wrapping_add(multiply(centred, factor), y.zero_point)));
    }
  };
  return body;
}

Body to_real(const KernelSpec& spec, std::size_t count) {
  Body body;
  body.run = [=, scales = Scales(*spec.inputs[0])](std::span<const std::byte* const> inputs,
                                                   std::byte* output, std::byte*) {
    auto* y = reinterpret_cast<float*>(output);
    for (std::size_t i = 0; i < count; ++i) {
      const Affine affine = scales.at(i);
      const std::int64_t centred =
          std::int64_t{load(scales.dtype, inputs[0], i)} - affine.zero_point;
      y[i] = static_cast<float>(static_cast<double>(affine.scale) * static_cast<double>(centred));
    }
  };
  return body;
}

}  // namespace

Body conversion_body(const KernelSpec& spec) {
  const Value &x = *spec.inputs[0], &y = *spec.output;
  const std::size_t count = static_cast<std::size_t>(y.shape.num_elements());
  if (std::holds_alternative<DequantizeOp>(*spec.op)) {
    const bool fits = x.quantization && is_stored(x.dtype) && y.dtype == DType::kFloat32;
    return fits ? to_real(spec, count) : Body();
  }
  const auto* op = std::get_if<QuantizeOp>(spec.op);
  if (op == nullptr || !y.quantization || !is_stored(y.dtype)) return {};
  if (x.dtype == DType::kFloat32) {
    if (spec.clip) return {};
    return op->half_to_even ? from_real<true>(spec, count) : from_real<false>(spec, count);
  }
  if (!has_one_affine(x) || !has_one_affine(y) || !is_stored(x.dtype)) return {};
  return requantize(spec, count);
}

// Inputs of the output's quantisation are moved by the portable kernel; others go through the real
// numbers.
Body concat_body(const KernelSpec& spec) {
  const auto* op = std::get_if<ConcatOp>(spec.op);
  if (op == nullptr || !is_byte(*spec.output)) return {};
  const Affine y = affine_of(*spec.output);
  const StoredRange range = output_range(spec);
  const native::AxisView out(spec.output->shape,
                             op->axis < 0 ? op->axis + spec.output->shape.rank() : op->axis);
  struct Part {
    std::size_t width;
    std::array<std::uint8_t, 256> table;
  };
  std::vector<Part> parts;
  for (const Value* input : spec.inputs) {
    if (!is_byte(*input)) return {};
    const Affine x = affine_of(*input);
    Part part{static_cast<std::size_t>(input->shape.num_elements()) / out.outer, {}};
    const float scale = x.scale * (1.0f / y.scale);
    const float bias = static_cast<float>(-x.zero_point) * scale;
    for (std::size_t i = 0; i < part.table.size(); ++i) {
      const auto byte = static_cast<std::byte>(i);
      const std::int32_t stored = load(input->dtype, &byte, 0);
      const float steps = std::round(static_cast<float>(stored) * scale + bias);
      const std::int32_t moved = static_cast<std::int32_t>(std::clamp(steps, -65536.0f, 65536.0f));
      part.table[i] =
          static_cast<std::uint8_t>(x == y ? stored : range.clamp(moved + y.zero_point));
    }
    parts.push_back(part);
  }
  Body body;
  body.run = [out, parts](std::span<const std::byte* const> inputs, std::byte* output, std::byte*) {
    auto* to = reinterpret_cast<std::uint8_t*>(output);
    for (std::size_t outer = 0; outer < out.outer; ++outer) {
      for (std::size_t p = 0; p < parts.size(); ++p) {
        const Part& part = parts[p];
        const auto* from = reinterpret_cast<const std::uint8_t*>(inputs[p]) + outer * part.width;
        for (std::size_t i = 0; i < part.width; ++i) *to++ = part.table[from[i]];
      }
    }
  };
  return body;
}

}  // namespace tinysplit::quantized
