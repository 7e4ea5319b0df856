#include "formats/tflite/write_window.h"

#include "formats/tflite/window.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;

bool is_unpadded(const Spatial2d& spatial) {
  return spatial.pad_before == Pair{0, 0} && spatial.pad_after == Pair{0, 0};
}

// Cells behind the last window count for nothing, so only those in front need to agree.
bool is_same(const Spatial2d& spatial, const Pair& window, const Shape& in, const Shape& out) {
  const Result<Spatial2d> same =
      make_window(schema::Padding::SAME, in, window, spatial.stride, spatial.dilation);
  if (!same.ok() || same->pad_before != spatial.pad_before) return false;
  for (int axis = 0; axis < 2; ++axis) {
    const std::int64_t stride = spatial.stride[static_cast<std::size_t>(axis)];
    if (out[axis + 1] != (in[axis + 1] + stride - 1) / stride) return false;
  }
  return true;
}

Shape padded_shape(const Shape& shape, std::span<const std::int64_t> before,
                   std::span<const std::int64_t> after) {
  Shape padded = shape;
  for (int i = 0; i < shape.rank(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    padded[i] += before[at] + after[at];
  }
  return padded;
}

template <typename T>
TensorId scalar_of(NodeWriter& writer, const ElementType& like, float value) {
  const T stored = static_cast<T>(value);
  return writer.constant("value", like,
                         {like.dtype, Shape(), reinterpret_cast<const std::byte*>(&stored)});
}

}  // namespace

PaddedImage pad_for_window(NodeWriter& writer, const Spatial2d& spatial, const Pair& window,
                           float border) {
  const TensorId x = writer.input(0);
  if (is_unpadded(spatial)) return {x, schema::Padding::VALID};
  if (is_same(spatial, window, writer.shape(x), writer.out().shape)) {
    return {x, schema::Padding::SAME};
  }
  const std::vector<std::int64_t> before{0, spatial.pad_before[0], spatial.pad_before[1], 0};
  const std::vector<std::int64_t> after{0, spatial.pad_after[0], spatial.pad_after[1], 0};
  return {pad(writer, x, before, after, border), schema::Padding::VALID};
}

TensorId pad(NodeWriter& writer, TensorId x, std::span<const std::int64_t> before,
             std::span<const std::int64_t> after, float value) {
  const Shape padded = padded_shape(writer.shape(x), before, after);
  const TensorId borders = paddings(writer, before, after);
  if (value == pad_value_of(writer.type(x))) {
    return writer.add(Code::PAD, {x, borders}, writer.type(x), padded);
  }
  const TensorId number = stored_number(writer, writer.type(x), value);
  return writer.add(Code::PADV2, {x, borders, number}, writer.type(x), padded);
}

TensorId paddings(NodeWriter& writer, std::span<const std::int64_t> before,
                  std::span<const std::int64_t> after) {
  std::vector<std::int64_t> pairs;
  for (std::size_t i = 0; i < before.size(); ++i) {
    pairs.push_back(before[i]);
    pairs.push_back(after[i]);
  }
  return writer.integers(pairs, Shape{static_cast<std::int64_t>(before.size()), 2});
}

TensorId stored_number(NodeWriter& writer, const ElementType& like, float value) {
  switch (like.dtype) {
    case DType::kInt8:
      return scalar_of<std::int8_t>(writer, like, value);
    case DType::kUint8:
    case DType::kBool:
      return scalar_of<std::uint8_t>(writer, like, value);
    case DType::kInt16:
      return scalar_of<std::int16_t>(writer, like, value);
    case DType::kInt32:
      return scalar_of<std::int32_t>(writer, like, value);
    case DType::kInt64:
      return scalar_of<std::int64_t>(writer, like, value);
    default:
      return writer.number(value);
  }
}

float pad_value_of(const ElementType& type) {
  return type.quantization ? static_cast<float>(type.quantization->zero_point[0]) : 0.0f;
}

}  // namespace tinysplit::tflite
