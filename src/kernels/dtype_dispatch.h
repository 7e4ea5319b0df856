#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/native_bodies.h"

namespace tinysplit::native {

// Calls make(T{}) for the C++ type of a number; an empty body for float16 and bool.
template <typename Make>
Body for_number(DType dtype, Make make) {
  switch (dtype) {
    case DType::kFloat32:
      return make(float{});
    case DType::kInt8:
      return make(std::int8_t{});
    case DType::kUint8:
      return make(std::uint8_t{});
    case DType::kInt16:
      return make(std::int16_t{});
    case DType::kInt32:
      return make(std::int32_t{});
    case DType::kInt64:
      return make(std::int64_t{});
    case DType::kFloat16:
    case DType::kBool:
      return {};
  }
  return {};
}

// The same, with bool as uint8.
template <typename Make>
Body for_number_or_bool(DType dtype, Make make) {
  return dtype == DType::kBool ? make(std::uint8_t{}) : for_number(dtype, make);
}

}  // namespace tinysplit::native
