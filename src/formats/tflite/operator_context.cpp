#include "formats/tflite/operator_context.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/limits.h"
#include "core/numeric.h"
#include "graph/op_traits.h"
#include "graph/shape_inference.h"
#include "kernels/evaluate.h"

namespace tinysplit::tflite {
namespace {

struct Bounds {
  float low;
  float high;
};

std::optional<Bounds> bounds_of(schema::Activation activation) {
  switch (activation) {
    case schema::Activation::RELU:
      return Bounds{0.0f, kInfinity};
    case schema::Activation::RELU_N1_TO_1:
      return Bounds{-1.0f, 1.0f};
    case schema::Activation::RELU6:
      return Bounds{0.0f, 6.0f};
    default:
      return std::nullopt;
  }
}

// The numbers of a quantised value cannot lie outside of the bounds anyway.
bool is_bounded_already(const Value& value, const Bounds& bounds) {
  if (!value.quantization) return false;
  float lowest = 0.0f, highest = 0.0f;
  switch (value.dtype) {
    case DType::kInt8:
      lowest = -128.0f, highest = 127.0f;
      break;
    case DType::kUint8:
      highest = 255.0f;
      break;
    case DType::kInt16:
      lowest = -32768.0f, highest = 32767.0f;
      break;
    default:
      return false;
  }
  const float scale = value.quantization->scale[0];
  const float zero = static_cast<float>(value.quantization->zero_point[0]);
  return zero + std::round(bounds.low / scale) <= lowest &&
         zero + std::round(bounds.high / scale) >= highest;
}

// Operations whose cost on constants is that of reading and writing them, or counted.
bool folds(const Op& op) {
  const Mixing mixing = traits_of(op).mixing;
  return mixing != Mixing::kWindow && mixing != Mixing::kSteps;
}

}  // namespace

int OperatorContext::num_inputs() const {
  return operator_.inputs() == nullptr ? 0 : static_cast<int>(operator_.inputs()->size());
}

int OperatorContext::num_outputs() const {
  return operator_.outputs() == nullptr ? 0 : static_cast<int>(operator_.outputs()->size());
}

int OperatorContext::tensor_of_input(int i) const {
  if (i >= num_inputs()) return -1;
  return operator_.inputs()->Get(static_cast<flatbuffers::uoffset_t>(i));
}

bool OperatorContext::has_input(int i) const { return tensor_of_input(i) >= 0; }

bool OperatorContext::is_stored(int i) const {
  const int index = tensor_of_input(i);
  return index >= 0 && !state_.tensors.is_defined(index) && state_.tensors.has_data(index);
}

Result<ValueId> OperatorContext::input(int i) {
  if (!has_input(i)) return invalid_argument("its input " + std::to_string(i) + " is missing");
  return state_.tensors.value(tensor_of_input(i));
}

Result<ValueId> OperatorContext::kernel(int i, WeightLayout layout) {
  if (!has_input(i)) return invalid_argument("its input " + std::to_string(i) + " is missing");
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, output_type());
  const WeightNumbers numbers = type.dtype != DType::kFloat32 ? WeightNumbers::kStored
                                : code == schema::BuiltinOperator::DEQUANTIZE
                                    ? WeightNumbers::kReal
                                    : WeightNumbers::kHybrid;
  return state_.tensors.weights(tensor_of_input(i), layout, numbers, code);
}

Result<ValueId> OperatorContext::bias(int i, std::int64_t size) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId given, kernel(i, WeightLayout::kAsIs));
  if (shape(given).num_elements() != size) {
    return invalid_argument("its bias has shape " + shape(given).to_string() + ", needs " +
                            Shape{size}.to_string());
  }
  return reshape(given, Shape{size});
}

Result<ValueId> OperatorContext::image(int i) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value, input(i));
  if (shape(value).rank() != 4) {
    return invalid_argument("its input " + std::to_string(i) + " has shape " +
                            shape(value).to_string() + ", needs [N,H,W,C]");
  }
  return value;
}

Result<std::vector<std::int64_t>> OperatorContext::integers(int i) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId id, input(i));
  const Value& value = view(id);
  const std::string what = "its input " + std::to_string(i);
  if (!value.is_constant()) {
    return unimplemented(what + " is computed at run time; it must be a constant");
  }
  const std::size_t count = static_cast<std::size_t>(value.shape.num_elements());
  if (count > kMaxIntegers) {
    return out_of_range(what + " has " + std::to_string(count) + " numbers, at most " +
                        std::to_string(kMaxIntegers) + " are allowed");
  }
  std::vector<std::int64_t> numbers;
  if (value.dtype == DType::kInt32) {
    numbers.assign(value.data->as<std::int32_t>().begin(), value.data->as<std::int32_t>().end());
  } else if (value.dtype == DType::kInt64) {
    numbers.assign(value.data->as<std::int64_t>().begin(), value.data->as<std::int64_t>().end());
  } else {
    return invalid_argument(what + " is " + std::string(dtype_name(value.dtype)) +
                            ", needs int32 or int64");
  }
  // Sums and products of two of them stay far inside of 64 bits.
  for (std::int64_t& number : numbers) {
    number = std::clamp<std::int64_t>(number, std::numeric_limits<std::int32_t>::min(),
                                      std::numeric_limits<std::int32_t>::max());
  }
  return numbers;
}

Result<std::int64_t> OperatorContext::integer(int i) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> numbers, integers(i));
  if (numbers.size() != 1) {
    return invalid_argument("its input " + std::to_string(i) + " must be one number");
  }
  return numbers[0];
}

Result<int> OperatorContext::axis(std::int64_t axis, int rank) const {
  const std::int64_t counted = axis < 0 ? axis + rank : axis;
  if (counted < 0 || counted >= rank) {
    return invalid_argument("axis " + std::to_string(axis) + " is none of " + std::to_string(rank) +
                            " dimensions");
  }
  return static_cast<int>(counted);
}

Result<ElementType> OperatorContext::output_type(int i) const {
  if (i >= num_outputs()) {
    return invalid_argument("its output " + std::to_string(i) + " is missing");
  }
  return state_.tensors.element_type(
      operator_.outputs()->Get(static_cast<flatbuffers::uoffset_t>(i)));
}

Result<ElementType> OperatorContext::input_type(int i) const {
  if (!has_input(i)) return invalid_argument("its input " + std::to_string(i) + " is missing");
  return state_.tensors.element_type(tensor_of_input(i));
}

Result<ElementType> OperatorContext::intermediate_type(int i) const {
  const auto* list = operator_.intermediates();
  const auto at = static_cast<flatbuffers::uoffset_t>(i);
  const bool is_there = list != nullptr && at < list->size() && list->Get(at) >= 0 &&
                        list->Get(at) < state_.tensors.size();
  if (is_there) return state_.tensors.element_type(list->Get(at));
  return invalid_argument("its intermediate tensor " + std::to_string(i) + " is missing");
}

Result<ValueId> OperatorContext::fold(const Op& op, const std::vector<ValueId>& operands,
                                      const std::optional<ElementType>& stated) {
  std::vector<const Value*> values;
  std::int64_t bytes = 0;
  for (const ValueId id : operands) {
    values.push_back(&view(id));
    bytes += static_cast<std::int64_t>(view(id).num_bytes());
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Value output, infer_output(op, values, stated));
  const std::int64_t macs = count_macs(op, values, output.shape);
  if (macs > state_.budget.folded_macs) {
    return resource_exhausted("the operators on constants alone multiply more than " +
                              std::to_string(limits::kMaxFoldedMacs) + " times");
  }
  state_.budget.folded_macs -= macs;
  const std::int64_t made_bytes = static_cast<std::int64_t>(output.num_bytes());
  TINYSPLIT_RETURN_IF_ERROR(state_.tensors.spend_constants(made_bytes));
  bytes += made_bytes;
  if (bytes > state_.budget.folded_bytes) {
    return resource_exhausted("the operators on constants alone move more than " +
                              std::to_string(limits::kMaxTfliteFoldedBytes) + " bytes");
  }
  state_.budget.folded_bytes -= bytes;
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor made, evaluate(op, values, stated));
  return state_.builder.add_constant(std::move(made), std::move(output.quantization));
}

Result<ValueId> OperatorContext::add(Op op, std::vector<ValueId> operands,
                                     const std::optional<ElementType>& stated) {
  const bool constant =
      std::ranges::all_of(operands, [this](ValueId id) { return view(id).is_constant(); });
  if (!constant) return state_.builder.add_op(std::move(op), std::move(operands), stated);
  if (!folds(op)) return unimplemented("it computes on constants alone");
  return fold(op, operands, stated);
}

Result<ValueId> OperatorContext::reshape(ValueId x, const Shape& to) {
  if (shape(x) == to) return x;
  return add(ReshapeOp{to}, {x});
}

Result<Tensor> OperatorContext::new_tensor(DType dtype, const Shape& shape) {
  TINYSPLIT_RETURN_IF_ERROR(state_.tensors.spend_constants(
      shape.num_elements() * static_cast<std::int64_t>(dtype_size(dtype))));
  return Tensor(dtype, shape);
}

std::string_view OperatorContext::custom_options() const {
  const auto* bytes = operator_.custom_options();
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

Status OperatorContext::define(int i, ValueId value) {
  if (i >= num_outputs()) {
    return invalid_argument("its output " + std::to_string(i) + " is missing");
  }
  const int index = operator_.outputs()->Get(static_cast<flatbuffers::uoffset_t>(i));
  TINYSPLIT_RETURN_IF_ERROR(state_.tensors.define(index, value));
  defined_.push_back(value);
  return ok_status();
}

Status OperatorContext::finish(Op op, std::vector<ValueId> operands,
                               schema::Activation activation) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, output_type());
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, add(std::move(op), std::move(operands), type));
  return finish(y, activation);
}

Status OperatorContext::finish(ValueId value, schema::Activation activation) {
  if (activation == schema::Activation::NONE) return define(0, value);
  const std::optional<Bounds> bounds = bounds_of(activation);
  if (!bounds) {
    // LiteRT leaves a fused TANH out without a word, so what the file means is anyone's guess.
    const std::string name = schema::EnumNameActivation(activation);
    return unimplemented("fused_activation_function = " +
                         (name.empty() ? std::to_string(static_cast<int>(activation)) : name) +
                         " is not supported");
  }
  if (is_bounded_already(view(value), *bounds)) return define(0, value);
  const ActivationOp op{ActivationKind::kClip, bounds->low, bounds->high};
  const ElementType type(view(value).dtype, view(value).quantization);
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, add(op, {value}, type));
  return define(0, y);
}

Status OperatorContext::finish_reshape(ValueId x, const Shape& to) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, output_type());
  const bool same_type =
      !type.quantization == !view(x).quantization &&
      (!type.quantization || (type.quantization->scale == view(x).quantization->scale &&
                              type.quantization->zero_point == view(x).quantization->zero_point));
  if (same_type && type.dtype == view(x).dtype && shape(x) == to) return define(0, x);
  return finish(ReshapeOp{to}, {x});
}

}  // namespace tinysplit::tflite
