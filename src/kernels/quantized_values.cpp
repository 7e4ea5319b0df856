#include "kernels/quantized_values.h"

#include <cmath>
#include <cstring>

namespace tinysplit::quantized {
namespace {

template <typename T>
std::int32_t load_as(const std::byte* data, std::size_t i) {
  T x;
  std::memcpy(&x, data + i * sizeof(T), sizeof(T));
  return static_cast<std::int32_t>(x);
}

template <typename T>
void store_as(std::byte* data, std::size_t i, std::int32_t x) {
  const T value = static_cast<T>(x);
  std::memcpy(data + i * sizeof(T), &value, sizeof(T));
}

std::int32_t bound(float real, const Affine& affine, const StoredRange& range) {
  // Far outside of the type, and infinite bounds, stay outside.
  const float steps = std::round(real / affine.scale) + static_cast<float>(affine.zero_point);
  if (steps <= static_cast<float>(range.low)) return range.low;
  if (steps >= static_cast<float>(range.high)) return range.high;
  return static_cast<std::int32_t>(steps);
}

}  // namespace

bool has_one_affine(const Value& value) {
  return value.quantization && value.quantization->scale.size() == 1;
}

bool is_byte(const Value& value) {
  return has_one_affine(value) && (value.dtype == DType::kInt8 || value.dtype == DType::kUint8);
}

bool is_wide(const Value& value) { return has_one_affine(value) && value.dtype == DType::kInt16; }

bool is_signed_byte(const Value& value) { return value.dtype == DType::kInt8; }

Affine affine_of(const Value& value) {
  return {value.quantization->scale[0], value.quantization->zero_point[0]};
}

StoredRange range_of(DType dtype) {
  switch (dtype) {
    case DType::kInt8:
      return {-128, 127};
    case DType::kUint8:
      return {0, 255};
    case DType::kInt16:
      return {-32768, 32767};
    default:
      return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
  }
}

StoredRange clip_range(float low, float high, const Value& output) {
  const StoredRange range = range_of(output.dtype);
  const Affine affine = affine_of(output);
  return {bound(low, affine, range), bound(high, affine, range)};
}

StoredRange output_range(const KernelSpec& spec) {
  if (!spec.clip) return range_of(spec.output->dtype);
  return clip_range(spec.clip->low, spec.clip->high, *spec.output);
}

std::int32_t load(DType dtype, const std::byte* data, std::size_t i) {
  switch (dtype) {
    case DType::kInt8:
      return load_as<std::int8_t>(data, i);
    case DType::kUint8:
      return load_as<std::uint8_t>(data, i);
    case DType::kInt16:
      return load_as<std::int16_t>(data, i);
    default:
      return load_as<std::int32_t>(data, i);
  }
}

void store(DType dtype, std::byte* data, std::size_t i, std::int32_t x) {
  switch (dtype) {
    case DType::kInt8:
    case DType::kUint8:
      return store_as<std::uint8_t>(data, i, x);
    case DType::kInt16:
      return store_as<std::int16_t>(data, i, x);
    default:
      return store_as<std::int32_t>(data, i, x);
  }
}

std::vector<Multiplier> product_multipliers(const KernelSpec& spec, std::size_t filters) {
  const double x = affine_of(*spec.inputs[0]).scale;
  const double y = affine_of(*spec.output).scale;
  const std::vector<float>& scales = spec.inputs[1]->quantization->scale;
  // TensorFlow Lite multiplies the scales in single precision in matrix products and for uint8, but
  // for dense layers.
  const bool single =
      scales.size() == 1 && !is_wide(*spec.inputs[0]) &&
      !std::holds_alternative<DenseOp>(*spec.op) &&
      (std::holds_alternative<MatmulOp>(*spec.op) || spec.inputs[0]->dtype == DType::kUint8);
  std::vector<Multiplier> multipliers;
  for (std::size_t f = 0; f < filters; ++f) {
    const float w = scales.size() == 1 ? scales[0] : scales[f];
    const double product = single ? static_cast<double>(static_cast<float>(x) * w) : x * w;
    multipliers.push_back(make_multiplier(product / y));
  }
  return multipliers;
}

bool rounds_once(const Op& op) {
  const auto* conv = std::get_if<Conv2dOp>(&op);
  return conv != nullptr ? conv->rounds_once : std::holds_alternative<DenseOp>(op);
}

std::vector<std::int64_t> bias_of(const KernelSpec& spec, std::size_t input, std::size_t filters) {
  std::vector<std::int64_t> bias(filters, 0);
  if (spec.inputs.size() <= input) return bias;
  const Tensor& tensor = *spec.inputs[input]->data;
  for (std::size_t f = 0; f < filters; ++f) {
    bias[f] = tensor.dtype() == DType::kInt64 ? tensor.as<std::int64_t>()[f]
                                              : tensor.as<std::int32_t>()[f];
  }
  return bias;
}

}  // namespace tinysplit::quantized
