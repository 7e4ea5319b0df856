#include "wire/tensor_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string>

#include "core/limits.h"
#include "wire/utf8.h"

namespace tinysplit {
namespace {

static_assert(std::endian::native == std::endian::little,
              "typed arrays are written as they lie in memory, which must be little-endian");

constexpr std::uint64_t kTagMultiDimensionalArray = 40;  // RFC 8746 section 3.1.1

// Keys of a tensor's map.
constexpr std::uint64_t kName = 0;
constexpr std::uint64_t kArray = 1;
constexpr std::uint64_t kDType = 2;

struct TypeRow {
  DType dtype;
  std::uint64_t tag;  // RFC 8746 section 2
};
constexpr std::array<TypeRow, 8> kTypes = {{
    {DType::kUint8, 64},
    {DType::kInt8, 72},
    {DType::kInt16, 77},
    {DType::kInt32, 78},
    {DType::kInt64, 79},
    {DType::kFloat16, 84},
    {DType::kFloat32, 85},
    {DType::kBool, 64},  // no tag of its own: uint8 with the dtype beside it
}};

std::uint64_t tag_of(DType dtype) { return std::ranges::find(kTypes, dtype, &TypeRow::dtype)->tag; }

std::optional<DType> dtype_of_name(std::string_view name) {
  for (const TypeRow& row : kTypes) {
    if (dtype_name(row.dtype) == name) return row.dtype;
  }
  return std::nullopt;
}

// Whether the receiver must be told the element type, because the typed array has another.
bool needs_dtype(DType dtype, DType sent_as) { return dtype == DType::kBool || dtype != sent_as; }

constexpr std::size_t kBlock = 256;

// Exactly the values 0..255: the comparison of bits leaves out -0 and NaN. Without branches inside
// a block, so that it becomes vector code.
bool is_all_bytes(std::span<const float> values) {
  for (std::size_t begin = 0; begin < values.size(); begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, values.size());
    std::uint32_t difference = 0;
    for (std::size_t i = begin; i < end; ++i) {
      // Clamped first: converting a float that is out of range is undefined.
      const float clamped = values[i] > 0.0f ? std::min(values[i], 255.0f) : 0.0f;
      const float restored = static_cast<float>(static_cast<std::int32_t>(clamped));
      difference |=
          std::bit_cast<std::uint32_t>(restored) ^ std::bit_cast<std::uint32_t>(values[i]);
    }
    if (difference != 0) return false;
  }
  return true;
}

void append_as_bytes(std::string& out, std::span<const float> values) {
  std::array<char, kBlock> block;
  for (std::size_t begin = 0; begin < values.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, values.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      block[i] = static_cast<char>(static_cast<std::uint8_t>(values[begin + i]));
    }
    out.append(block.data(), count);
  }
}

std::size_t head_bytes(std::uint64_t argument) {
  if (argument < 24) return 1;
  if (argument <= 0xff) return 2;
  if (argument <= 0xffff) return 3;
  return argument <= 0xffffffff ? 5 : 9;
}

Result<Shape> read_shape(CborReader& reader, std::string_view what) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t rank, reader.read_array(what, limits::kMaxRank));
  std::array<std::int64_t, limits::kMaxRank> dims{};
  for (std::size_t i = 0; i < rank; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::uint64_t dim,
                               reader.read_unsigned(what, std::uint64_t(limits::kMaxElements)));
    dims[i] = static_cast<std::int64_t>(dim);
  }
  return Shape::create(std::span(dims).first(rank));
}

// A multi-dimensional array whose elements still lie in the frame.
struct RawArray {
  Shape shape;
  DType dtype = DType::kUint8;  // never kBool
  std::string_view data;
};

Result<RawArray> read_array(CborReader& reader, std::string_view what) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::uint64_t outer, reader.read_tag(what));
  if (outer != kTagMultiDimensionalArray) {
    return unimplemented(std::string(what) + ": expected a row-major array (tag 40), found tag " +
                         std::to_string(outer));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t parts, reader.read_array(what, 2));
  if (parts != 2) {
    return invalid_argument(std::string(what) + ": tag 40 must hold dimensions and elements");
  }
  RawArray array;
  TINYSPLIT_ASSIGN_OR_RETURN(array.shape, read_shape(reader, what));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::uint64_t tag, reader.read_tag(what));
  const auto type = std::ranges::find(kTypes, tag, &TypeRow::tag);
  if (type == kTypes.end()) {
    return unimplemented(std::string(what) + ": typed array with tag " + std::to_string(tag) +
                         " is not supported");
  }
  array.dtype = type->dtype;
  TINYSPLIT_ASSIGN_OR_RETURN(array.data, reader.read_bytes(what, limits::kMaxBodyBytes));
  const std::size_t expected = std::size_t(array.shape.num_elements()) * dtype_size(array.dtype);
  if (array.data.size() != expected) {
    return invalid_argument(std::string(what) + ": shape " + array.shape.to_string() + " of " +
                            std::string(dtype_name(array.dtype)) + " takes " +
                            std::to_string(expected) + " bytes, found " +
                            std::to_string(array.data.size()));
  }
  return array;
}

Result<Tensor> restore(const RawArray& array, DType dtype, std::string_view what) {
  const bool plain = dtype == array.dtype;
  const bool from_bytes =
      array.dtype == DType::kUint8 && (dtype == DType::kFloat32 || dtype == DType::kBool);
  if (!plain && !from_bytes) {
    return unimplemented(std::string(what) + ": " + std::string(dtype_name(array.dtype)) +
                         " elements cannot be restored as " + std::string(dtype_name(dtype)));
  }
  if (dtype == DType::kBool &&
      !std::ranges::all_of(array.data, [](char c) { return c == 0 || c == 1; })) {
    return invalid_argument(std::string(what) + ": a bool is neither 0 nor 1");
  }
  Tensor tensor(dtype, array.shape);
  if (dtype == DType::kFloat32 && from_bytes) {
    std::ranges::transform(array.data, tensor.as<float>().begin(), [](char c) {
      return static_cast<float>(static_cast<unsigned char>(c));
    });
  } else if (!array.data.empty()) {
    std::memcpy(tensor.data(), array.data.data(), array.data.size());
  }
  return tensor;
}

}  // namespace

DType wire_dtype(const TensorView& tensor, TensorForm form) {
  const bool narrow = form == TensorForm::kSmallestLossless && tensor.dtype == DType::kFloat32 &&
                      is_all_bytes(tensor.as<float>());
  return narrow ? DType::kUint8 : tensor.dtype;
}

std::vector<NamedTensor> take_tensors(std::vector<WireTensor> tensors) {
  std::vector<NamedTensor> taken;
  taken.reserve(tensors.size());
  for (WireTensor& tensor : tensors) taken.push_back(std::move(tensor));
  return taken;
}

std::vector<WireTensor> plain_tensors(std::vector<NamedTensor> tensors) {
  std::vector<WireTensor> plain;
  plain.reserve(tensors.size());
  for (NamedTensor& tensor : tensors) plain.push_back({std::move(tensor), {}});
  return plain;
}

std::size_t encoded_tensor_bytes(std::size_t name_bytes, DType dtype, const Shape& shape,
                                 DType sent_as, const QuantizationView& quantization) {
  std::size_t bytes = 1 + 1 + head_bytes(name_bytes) + name_bytes;  // map, key, name
  bytes += 1 + head_bytes(kTagMultiDimensionalArray) + 1 + 1;       // key, tag, array, dimensions
  for (const std::int64_t dim : shape.dims()) bytes += head_bytes(std::uint64_t(dim));
  const std::size_t data = std::size_t(shape.num_elements()) * dtype_size(sent_as);
  bytes += head_bytes(tag_of(sent_as)) + head_bytes(data) + data;
  if (needs_dtype(dtype, sent_as)) bytes += 1 + 1 + dtype_name(dtype).size();
  return bytes + encoded_quantization_bytes(quantization);
}

Status append_tensor(CborWriter& writer, const NamedTensorView& named, TensorForm form) {
  const TensorView& tensor = named.tensor;
  if (named.name.empty() || named.name.size() > limits::kMaxNameBytes || !is_utf8(named.name)) {
    return invalid_argument("the name of a tensor must be 1 to " +
                            std::to_string(limits::kMaxNameBytes) + " bytes of UTF-8");
  }
  if (tensor.data == nullptr && tensor.num_bytes() > 0) {
    return invalid_argument("tensor " + std::string(named.name) + " has no data");
  }
  if (!named.quantization.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(check_quantization(named.quantization, tensor.dtype, tensor.shape)
                                  .with_context("tensor " + std::string(named.name)));
  }
  const DType sent_as = wire_dtype(tensor, form);
  const bool with_dtype = needs_dtype(tensor.dtype, sent_as);
  writer.begin_map((with_dtype ? 3 : 2) + quantization_keys(named.quantization));
  writer.write_unsigned(kName);
  writer.write_text(named.name);
  writer.write_unsigned(kArray);
  writer.write_tag(kTagMultiDimensionalArray);
  writer.begin_array(2);
  writer.begin_array(std::size_t(tensor.shape.rank()));
  for (const std::int64_t dim : tensor.shape.dims()) writer.write_unsigned(std::uint64_t(dim));
  writer.write_tag(tag_of(sent_as));
  if (sent_as == tensor.dtype) {
    writer.write_bytes(tensor.bytes());
  } else {
    writer.begin_bytes(std::size_t(tensor.shape.num_elements()));
    append_as_bytes(writer.out(), tensor.as<float>());
  }
  if (with_dtype) {
    writer.write_unsigned(kDType);
    writer.write_text(dtype_name(tensor.dtype));
  }
  append_quantization(writer, named.quantization);
  return ok_status();
}

Result<WireTensor> read_tensor(CborReader& reader, std::string_view what) {
  CborMapReader map(reader, what);
  TINYSPLIT_RETURN_IF_ERROR(map.begin());
  std::string_view name;
  RawArray array;
  std::optional<DType> dtype;
  WireQuantization quantization;
  for (;;) {
    TINYSPLIT_ASSIGN_OR_RETURN(const bool more, map.next());
    if (!more) break;
    switch (map.key()) {
      case kName: {
        TINYSPLIT_ASSIGN_OR_RETURN(name, reader.read_text(what, limits::kMaxNameBytes));
        break;
      }
      case kArray: {
        TINYSPLIT_ASSIGN_OR_RETURN(array, read_array(reader, what));
        break;
      }
      case kDType: {
        TINYSPLIT_ASSIGN_OR_RETURN(const std::string_view text, reader.read_text(what, 16));
        dtype = dtype_of_name(text);
        if (!dtype)
          return unimplemented(std::string(what) + ": unknown dtype \"" + std::string(text) + "\"");
        break;
      }
      case frame_keys::tensor::kScale:
      case frame_keys::tensor::kZeroPoint:
      case frame_keys::tensor::kAxis: {
        TINYSPLIT_RETURN_IF_ERROR(read_quantization_key(reader, map.key(), what, quantization));
        break;
      }
      default:
        TINYSPLIT_RETURN_IF_ERROR(reader.skip(what));
    }
  }
  TINYSPLIT_RETURN_IF_ERROR(map.require(kName, "name"));
  TINYSPLIT_RETURN_IF_ERROR(map.require(kArray, "array"));
  if (name.empty()) return invalid_argument(std::string(what) + ": a tensor without a name");
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor tensor, restore(array, dtype.value_or(array.dtype), what));
  if (!quantization.scale.empty() || !quantization.zero_point.empty() || quantization.axis >= 0) {
    if (quantization.zero_point.empty())
      quantization.zero_point.assign(quantization.scale.size(), 0);
    TINYSPLIT_RETURN_IF_ERROR(
        check_quantization(quantization.view(), tensor.dtype(), tensor.shape())
            .with_context(std::string(what) + ": \"" + std::string(name) + "\""));
  }
  return WireTensor{{std::string(name), std::move(tensor)}, std::move(quantization)};
}

}  // namespace tinysplit
