#include "graph/type_inference.h"

#include <cmath>
#include <string>

#include "graph/op_traits.h"
#include "graph/shape_inference.h"

namespace tinysplit {
namespace {

using Inputs = std::span<const Value* const>;

Status expect_dtype(const Value& value, DType dtype, const char* what) {
  if (value.dtype == dtype) return ok_status();
  return invalid_argument(std::string(what) + " is " + std::string(dtype_name(value.dtype)) +
                          ", needs " + std::string(dtype_name(dtype)));
}

Status expect_same(const Value& a, const Value& b) {
  if (a.dtype == b.dtype) return ok_status();
  return invalid_argument("mixes " + std::string(dtype_name(a.dtype)) + " and " +
                          std::string(dtype_name(b.dtype)));
}

ElementType type_of(const Value& value) { return {value.dtype, value.quantization}; }

Result<ElementType> infer_binary(BinaryKind kind, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_same(*inputs[0], *inputs[1]));
  if (is_logic(kind)) {
    TINYSPLIT_RETURN_IF_ERROR(expect_dtype(*inputs[0], DType::kBool, "its input"));
  }
  if (is_comparison(kind) || is_logic(kind)) return ElementType{DType::kBool, std::nullopt};
  return type_of(*inputs[0]);
}

Result<ElementType> infer_unary(UnaryKind kind, const Value& x) {
  if (kind == UnaryKind::kNot) {
    TINYSPLIT_RETURN_IF_ERROR(expect_dtype(x, DType::kBool, "its input"));
  }
  if (kind == UnaryKind::kIsNan || kind == UnaryKind::kIsInf) {
    TINYSPLIT_RETURN_IF_ERROR(expect_dtype(x, DType::kFloat32, "its input"));
    return ElementType{DType::kBool, std::nullopt};
  }
  return type_of(x);
}

// All float32, or the integers of TensorFlow Lite's LSTM: x, kernels and state int8, biases int32,
// cell state int16, without peepholes.
Result<ElementType> infer_recurrent(Inputs inputs) {
  const bool is_integer = inputs[0]->dtype == DType::kInt8;
  constexpr DType kIntegers[] = {DType::kInt8,  DType::kInt8, DType::kInt8, DType::kInt32,
                                 DType::kInt32, DType::kInt8, DType::kInt16};
  if (is_integer && inputs.size() != std::size(kIntegers)) {
    return invalid_argument("is of int8 and is no LSTM without peepholes");
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string what = "its input " + std::to_string(i);
    const DType needed = is_integer ? kIntegers[i] : DType::kFloat32;
    TINYSPLIT_RETURN_IF_ERROR(expect_dtype(*inputs[i], needed, what.c_str()));
    const bool needs_scale = is_integer && needed != DType::kInt32;
    if (needs_scale && !inputs[i]->quantization) {
      return invalid_argument(what + " is not quantised");
    }
  }
  return type_of(*inputs[0]);
}

// Types before `stated` is looked at.
Result<ElementType> infer_plain(const Op& op, Inputs inputs) {
  if (const auto* binary = std::get_if<BinaryOp>(&op)) return infer_binary(binary->kind, inputs);
  if (const auto* unary = std::get_if<UnaryOp>(&op)) return infer_unary(unary->kind, *inputs[0]);
  if (std::holds_alternative<RecurrentOp>(op)) return infer_recurrent(inputs);
  if (const auto* cast = std::get_if<CastOp>(&op)) return ElementType{cast->to, std::nullopt};
  if (const auto* arg = std::get_if<ArgReduceOp>(&op)) {
    return ElementType{arg->index_dtype, std::nullopt};
  }
  if (std::holds_alternative<DequantizeOp>(op)) {
    if (!inputs[0]->quantization) return invalid_argument("its input is not quantised");
    return ElementType{};
  }
  if (std::holds_alternative<SelectOp>(op)) {
    TINYSPLIT_RETURN_IF_ERROR(expect_dtype(*inputs[0], DType::kBool, "its condition"));
    TINYSPLIT_RETURN_IF_ERROR(expect_same(*inputs[1], *inputs[2]));
    return type_of(*inputs[1]);
  }
  if (std::holds_alternative<GatherOp>(op)) {
    const DType index = inputs[1]->dtype;
    if (index != DType::kInt32 && index != DType::kInt64) {
      return invalid_argument("its indices are " + std::string(dtype_name(index)) +
                              ", need int32 or int64");
    }
  }
  if (std::holds_alternative<ConcatOp>(op)) {
    for (const Value* input : inputs) TINYSPLIT_RETURN_IF_ERROR(expect_same(*inputs[0], *input));
  }
  return type_of(*inputs[0]);
}

}  // namespace

Result<ElementType> infer_type(const Op& op, Inputs inputs,
                               const std::optional<ElementType>& stated) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType plain, infer_plain(op, inputs));
  if (stated) {
    if (fixes_dtype(op) && stated->dtype != plain.dtype) {
      return invalid_argument("is said to make " + std::string(dtype_name(stated->dtype)) +
                              ", but makes " + std::string(dtype_name(plain.dtype)));
    }
    return *stated;
  }
  if (std::holds_alternative<QuantizeOp>(op)) {
    return invalid_argument("is not told the quantisation of its output");
  }
  if (plain.quantization && !keeps_quantization(op)) {
    return invalid_argument(
        "computes on quantised numbers and is not told the quantisation of its "
        "output");
  }
  return plain;
}

Result<Value> infer_output(const Op& op, std::span<const Value* const> inputs,
                           const std::optional<ElementType>& stated) {
  Value output;
  TINYSPLIT_ASSIGN_OR_RETURN(output.shape, infer_shape(op, inputs));
  if (output.shape.num_elements() == 0) {
    return invalid_argument("would have an output of shape " + output.shape.to_string() +
                            ", without elements");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(ElementType type, infer_type(op, inputs, stated));
  if (type.quantization) {
    TINYSPLIT_RETURN_IF_ERROR(check_quantization(*type.quantization, type.dtype, output.shape));
  }
  output.dtype = type.dtype;
  output.quantization = std::move(type.quantization);
  return output;
}

Status check_quantization(const Quantization& quantization, DType dtype, const Shape& shape) {
  const std::size_t entries = quantization.scale.size();
  const bool per_tensor = quantization.axis < 0;
  const bool has_axis = quantization.axis < shape.rank();
  const std::size_t needed =
      per_tensor || !has_axis ? 1 : static_cast<std::size_t>(shape[quantization.axis]);
  if (!has_axis || entries != needed || quantization.zero_point.size() != needed) {
    return invalid_argument("has " + std::to_string(entries) + " scales and " +
                            std::to_string(quantization.zero_point.size()) + " zero points for " +
                            shape.to_string() + " along axis " + std::to_string(quantization.axis));
  }
  std::int64_t low = 0, high = 0;
  switch (dtype) {
    case DType::kInt8:
      low = -128, high = 127;
      break;
    case DType::kUint8:
      high = 255;
      break;
    case DType::kInt16:
      low = -32768, high = 32767;
      break;
    case DType::kInt32:
    case DType::kInt64:
      break;
    default:
      return invalid_argument("quantises " + std::string(dtype_name(dtype)));
  }
  for (std::size_t i = 0; i < needed; ++i) {
    if (!std::isfinite(quantization.scale[i]) || quantization.scale[i] <= 0.0f) {
      return invalid_argument("has the scale " + std::to_string(quantization.scale[i]) +
                              ", needs one above 0");
    }
    if (quantization.zero_point[i] < low || quantization.zero_point[i] > high) {
      return invalid_argument("has the zero point " + std::to_string(quantization.zero_point[i]) +
                              ", outside of " + std::string(dtype_name(dtype)));
    }
  }
  return ok_status();
}

}  // namespace tinysplit
