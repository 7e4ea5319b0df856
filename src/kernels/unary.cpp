#include <cmath>

#include "kernels/dtype_dispatch.h"
#include "kernels/integer_math.h"
#include "kernels/strides.h"

namespace tinysplit::native {
namespace {

template <typename In, typename Out, typename Function>
Body map(const KernelSpec& spec, Function function) {
  const std::size_t count = usize(spec.output->shape.num_elements());
  return [count, function](std::span<const std::byte* const> inputs, std::byte* output) {
    const In* x = reinterpret_cast<const In*>(inputs[0]);
    Out* __restrict y = reinterpret_cast<Out*>(output);
    for (std::size_t i = 0; i < count; ++i) y[i] = function(x[i]);
    return ok_status();
  };
}

Body trigonometric_body(UnaryKind kind, const KernelSpec& spec) {
  const auto of = [&](float (*function)(float)) { return map<float, float>(spec, function); };
  switch (kind) {
    case UnaryKind::kSin:
      return of(std::sin);
    case UnaryKind::kCos:
      return of(std::cos);
    case UnaryKind::kTan:
      return of(std::tan);
    case UnaryKind::kAsin:
      return of(std::asin);
    case UnaryKind::kAcos:
      return of(std::acos);
    case UnaryKind::kAtan:
      return of(std::atan);
    case UnaryKind::kSinh:
      return of(std::sinh);
    case UnaryKind::kCosh:
      return of(std::cosh);
    case UnaryKind::kAsinh:
      return of(std::asinh);
    case UnaryKind::kAcosh:
      return of(std::acosh);
    case UnaryKind::kAtanh:
      return of(std::atanh);
    default:
      return {};
  }
}

Body float_body(UnaryKind kind, const KernelSpec& spec) {
  const auto of = [&](auto function) { return map<float, float>(spec, function); };
  switch (kind) {
    case UnaryKind::kAbs:
      return of([](float x) { return std::fabs(x); });
    case UnaryKind::kNegate:
      return of([](float x) { return -x; });
    case UnaryKind::kSign:
      // NaN stays NaN.
      return of([](float x) { return x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : x); });
    case UnaryKind::kSquare:
      return of([](float x) { return x * x; });
    case UnaryKind::kSqrt:
      return of([](float x) { return std::sqrt(x); });
    case UnaryKind::kReciprocalSqrt:
      return of([](float x) { return 1.0f / std::sqrt(x); });
    case UnaryKind::kReciprocal:
      return of([](float x) { return 1.0f / x; });
    case UnaryKind::kLog:
      return of([](float x) { return std::log(x); });
    case UnaryKind::kErf:
      return of([](float x) { return std::erf(x); });
    case UnaryKind::kFloor:
      return of([](float x) { return std::floor(x); });
    case UnaryKind::kCeil:
      return of([](float x) { return std::ceil(x); });
    case UnaryKind::kRound:
      // In the default rounding mode, which nothing here changes.
      return of([](float x) { return std::nearbyint(x); });
    default:
      return trigonometric_body(kind, spec);
  }
}

template <typename T>
Body integer_body(UnaryKind kind, const KernelSpec& spec) {
  const auto of = [&](auto function) { return map<T, T>(spec, function); };
  switch (kind) {
    case UnaryKind::kAbs:
      return of([](T x) { return x < 0 ? wrap_subtract(T{0}, x) : x; });
    case UnaryKind::kNegate:
      return of([](T x) { return wrap_subtract(T{0}, x); });
    case UnaryKind::kSign:
      return of([](T x) { return static_cast<T>((x > 0) - (x < 0)); });
    case UnaryKind::kSquare:
      return of([](T x) { return wrap_multiply(x, x); });
    case UnaryKind::kFloor:
    case UnaryKind::kCeil:
    case UnaryKind::kRound:
      return of([](T x) { return x; });
    default:
      return {};
  }
}

// Bools out.
Body test_body(UnaryKind kind, const KernelSpec& spec) {
  using Bool = std::uint8_t;
  const DType from = spec.inputs[0]->dtype;
  if (kind == UnaryKind::kNot && from == DType::kBool) {
    return map<Bool, Bool>(spec, [](Bool x) { return static_cast<Bool>(x == 0); });
  }
  if (kind == UnaryKind::kIsNan && from == DType::kFloat32) {
    return map<float, Bool>(spec, [](float x) { return static_cast<Bool>(std::isnan(x)); });
  }
  if (kind == UnaryKind::kIsInf && from == DType::kFloat32) {
    return map<float, Bool>(spec, [](float x) { return static_cast<Bool>(std::isinf(x)); });
  }
  return {};
}

}  // namespace

Body unary_body(const KernelSpec& spec) {
  const auto* op = std::get_if<UnaryOp>(spec.op);
  if (op == nullptr || !plain_numbers(spec)) return {};
  if (spec.output->dtype == DType::kBool) return test_body(op->kind, spec);
  if (spec.inputs[0]->dtype != spec.output->dtype) return {};
  return for_number(spec.output->dtype, [&](auto zero) -> Body {
    using T = decltype(zero);
    if constexpr (std::is_same_v<T, float>) {
      return float_body(op->kind, spec);
    } else {
      return integer_body<T>(op->kind, spec);
    }
  });
}

}  // namespace tinysplit::native
