#include "formats/npy/npy.h"

#include <array>
#include <bit>
#include <cstring>
#include <new>

#include "core/file.h"
#include "core/limits.h"
#include "formats/npy/npy_header.h"

namespace tinysplit {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are copied as they are");

// How the elements of one NumPy type are read.
struct ElementType {
  std::string_view code;  // the descr without its byte order
  DType dtype;
  std::size_t file_bytes;
};

constexpr std::array<ElementType, 9> kElementTypes{{{"f4", DType::kFloat32, 4},
                                                    {"f8", DType::kFloat32, 8},
                                                    {"f2", DType::kFloat16, 2},
                                                    {"i1", DType::kInt8, 1},
                                                    {"u1", DType::kUint8, 1},
                                                    {"i2", DType::kInt16, 2},
                                                    {"i4", DType::kInt32, 4},
                                                    {"i8", DType::kInt64, 8},
                                                    {"b1", DType::kBool, 1}}};

Result<ElementType> element_type_of(const std::string& descr) {
  const std::string_view code = descr.empty() ? "" : std::string_view(descr).substr(1);
  for (const ElementType& type : kElementTypes) {
    if (type.code != code) continue;
    if (descr[0] == '>' && type.file_bytes > 1) {
      return unimplemented("a .npy array is big-endian ('" + descr + "'); save it with .astype('<" +
                           std::string(code) + "')");
    }
    if (descr[0] == '<' || (descr[0] == '|' && type.file_bytes == 1)) return type;
  }
  return unimplemented("a .npy array has the type '" + descr +
                       "', supported are <f2, <f4, <f8, |i1, |u1, <i2, <i4, <i8 and |b1");
}

const char* descr_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "<f4";
    case DType::kFloat16:
      return "<f2";
    case DType::kInt8:
      return "|i1";
    case DType::kUint8:
      return "|u1";
    case DType::kInt16:
      return "<i2";
    case DType::kInt32:
      return "<i4";
    case DType::kInt64:
      return "<i8";
    case DType::kBool:
      return "|b1";
  }
  return "";
}

void copy_element(const ElementType& type, const char* from, std::byte* to) {
  if (type.file_bytes == 8 && type.dtype == DType::kFloat32) {
    double value = 0.0;
    std::memcpy(&value, from, sizeof(value));
    const auto rounded = static_cast<float>(value);
    std::memcpy(to, &rounded, sizeof(rounded));
  } else if (type.dtype == DType::kBool) {
    // Another value than 0 and 1 in a bool would be undefined behaviour wherever it is read.
    *to = std::byte{*from != 0};
  } else {
    std::memcpy(to, from, type.file_bytes);
  }
}

// Copies `data`, of which the first axis varies fastest, into the C order of `tensor`.
void copy_fortran_order(const ElementType& type, const char* data, Tensor& tensor) {
  const Shape& shape = tensor.shape();
  std::array<std::int64_t, limits::kMaxRank> index{};
  std::array<std::int64_t, limits::kMaxRank> stride{};
  std::int64_t elements = 1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    stride[std::size_t(axis)] = elements;
    elements *= shape[axis];
  }
  const std::size_t size = dtype_size(type.dtype);
  std::int64_t from = 0;
  for (std::int64_t to = 0; to < elements; ++to) {
    copy_element(type, data + std::size_t(from) * type.file_bytes,
                 tensor.data() + std::size_t(to) * size);
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      const auto a = std::size_t(axis);
      from += stride[a];
      if (++index[a] < shape[axis]) break;
      from -= stride[a] * shape[axis];
      index[a] = 0;
    }
  }
}

Result<Tensor> read_elements(const NpyHeader& header, const ElementType& type,
                             std::string_view data) {
  Tensor tensor;
  try {
    tensor = Tensor(type.dtype, header.shape);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("not enough memory for a .npy array of shape " +
                              header.shape.to_string());
  }
  const bool same_layout = type.file_bytes == dtype_size(type.dtype) && type.dtype != DType::kBool;
  if (header.fortran_order && header.shape.rank() > 1) {
    copy_fortran_order(type, data.data(), tensor);
  } else if (same_layout) {
    if (!data.empty()) std::memcpy(tensor.data(), data.data(), data.size());
  } else {
    for (std::size_t i = 0; i * type.file_bytes < data.size(); ++i) {
      copy_element(type, data.data() + i * type.file_bytes,
                   tensor.data() + i * dtype_size(type.dtype));
    }
  }
  return tensor;
}

}  // namespace

Result<Tensor> parse_npy(std::string_view bytes) {
  if (bytes.size() > limits::kMaxArrayFileBytes) {
    return out_of_range("a .npy array has " + std::to_string(bytes.size()) + " bytes, at most " +
                        std::to_string(limits::kMaxArrayFileBytes) + " are read");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const NpyHeader header, parse_npy_header(bytes));
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, element_type_of(header.descr));
  const std::string_view data = bytes.substr(header.data_offset);
  const std::size_t expected = std::size_t(header.shape.num_elements()) * type.file_bytes;
  if (data.size() != expected) {
    return invalid_argument("a .npy array of type " + header.descr + " and shape " +
                            header.shape.to_string() + " holds " + std::to_string(data.size()) +
                            " bytes of data, it should hold " + std::to_string(expected));
  }
  return read_elements(header, type, data);
}

Result<std::vector<NamedTensor>> read_arrays(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes, read_file(path, limits::kMaxArrayFileBytes));
  if (bytes.starts_with("PK")) {
    Result<std::vector<NamedTensor>> arrays = parse_npz(bytes);
    if (!arrays.ok()) return arrays.status().with_context(path.string());
    return arrays;
  }
  Result<Tensor> tensor = parse_npy(bytes);
  if (!tensor.ok()) return tensor.status().with_context(path.string());
  std::vector<NamedTensor> arrays;
  arrays.push_back({"", std::move(tensor).value()});
  return arrays;
}

std::string format_npy(const TensorView& tensor) {
  std::string bytes = format_npy_header(descr_of(tensor.dtype), tensor.shape);
  if (tensor.num_bytes() > 0) {
    bytes.append(reinterpret_cast<const char*>(tensor.data), tensor.num_bytes());
  }
  return bytes;
}

Status write_npy(const std::filesystem::path& path, const TensorView& tensor) {
  return write_file_atomically(path, format_npy(tensor));
}

Status write_npz(const std::filesystem::path& path, std::span<const NamedTensor> tensors) {
  Result<std::string> bytes = format_npz(tensors);
  if (!bytes.ok()) return bytes.status().with_context(path.string());
  return write_file_atomically(path, *bytes);
}

}  // namespace tinysplit
