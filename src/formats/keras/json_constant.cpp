#include "formats/keras/json_constant.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "core/limits.h"
#include "formats/keras/layer_options.h"

namespace tinysplit::keras {
namespace {

enum class Kind { kBool, kInteger, kReal };

// The shape of nested lists, all of one length on each level.
Status measure(const Json& json, std::size_t depth, std::vector<std::int64_t>& dims, Kind& kind) {
  if (json.is_array()) {
    if (depth == limits::kMaxRank) return invalid_argument("a constant has too many axes");
    const auto size = static_cast<std::int64_t>(json.size());
    if (depth == dims.size()) dims.push_back(size);
    if (dims[depth] != size) return invalid_argument("a constant has lists of unlike lengths");
    for (const Json& item : json) {
      TINYSPLIT_RETURN_IF_ERROR(measure(item, depth + 1, dims, kind));
    }
    return ok_status();
  }
  if (depth != dims.size()) return invalid_argument("a constant has lists of unlike lengths");
  if (json.is_boolean()) return ok_status();
  if (!json.is_number()) return invalid_argument("it is called on " + brief(json));
  kind = std::max(kind, json.is_number_float() ? Kind::kReal : Kind::kInteger);
  return ok_status();
}

template <typename T>
Status fill(const Json& json, std::span<T> values, std::size_t& next) {
  if (json.is_array()) {
    for (const Json& item : json) TINYSPLIT_RETURN_IF_ERROR(fill(item, values, next));
    return ok_status();
  }
  if constexpr (std::is_floating_point_v<T>) {
    values[next++] = json.is_boolean() ? json.get<bool>() : static_cast<T>(json.get<double>());
    return ok_status();
  } else {
    const auto whole = whole_number(json, std::numeric_limits<T>::min(),
                                    static_cast<std::int64_t>(std::numeric_limits<T>::max()));
    const bool is_whole =
        json.is_number_float() && std::nearbyint(json.get<double>()) == json.get<double>();
    const double real = json.is_number_float() ? json.get<double>() : 0.0;
    if (json.is_boolean()) {
      values[next++] = json.get<bool>();
    } else if (whole) {
      values[next++] = static_cast<T>(*whole);
    } else if (is_whole && std::abs(real) < 1e9 && real >= std::numeric_limits<T>::min() &&
               real <= static_cast<double>(std::numeric_limits<T>::max())) {
      values[next++] = static_cast<T>(real);
    } else {
      return invalid_argument("the constant " + brief(json) + " does not fit its type");
    }
    return ok_status();
  }
}

template <typename T>
Result<Tensor> filled_tensor(const JsonConstant& constant, DType dtype) {
  Tensor tensor(dtype, constant.shape);
  std::size_t next = 0;
  TINYSPLIT_RETURN_IF_ERROR(fill(*constant.values, tensor.as<T>(), next));
  return tensor;
}

}  // namespace

std::optional<DType> find_dtype(const std::string& name) {
  static const std::map<std::string, DType, std::less<>> kNames = {
      {"float32", DType::kFloat32},  {"float64", DType::kFloat32}, {"float16", DType::kFloat32},
      {"bfloat16", DType::kFloat32}, {"int8", DType::kInt8},       {"uint8", DType::kUint8},
      {"int16", DType::kInt16},      {"int32", DType::kInt32},     {"int64", DType::kInt64},
      {"bool", DType::kBool},        {"float", DType::kFloat32},   {"int", DType::kInt32}};
  const auto found = kNames.find(name);
  if (found == kNames.end()) return {};
  return found->second;
}

Result<JsonConstant> find_json_constant(const Json& json) {
  JsonConstant constant;
  constant.values = &json;
  Kind kind = Kind::kBool;
  if (json.is_object()) {
    const Json& config = member(json, "config");
    constant.values = &member(config, "value");
    constant.typed = true;
    const auto dtype = find_dtype(text_of(member(config, "dtype")));
    if (!dtype) {
      return unimplemented("a constant of dtype " + brief(member(config, "dtype")) +
                           " is not supported");
    }
    constant.dtype = *dtype;
  }
  std::vector<std::int64_t> dims;
  TINYSPLIT_RETURN_IF_ERROR(measure(*constant.values, 0, dims, kind));
  if (dims.empty()) dims.push_back(1);
  TINYSPLIT_ASSIGN_OR_RETURN(constant.shape, Shape::create(dims));
  if (constant.shape.num_elements() == 0) return invalid_argument("a constant has no elements");
  if (!constant.typed) {
    constant.dtype = kind == Kind::kReal      ? DType::kFloat32
                     : kind == Kind::kInteger ? DType::kInt32
                                              : DType::kBool;
  }
  return constant;
}

Result<Tensor> make_tensor(const JsonConstant& constant, DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return filled_tensor<float>(constant, dtype);
    case DType::kInt8:
      return filled_tensor<std::int8_t>(constant, dtype);
    case DType::kUint8:
      return filled_tensor<std::uint8_t>(constant, dtype);
    case DType::kInt16:
      return filled_tensor<std::int16_t>(constant, dtype);
    case DType::kInt32:
      return filled_tensor<std::int32_t>(constant, dtype);
    case DType::kInt64:
      return filled_tensor<std::int64_t>(constant, dtype);
    case DType::kBool:
      return filled_tensor<bool>(constant, dtype);
    default:
      return unimplemented("a constant of dtype " + std::string(dtype_name(dtype)) +
                           " is not supported");
  }
}

}  // namespace tinysplit::keras
