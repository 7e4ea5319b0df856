#include "formats/tflite/weights.h"

#include <algorithm>
#include <cstring>

#include "kernels/float16.h"

namespace tinysplit::tflite {
namespace {

constexpr std::size_t kTile = 32;  // Tiles keep both sides of a transposition in the cache.

template <std::size_t kBytes>
void transpose_cells(const std::byte* from, std::byte* to, std::size_t rows, std::size_t columns) {
  for (std::size_t row = 0; row < rows; row += kTile) {
    for (std::size_t column = 0; column < columns; column += kTile) {
      for (std::size_t r = row; r < std::min(row + kTile, rows); ++r) {
        for (std::size_t c = column; c < std::min(column + kTile, columns); ++c) {
          std::memcpy(to + (c * rows + r) * kBytes, from + (r * columns + c) * kBytes, kBytes);
        }
      }
    }
  }
}

template <typename T>
T load(const std::byte* data, std::size_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
void dequantize(const TensorView& from, const Quantization& quantization, std::span<float> to) {
  std::size_t inner = to.size(), entries = 1;
  if (quantization.axis >= 0) {
    inner = 1;
    for (int i = quantization.axis + 1; i < from.shape.rank(); ++i) {
      inner *= static_cast<std::size_t>(from.shape[i]);
    }
    entries = quantization.scale.size();
  }
  for (std::size_t block = 0; block * inner < to.size(); ++block) {
    const float scale = quantization.scale[block % entries];
    const float zero = static_cast<float>(quantization.zero_point[block % entries]);
    for (std::size_t i = block * inner; i < (block + 1) * inner; ++i) {
      to[i] = scale * (static_cast<float>(load<T>(from.data, i)) - zero);
    }
  }
}

}  // namespace

Tensor swap_axes(const TensorView& from, std::int64_t a, std::int64_t b, const Shape& shape) {
  Tensor to(from.dtype, shape);
  if (from.num_bytes() == 0) return to;
  const std::size_t rows = static_cast<std::size_t>(a), columns = static_cast<std::size_t>(b);
  const std::size_t cell = from.num_bytes() / (rows * columns);
  switch (cell) {
    case 1:
      transpose_cells<1>(from.data, to.data(), rows, columns);
      return to;
    case 4:
      transpose_cells<4>(from.data, to.data(), rows, columns);
      return to;
    default:
      break;
  }
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      std::memcpy(to.data() + (c * rows + r) * cell, from.data + (r * columns + c) * cell, cell);
    }
  }
  return to;
}

Tensor copied(const TensorView& from, const Shape& shape) {
  Tensor to(from.dtype, shape);
  if (from.num_bytes() > 0) std::memcpy(to.data(), from.data, from.num_bytes());
  if (from.dtype == DType::kBool) {
    for (std::uint8_t& value : to.as<std::uint8_t>()) value = value != 0 ? 1 : 0;
  }
  return to;
}

Tensor to_float(const TensorView& from, const Quantization* quantization) {
  Tensor to(DType::kFloat32, from.shape);
  const std::span<float> floats = to.as<float>();
  switch (from.dtype) {
    case DType::kFloat16:
      for (std::size_t i = 0; i < floats.size(); ++i) {
        floats[i] = native::half_to_float(load<std::uint16_t>(from.data, i));
      }
      break;
    case DType::kInt8:
      dequantize<std::int8_t>(from, *quantization, floats);
      break;
    case DType::kUint8:
      dequantize<std::uint8_t>(from, *quantization, floats);
      break;
    case DType::kInt16:
      dequantize<std::int16_t>(from, *quantization, floats);
      break;
    case DType::kInt32:
      dequantize<std::int32_t>(from, *quantization, floats);
      break;
    default:
      break;
  }
  return to;
}

}  // namespace tinysplit::tflite
