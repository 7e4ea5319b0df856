#pragma once

#include <bit>
#include <cstring>
#include <random>
#include <string>

#include "core/tensor.h"

namespace tinysplit {

using Random = std::mt19937_64;

inline int random_int(Random& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

// Any bits at all, except for bool: NaNs with payloads, infinities and negative zeros among the
// floats.
inline Tensor random_tensor(Random& random) {
  static constexpr DType kDTypes[] = {DType::kFloat32, DType::kFloat16, DType::kInt8,
                                      DType::kUint8,   DType::kInt16,   DType::kInt32,
                                      DType::kInt64,   DType::kBool};
  const DType dtype = kDTypes[random_int(random, 0, 7)];
  Shape shape;
  std::vector<std::int64_t> dims(std::size_t(random_int(random, 0, 4)));
  for (std::int64_t& dim : dims) dim = random_int(random, random_int(random, 0, 1), 12);
  shape = *Shape::create(dims);
  Tensor tensor(dtype, shape);
  for (std::byte& byte : tensor.bytes()) {
    byte = static_cast<std::byte>(dtype == DType::kBool ? random_int(random, 0, 1)
                                                        : random_int(random, 0, 255));
  }
  // Every other float32 tensor takes the narrow form.
  if (dtype == DType::kFloat32 && random_int(random, 0, 1) == 0) {
    for (float& value : tensor.as<float>()) value = static_cast<float>(random_int(random, 0, 255));
  }
  return tensor;
}

inline bool same_bits(const TensorView& a, const TensorView& b) {
  return a.dtype == b.dtype && a.shape == b.shape &&
         (a.num_bytes() == 0 || std::memcmp(a.data, b.data, a.num_bytes()) == 0);
}

inline std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

// Spaces and line breaks are ignored.
inline std::string from_hex(std::string_view hex) {
  std::string digits;
  for (const char c : hex) {
    if (c != ' ' && c != '\n') digits += c;
  }
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace tinysplit
