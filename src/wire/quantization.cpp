#include "wire/quantization.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "core/limits.h"

namespace tinysplit {
namespace {

namespace keys = frame_keys::tensor;

// RFC 8746 section 2, little-endian.
constexpr std::uint64_t kTagInt32 = 78;
constexpr std::uint64_t kTagFloat32 = 85;

bool is_one(const QuantizationView& quantization) { return quantization.axis < 0; }

template <typename T>
void append_array(CborWriter& writer, std::uint64_t tag, std::span<const T> values) {
  writer.write_tag(tag);
  writer.write_bytes(std::as_bytes(values));
}

template <typename T>
Status read_array(CborReader& reader, std::uint64_t tag, std::string_view what,
                  std::vector<T>& values) {
  if (tag != (std::is_same_v<T, float> ? kTagFloat32 : kTagInt32)) {
    return unimplemented(std::string(what) +
                         ": scales are float32 (tag 85), zero points int32 "
                         "(tag 78), found tag " +
                         std::to_string(tag));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string_view bytes,
                             reader.read_bytes(what, limits::kMaxBodyBytes));
  if (bytes.size() % sizeof(T) != 0) {
    return invalid_argument(std::string(what) + ": scales or zero points are cut short");
  }
  values.resize(bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return ok_status();
}

// A single number, or an array of them.
Status read_scale(CborReader& reader, std::string_view what, std::vector<float>& scale) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, reader.next(what));
  if (item.kind == CborKind::kTag) return read_array(reader, item.value, what, scale);
  if (item.kind != CborKind::kFloat && item.kind != CborKind::kUnsigned) {
    return invalid_argument(std::string(what) + ": a scale is no number");
  }
  const double number =
      item.kind == CborKind::kFloat ? item.number : static_cast<double>(item.value);
  // A NaN fails the comparison as well.
  if (!(number <= static_cast<double>(std::numeric_limits<float>::max()))) {
    return invalid_argument(std::string(what) + ": a scale must be of single precision");
  }
  scale = {static_cast<float>(std::max(number, -1.0))};
  return ok_status();
}

Status read_zero_point(CborReader& reader, std::string_view what,
                       std::vector<std::int32_t>& zero_point) {
  TINYSPLIT_ASSIGN_OR_RETURN(const CborItem item, reader.next(what));
  if (item.kind == CborKind::kTag) return read_array(reader, item.value, what, zero_point);
  const bool negative = item.kind == CborKind::kNegative;
  if ((item.kind != CborKind::kUnsigned && !negative) ||
      item.value > std::numeric_limits<std::int32_t>::max()) {
    return invalid_argument(std::string(what) + ": a zero point must be a whole number of 32 bits");
  }
  const auto value = static_cast<std::int32_t>(item.value);
  zero_point = {negative ? -1 - value : value};
  return ok_status();
}

struct Range {
  std::int32_t low = 0;
  std::int32_t high = 0;
};

Result<Range> zero_points_of(DType dtype) {
  switch (dtype) {
    case DType::kInt8:
      return Range{-128, 127};
    case DType::kUint8:
      return Range{0, 255};
    case DType::kInt16:
      return Range{-32768, 32767};
    case DType::kInt32:
      return Range{std::numeric_limits<std::int32_t>::min(),
                   std::numeric_limits<std::int32_t>::max()};
    default:
      return invalid_argument("has a scale, which " + std::string(dtype_name(dtype)) +
                              " does not take: only int8, uint8, int16 and int32 are quantised");
  }
}

std::size_t bytes_of_item(const auto& write) {
  std::string out;
  CborWriter writer(out);
  write(writer);
  return out.size();
}

}  // namespace

std::size_t quantization_keys(const QuantizationView& quantization) {
  if (quantization.empty()) return 0;
  return is_one(quantization) ? 2 : 3;
}

std::size_t encoded_quantization_bytes(const QuantizationView& quantization) {
  if (quantization.empty()) return 0;
  return bytes_of_item([&](CborWriter& writer) { append_quantization(writer, quantization); });
}

void append_quantization(CborWriter& writer, const QuantizationView& quantization) {
  if (quantization.empty()) return;
  writer.write_unsigned(keys::kScale);
  if (is_one(quantization)) {
    writer.write_float(quantization.scale[0]);
  } else {
    append_array(writer, kTagFloat32, quantization.scale);
  }
  writer.write_unsigned(keys::kZeroPoint);
  if (is_one(quantization)) {
    writer.write_integer(quantization.zero_point[0]);
    return;
  }
  append_array(writer, kTagInt32, quantization.zero_point);
  writer.write_unsigned(keys::kAxis);
  writer.write_unsigned(static_cast<std::uint64_t>(quantization.axis));
}

Status read_quantization_key(CborReader& reader, std::uint64_t key, std::string_view what,
                             WireQuantization& quantization) {
  if (key == keys::kScale) return read_scale(reader, what, quantization.scale);
  if (key == keys::kZeroPoint) return read_zero_point(reader, what, quantization.zero_point);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::uint64_t axis,
                             reader.read_unsigned(what, limits::kMaxRank - 1));
  quantization.axis = static_cast<int>(axis);
  return ok_status();
}

Status check_quantization(const QuantizationView& quantization, DType dtype, const Shape& shape) {
  const bool one = is_one(quantization);
  if (!one && quantization.axis >= shape.rank()) {
    return invalid_argument("has scales along axis " + std::to_string(quantization.axis) +
                            " of shape " + shape.to_string());
  }
  const auto needed = one ? std::size_t{1} : static_cast<std::size_t>(shape[quantization.axis]);
  if (quantization.scale.size() != needed || quantization.zero_point.size() != needed) {
    return invalid_argument("has " + std::to_string(quantization.scale.size()) + " scales and " +
                            std::to_string(quantization.zero_point.size()) +
                            " zero points, needs " + std::to_string(needed) + " each");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Range range, zero_points_of(dtype));
  for (std::size_t i = 0; i < needed; ++i) {
    const float scale = quantization.scale[i];
    if (!std::isfinite(scale) || scale <= 0.0f) {
      return invalid_argument("has the scale " + std::to_string(scale) + ", needs one above 0");
    }
    const std::int32_t zero_point = quantization.zero_point[i];
    if (zero_point < range.low || zero_point > range.high) {
      return invalid_argument("has the zero point " + std::to_string(zero_point) +
                              ", which is none of " + std::string(dtype_name(dtype)));
    }
  }
  return ok_status();
}

}  // namespace tinysplit
