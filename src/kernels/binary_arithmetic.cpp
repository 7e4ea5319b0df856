#include <cmath>

#include "kernels/binary_rows.h"
#include "kernels/clip.h"
#include "kernels/dtype_dispatch.h"
#include "kernels/integer_math.h"

namespace tinysplit::native {
namespace {

float floor_modulo_of_floats(float a, float b) {
  const float rest = std::fmod(a, b);
  return rest != 0.0f && (rest < 0.0f) != (b < 0.0f) ? rest + b : rest;
}

Body float_body(BinaryKind kind, const KernelSpec& spec) {
  const auto rows = [&](auto function) { return binary_rows<float, float>(spec, function); };
  switch (kind) {
    case BinaryKind::kAdd:
      return rows([](float a, float b) { return a + b; });
    case BinaryKind::kSubtract:
      return rows([](float a, float b) { return a - b; });
    case BinaryKind::kMultiply:
      return rows([](float a, float b) { return a * b; });
    case BinaryKind::kDivide:
      return rows([](float a, float b) { return a / b; });
    case BinaryKind::kMaximum:
      return rows([](float a, float b) { return larger(a, b); });
    case BinaryKind::kMinimum:
      return rows([](float a, float b) { return smaller(a, b); });
    case BinaryKind::kPower:
      return rows([](float a, float b) { return std::pow(a, b); });
    case BinaryKind::kSquaredDifference:
      return rows([](float a, float b) { return (a - b) * (a - b); });
    case BinaryKind::kFloorDivide:
      return rows([](float a, float b) { return std::floor(a / b); });
    case BinaryKind::kFloorModulo:
      return rows(floor_modulo_of_floats);
    case BinaryKind::kRemainder:
      return rows([](float a, float b) { return std::fmod(a, b); });
    default:
      return {};
  }
}

// A body that looks for zeros among the divisors first.
template <typename T, typename Function>
Body dividing(const KernelSpec& spec, Function function) {
  Body divide = binary_rows<T, T>(spec, function);
  const std::size_t divisors = usize(spec.inputs[1]->shape.num_elements());
  return [divide, divisors](std::span<const std::byte* const> inputs, std::byte* output) {
    const T* b = reinterpret_cast<const T*>(inputs[1]);
    if (std::find(b, b + divisors, T{0}) != b + divisors) {
      return invalid_argument("an integer is divided by zero");
    }
    return divide(inputs, output);
  };
}

template <typename T>
Body integer_body(BinaryKind kind, const KernelSpec& spec) {
  const auto rows = [&](auto function) { return binary_rows<T, T>(spec, function); };
  switch (kind) {
    case BinaryKind::kAdd:
      return rows([](T a, T b) { return wrap_add(a, b); });
    case BinaryKind::kSubtract:
      return rows([](T a, T b) { return wrap_subtract(a, b); });
    case BinaryKind::kMultiply:
      return rows([](T a, T b) { return wrap_multiply(a, b); });
    case BinaryKind::kMaximum:
      return rows([](T a, T b) { return std::max(a, b); });
    case BinaryKind::kMinimum:
      return rows([](T a, T b) { return std::min(a, b); });
    case BinaryKind::kPower:
      return rows([](T a, T b) { return power(a, b); });
    case BinaryKind::kSquaredDifference:
      return rows([](T a, T b) {
        const T difference = wrap_subtract(a, b);
        return wrap_multiply(difference, difference);
      });
    case BinaryKind::kDivide:
      return dividing<T>(spec, [](T a, T b) { return wrap_divide(a, b); });
    case BinaryKind::kFloorDivide:
      return dividing<T>(spec, [](T a, T b) { return floor_divide(a, b); });
    case BinaryKind::kFloorModulo:
      return dividing<T>(spec, [](T a, T b) { return floor_modulo(a, b); });
    case BinaryKind::kRemainder:
      return dividing<T>(spec, [](T a, T b) { return remainder(a, b); });
    default:
      return {};
  }
}

}  // namespace

Body binary_arithmetic_body(const KernelSpec& spec) {
  const auto* op = std::get_if<BinaryOp>(spec.op);
  if (op == nullptr) return {};
  const bool picks = op->kind == BinaryKind::kMaximum || op->kind == BinaryKind::kMinimum;
  if (picks ? !same_numbers(spec, 0) : !plain_numbers(spec)) return {};
  const DType dtype = spec.output->dtype;
  if (spec.inputs[0]->dtype != dtype || spec.inputs[1]->dtype != dtype) return {};
  return for_number(dtype, [&](auto zero) -> Body {
    using T = decltype(zero);
    if constexpr (std::is_same_v<T, float>) {
      return float_body(op->kind, spec);
    } else {
      return integer_body<T>(op->kind, spec);
    }
  });
}

}  // namespace tinysplit::native
