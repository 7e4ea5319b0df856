#include "formats/onnx/tensor_data.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include "formats/onnx/external_data.h"
#include "kernels/float16.h"

namespace tinysplit::onnx_format {
namespace {

using ::onnx::TensorProto;

Status expect_count(std::int64_t have, const Shape& shape) {
  if (have == shape.num_elements()) return ok_status();
  return invalid_argument("holds " + std::to_string(have) + " values for shape " +
                          shape.to_string());
}

// Values that lie in a repeated field of a wider type.
template <typename To, typename Field>
Status copy_field(const Field& field, Tensor& tensor) {
  TINYSPLIT_RETURN_IF_ERROR(expect_count(field.size(), tensor.shape()));
  const auto to = tensor.as<To>();
  for (int i = 0; i < field.size(); ++i) {
    const auto value = field.Get(i);
    if constexpr (std::is_integral_v<To> && sizeof(To) < sizeof(value)) {
      if (value < std::numeric_limits<To>::min() || value > std::numeric_limits<To>::max()) {
        return invalid_argument("holds the value " + std::to_string(value) +
                                ", which its type does not");
      }
    }
    to[static_cast<std::size_t>(i)] = static_cast<To>(value);
  }
  return ok_status();
}

// Two bytes of float16 or bfloat16.
float widened(std::uint16_t bits, int type) {
  if (type == TensorProto::FLOAT16) return native::half_to_float(bits);
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

Status copy_fields(const TensorProto& proto, Tensor& tensor) {
  const int type = proto.data_type();
  switch (tensor.dtype()) {
    case DType::kFloat32:
      if (type == TensorProto::DOUBLE) return copy_field<float>(proto.double_data(), tensor);
      if (type == TensorProto::FLOAT) return copy_field<float>(proto.float_data(), tensor);
      TINYSPLIT_RETURN_IF_ERROR(expect_count(proto.int32_data_size(), tensor.shape()));
      std::ranges::transform(proto.int32_data(), tensor.as<float>().begin(), [type](auto bits) {
        return widened(static_cast<std::uint16_t>(bits), type);
      });
      return ok_status();
    case DType::kFloat16:
      break;
    case DType::kInt8:
      return copy_field<std::int8_t>(proto.int32_data(), tensor);
    case DType::kUint8:
      return copy_field<std::uint8_t>(proto.int32_data(), tensor);
    case DType::kInt16:
      return copy_field<std::int16_t>(proto.int32_data(), tensor);
    case DType::kInt32:
      return copy_field<std::int32_t>(proto.int32_data(), tensor);
    case DType::kInt64:
      return copy_field<std::int64_t>(proto.int64_data(), tensor);
    case DType::kBool:
      return copy_field<std::uint8_t>(proto.int32_data(), tensor);
  }
  return internal_error("has an element type that is not copied");
}

// Raw data is little-endian, as the machines are that the engine runs on.
Status copy_raw(const TensorProto& proto, std::string_view raw, Tensor& tensor) {
  const int type = proto.data_type();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t size, stored_size_of(type));
  const auto count = static_cast<std::size_t>(tensor.shape().num_elements());
  if (raw.size() != count * size) {
    return invalid_argument("holds " + std::to_string(raw.size()) + " bytes for shape " +
                            tensor.shape().to_string());
  }
  if (size == dtype_size(tensor.dtype())) {
    if (!raw.empty()) std::memcpy(tensor.data(), raw.data(), raw.size());
    return ok_status();
  }
  const auto to = tensor.as<float>();
  for (std::size_t i = 0; i < count; ++i) {
    if (type == TensorProto::DOUBLE) {
      double value = 0.0;
      std::memcpy(&value, raw.data() + i * size, size);
      to[i] = static_cast<float>(value);
    } else {
      std::uint16_t bits = 0;
      std::memcpy(&bits, raw.data() + i * size, size);
      to[i] = widened(bits, type);
    }
  }
  return ok_status();
}

}  // namespace

Result<DType> dtype_of(int type) {
  switch (type) {
    case TensorProto::FLOAT:
      return DType::kFloat32;
    case TensorProto::FLOAT16:
      return DType::kFloat16;
    case TensorProto::INT8:
      return DType::kInt8;
    case TensorProto::UINT8:
      return DType::kUint8;
    case TensorProto::INT16:
      return DType::kInt16;
    case TensorProto::INT32:
      return DType::kInt32;
    case TensorProto::INT64:
      return DType::kInt64;
    case TensorProto::BOOL:
      return DType::kBool;
    default:
      break;
  }
  const std::string name =
      TensorProto::DataType_IsValid(type)
          ? TensorProto::DataType_Name(static_cast<TensorProto::DataType>(type))
          : "number " + std::to_string(type);
  return unimplemented("has element type " + name + ", which is not supported");
}

Result<DType> computed_dtype_of(int type) {
  if (type == TensorProto::DOUBLE || type == TensorProto::BFLOAT16) return DType::kFloat32;
  return dtype_of(type);
}

Result<std::size_t> stored_size_of(int type) {
  if (type == TensorProto::DOUBLE) return sizeof(double);
  if (type == TensorProto::BFLOAT16) return sizeof(std::uint16_t);
  TINYSPLIT_ASSIGN_OR_RETURN(const DType dtype, dtype_of(type));
  return dtype_size(dtype);
}

int element_type_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return TensorProto::FLOAT;
    case DType::kFloat16:
      return TensorProto::FLOAT16;
    case DType::kInt8:
      return TensorProto::INT8;
    case DType::kUint8:
      return TensorProto::UINT8;
    case DType::kInt16:
      return TensorProto::INT16;
    case DType::kInt32:
      return TensorProto::INT32;
    case DType::kInt64:
      return TensorProto::INT64;
    case DType::kBool:
      return TensorProto::BOOL;
  }
  return TensorProto::UNDEFINED;
}

Result<Tensor> take_tensor(TensorProto& proto, const std::optional<std::filesystem::path>& folder) {
  TINYSPLIT_ASSIGN_OR_RETURN(DType dtype, computed_dtype_of(proto.data_type()));
  if (dtype == DType::kFloat16) dtype = DType::kFloat32;
  const std::vector<std::int64_t> dims(proto.dims().begin(), proto.dims().end());
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  if (proto.has_segment()) return unimplemented("is stored in segments");
  if (proto.data_location() == TensorProto::EXTERNAL) {
    TINYSPLIT_ASSIGN_OR_RETURN(*proto.mutable_raw_data(), read_external_data(proto, shape, folder));
  }
  const bool raw = proto.has_raw_data();
  // What the file does not hold must not be allocated.
  const std::size_t held =
      raw ? proto.raw_data().size()
          : static_cast<std::size_t>(std::max({proto.float_data_size(), proto.int32_data_size(),
                                               proto.int64_data_size(), proto.double_data_size()}));
  if (held < static_cast<std::size_t>(shape.num_elements())) {
    return invalid_argument("holds too little for shape " + shape.to_string());
  }
  Tensor tensor(dtype, shape);
  TINYSPLIT_RETURN_IF_ERROR(raw ? copy_raw(proto, proto.raw_data(), tensor)
                                : copy_fields(proto, tensor));
  if (dtype == DType::kBool) {
    for (std::uint8_t& value : tensor.as<std::uint8_t>()) value = value != 0 ? 1 : 0;
  }
  TensorProto empty;
  empty.set_name(proto.name());
  proto.Swap(&empty);
  return tensor;
}

}  // namespace tinysplit::onnx_format
