#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

// Integer arithmetic that wraps, where C++ leaves an overflow undefined.
namespace tinysplit::native {

// Wide enough that promotion to int does not bring signed overflow back.
template <typename T>
struct UnsignedOf {
  using type = typename std::conditional_t<(sizeof(T) < 4), std::type_identity<std::uint32_t>,
                                           std::make_unsigned<T>>::type;
};

template <typename T>
constexpr T wrap_add(T a, T b) {
  using U = typename UnsignedOf<T>::type;
  return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
}

template <typename T>
constexpr T wrap_subtract(T a, T b) {
  using U = typename UnsignedOf<T>::type;
  return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
}

template <typename T>
constexpr T wrap_multiply(T a, T b) {
  using U = typename UnsignedOf<T>::type;
  return static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
}

// Towards zero; the smallest number divided by -1 wraps to itself. Precondition: b != 0.
template <typename T>
constexpr T wrap_divide(T a, T b) {
  if constexpr (std::is_signed_v<T>) {
    if (b == T{-1}) return wrap_subtract(T{0}, a);
  }
  return static_cast<T>(a / b);
}

// Sign of the dividend. Precondition: b != 0.
template <typename T>
constexpr T remainder(T a, T b) {
  if constexpr (std::is_signed_v<T>) {
    if (b == T{-1}) return T{0};
  }
  return static_cast<T>(a % b);
}

template <typename T>
constexpr T floor_divide(T a, T b) {
  const T towards_zero = wrap_divide(a, b);
  const bool inexact_and_negative = remainder(a, b) != 0 && (a < 0) != (b < 0);
  return inexact_and_negative ? static_cast<T>(towards_zero - 1) : towards_zero;
}

// Sign of the divisor.
template <typename T>
constexpr T floor_modulo(T a, T b) {
  const T rest = remainder(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
}

// Negative exponents give the fraction's whole part: 0, but for bases 1 and -1; 0 also for base 0.
template <typename T>
constexpr T power(T base, T exponent) {
  if (exponent < 0) {
    if (base == T{1}) return T{1};
    const bool minus_one = std::is_signed_v<T> && wrap_add(base, T{1}) == 0;
    if (!minus_one) return T{0};
    return exponent % 2 == 0 ? T{1} : base;
  }
  T result{1};
  for (; exponent > 0; exponent = static_cast<T>(exponent / 2)) {
    if (exponent % 2 != 0) result = wrap_multiply(result, base);
    base = wrap_multiply(base, base);
  }
  return result;
}

}  // namespace tinysplit::native
