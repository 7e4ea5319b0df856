#include "quantization/stored_weights.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/numeric.h"
#include "quantization/range.h"

namespace tinysplit {
namespace {

constexpr float kLargest = 127.0f;
// A bias takes at most this much of the 32 bits, so that no sum of products with it overflows.
constexpr double kLargestBias = 1 << 29;
// Filters of zeros get some scale; this one leaves nothing of them but zeros.
constexpr float kSmallestScale = 1e-10f;

std::int32_t rounded(double x, double largest) {
  return static_cast<std::int32_t>(std::clamp(std::round(x), -largest, largest));
}

// The filter of each element, for elements along `axis` of [..., filters, inner...].
struct FilterWalk {
  std::size_t filters = 1;
  std::size_t inner = 1;

  FilterWalk(const Shape& shape, int axis) {
    if (axis < 0) return;
    filters = usize(shape[axis]);
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= usize(shape[i]);
  }
  std::size_t at(std::size_t i) const { return i / inner % filters; }
};

}  // namespace

StoredWeights store_weights(const Tensor& kernel, const Tensor& bias, int axis, float input_scale) {
  const auto real = kernel.as<float>();
  const auto real_bias = bias.as<float>();
  const FilterWalk walk(kernel.shape(), axis);
  std::vector<float> scale(walk.filters, kSmallestScale);
  for (std::size_t i = 0; i < real.size(); ++i) {
    float& each = scale[walk.at(i)];
    each = std::max(each, std::abs(real[i]) / kLargest);
  }
  const double x = static_cast<double>(input_scale);
  for (std::size_t f = 0; f < real_bias.size(); ++f) {
    float& each = scale[axis < 0 ? 0 : f];
    const double needed = std::abs(static_cast<double>(real_bias[f])) / (x * kLargestBias);
    each = std::max(each, static_cast<float>(needed));
  }
  StoredWeights stored;
  stored.kernel.numbers = Tensor(DType::kInt8, kernel.shape());
  const auto numbers = stored.kernel.numbers.as<std::int8_t>();
  for (std::size_t i = 0; i < real.size(); ++i) {
    const float steps = real[i] / scale[walk.at(i)];
    numbers[i] = static_cast<std::int8_t>(rounded(static_cast<double>(steps), 127.0));
  }
  stored.bias = Tensor(DType::kInt32, bias.shape());
  for (std::size_t f = 0; f < real_bias.size(); ++f) {
    const double unit = x * static_cast<double>(scale[axis < 0 ? 0 : f]);
    stored.bias.as<std::int32_t>()[f] =
        rounded(static_cast<double>(real_bias[f]) / unit, 2 * kLargestBias);
  }
  stored.kernel.quantization.zero_point.assign(walk.filters, 0);
  stored.kernel.quantization.scale = std::move(scale);
  stored.kernel.quantization.axis = axis;
  return stored;
}

Tensor store_numbers(const Tensor& numbers, const ElementType& type) {
  const float scale = type.quantization->scale[0];
  const float zero_point = static_cast<float>(type.quantization->zero_point[0]);
  Tensor stored(DType::kInt8, numbers.shape());
  std::ranges::transform(numbers.as<float>(), stored.as<std::int8_t>().begin(), [&](float x) {
    return static_cast<std::int8_t>(
        std::clamp(std::round(x / scale) + zero_point, -128.0f, 127.0f));
  });
  return stored;
}

StoredTensor store_operand(const Tensor& numbers) {
  const auto real = numbers.as<float>();
  const auto [low, high] = std::ranges::minmax_element(real);
  const ElementType type = int8_type_of({*low, *high});
  return {store_numbers(numbers, type), *type.quantization};
}

}  // namespace tinysplit
