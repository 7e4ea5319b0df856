#include "engine/value_conversion.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/float16.h"

namespace tinysplit {
namespace {

template <typename T>
Tensor converted(const Tensor& from) {
  Tensor to(DType::kFloat32, from.shape());
  std::ranges::transform(from.as<T>(), to.as<float>().begin(),
                         [](T value) { return static_cast<float>(value); });
  return to;
}

template <typename T>
Tensor quantized(const Tensor& from, float scale, std::int32_t zero_point, DType dtype) {
  Tensor to(dtype, from.shape());
  constexpr float kLow = std::numeric_limits<T>::min(), kHigh = std::numeric_limits<T>::max();
  std::ranges::transform(from.as<float>(), to.as<T>().begin(), [&](float value) {
    const float number = std::round(value / scale) + static_cast<float>(zero_point);
    return static_cast<T>(std::isnan(number) ? kLow : std::clamp(number, kLow, kHigh));
  });
  return to;
}

Tensor as_float32(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kFloat32:
      return tensor.clone();
    case DType::kInt8:
      return converted<std::int8_t>(tensor);
    case DType::kUint8:
    case DType::kBool:
      return converted<std::uint8_t>(tensor);
    case DType::kInt16:
      return converted<std::int16_t>(tensor);
    case DType::kInt32:
      return converted<std::int32_t>(tensor);
    case DType::kInt64:
      return converted<std::int64_t>(tensor);
    case DType::kFloat16:
      break;
  }
  Tensor wide(DType::kFloat32, tensor.shape());
  std::ranges::transform(tensor.as<std::uint16_t>(), wide.as<float>().begin(),
                         native::half_to_float);
  return wide;
}

Tensor as_float16(const Tensor& tensor) {
  const Tensor wide = as_float32(tensor);
  Tensor half(DType::kFloat16, tensor.shape());
  std::ranges::transform(wide.as<float>(), half.as<std::uint16_t>().begin(), native::float_to_half);
  return half;
}

}  // namespace

Result<Tensor> convert_for(Tensor tensor, const Value& value) {
  if (tensor.dtype() == value.dtype) return tensor;
  const auto& quantization = value.quantization;
  if (value.dtype == DType::kFloat32) return as_float32(tensor);
  if (value.dtype == DType::kFloat16) return as_float16(tensor);
  if (tensor.dtype() == DType::kFloat32 && quantization && quantization->axis < 0) {
    const float scale = quantization->scale[0];
    const std::int32_t zero_point = quantization->zero_point[0];
    switch (value.dtype) {
      case DType::kInt8:
        return quantized<std::int8_t>(tensor, scale, zero_point, value.dtype);
      case DType::kUint8:
        return quantized<std::uint8_t>(tensor, scale, zero_point, value.dtype);
      case DType::kInt16:
        return quantized<std::int16_t>(tensor, scale, zero_point, value.dtype);
      default:
        break;
    }
  }
  return invalid_argument("tensor \"" + value.name + "\" is " +
                          std::string(dtype_name(tensor.dtype())) + ", the model needs " +
                          std::string(dtype_name(value.dtype)));
}

Tensor real_numbers(const Tensor& tensor, const Value& value) {
  Tensor floats = as_float32(tensor);
  const auto& quantization = value.quantization;
  if (quantization && quantization->axis < 0) {
    const float zero_point = static_cast<float>(quantization->zero_point[0]);
    for (float& number : floats.as<float>()) {
      number = quantization->scale[0] * (number - zero_point);
    }
  }
  return floats;
}

}  // namespace tinysplit
