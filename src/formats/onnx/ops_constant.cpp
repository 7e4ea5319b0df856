#include <algorithm>
#include <cmath>

#include "core/limits.h"
#include "formats/onnx/ops.h"
#include "formats/onnx/tensor_data.h"

namespace tinysplit::onnx_format {
namespace {

Operand list_operand(const std::vector<std::int64_t>& values) {
  Tensor tensor(DType::kInt64, Shape{static_cast<std::int64_t>(values.size())});
  std::ranges::copy(values, tensor.as<std::int64_t>().begin());
  return operand_of(std::move(tensor));
}

template <typename T>
Operand range_operand(const Tensor& start, const Tensor& delta, std::int64_t count) {
  Tensor tensor(start.dtype(), Shape{count});
  for (std::int64_t i = 0; i < count; ++i) {
    tensor.as<T>()[static_cast<std::size_t>(i)] =
        static_cast<T>(start.as<T>()[0] + static_cast<T>(i) * delta.as<T>()[0]);
  }
  return operand_of(std::move(tensor));
}

// As a double, which is exact for what fits into the elements that a tensor may have.
Result<double> number_of(const Tensor& tensor) {
  if (tensor.shape().num_elements() != 1) return invalid_argument("is not given single numbers");
  switch (tensor.dtype()) {
    case DType::kFloat32:
      return double{tensor.as<float>()[0]};
    case DType::kInt32:
      return double{static_cast<double>(tensor.as<std::int32_t>()[0])};
    case DType::kInt64:
      return static_cast<double>(tensor.as<std::int64_t>()[0]);
    default:
      return unimplemented("counts in " + std::string(dtype_name(tensor.dtype())));
  }
}

}  // namespace

Status translate_constant(NodeContext& context) {
  Attributes& attributes = context.attributes;
  if (attributes.has("value_float") || attributes.has("value_floats")) {
    const bool single = attributes.has("value_float");
    TINYSPLIT_ASSIGN_OR_RETURN(const float value, attributes.real("value_float", 0.0f));
    TINYSPLIT_ASSIGN_OR_RETURN(std::vector<float> values, attributes.reals("value_floats"));
    if (single) values = {value};
    Tensor tensor(DType::kFloat32,
                  single ? Shape{} : Shape{static_cast<std::int64_t>(values.size())});
    std::ranges::copy(values, tensor.as<float>().begin());
    context.set_output(0, operand_of(std::move(tensor)));
    return ok_status();
  }
  if (attributes.has("value_int") || attributes.has("value_ints")) {
    const bool single = attributes.has("value_int");
    TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t value, attributes.integer("value_int", 0));
    TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> values, attributes.integers("value_ints"));
    if (single) values = {value};
    TINYSPLIT_ASSIGN_OR_RETURN(
        Operand list, context.graph().reshape(list_operand(values),
                                              single ? Shape{} : Shape{std::ssize(values)}));
    context.set_output(0, std::move(list));
    return ok_status();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(::onnx::TensorProto * proto, attributes.tensor("value"));
  if (proto->data_location() == ::onnx::TensorProto::EXTERNAL) {
    return unimplemented("attribute \"value\" lies in another file");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor tensor, take_tensor(*proto, std::nullopt));
  context.set_output(0, operand_of(std::move(tensor)));
  return ok_status();
}

Status translate_constant_of_shape(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> dims,
                             context.integers(0, "its shape"));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(shape.num_elements()));
  Tensor value(DType::kFloat32, Shape{});
  if (context.attributes.has("value")) {
    TINYSPLIT_ASSIGN_OR_RETURN(::onnx::TensorProto * proto, context.attributes.tensor("value"));
    if (proto->data_location() == ::onnx::TensorProto::EXTERNAL) {
      return unimplemented("attribute \"value\" lies in another file");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(value, take_tensor(*proto, std::nullopt));
    if (value.shape().num_elements() != 1) {
      return invalid_argument("attribute \"value\" is not one number");
    }
  }
  Tensor tensor(value.dtype(), shape);
  const std::size_t size = value.num_bytes();
  for (std::size_t at = 0; at < tensor.num_bytes(); at += size) {
    std::copy_n(value.data(), size, tensor.data() + at);
  }
  context.set_output(0, operand_of(std::move(tensor)));
  return ok_status();
}

Status translate_range(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(3, 3));
  std::vector<std::shared_ptr<const Tensor>> tensors;
  std::vector<double> numbers;
  for (int i = 0; i < 3; ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(tensors.emplace_back(), context.constant(i, "a bound"));
    TINYSPLIT_ASSIGN_OR_RETURN(numbers.emplace_back(), number_of(*tensors.back()));
    if (tensors.back()->dtype() != tensors.front()->dtype()) {
      return invalid_argument("is given numbers of several types");
    }
  }
  const double steps = std::ceil((numbers[1] - numbers[0]) / numbers[2]);
  if (!(steps >= 0.0) || steps > static_cast<double>(limits::kMaxElements)) {
    return invalid_argument("has steps that never reach the limit, or too many");
  }
  const std::int64_t count = static_cast<std::int64_t>(steps);
  TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(count));
  const Tensor& start = *tensors[0];
  const Tensor& delta = *tensors[2];
  context.set_output(0, start.dtype() == DType::kFloat32 ? range_operand<float>(start, delta, count)
                        : start.dtype() == DType::kInt32
                            ? range_operand<std::int32_t>(start, delta, count)
                            : range_operand<std::int64_t>(start, delta, count));
  return ok_status();
}

Status translate_eye_like(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  const Shape shape = context.shape(0);
  if (shape.rank() != 2) return invalid_argument("needs a matrix");
  DType dtype = context.dtype(0);
  if (context.attributes.has("dtype")) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t type, context.attributes.integer("dtype", 0));
    TINYSPLIT_ASSIGN_OR_RETURN(dtype, computed_dtype_of(type < 0 || type > 1000 ? 0 : int(type)));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t offset, context.attributes.integer("k", 0));
  TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(shape.num_elements()));
  Tensor eye(DType::kFloat32, shape);
  for (std::int64_t row = 0; row < shape[0]; ++row) {
    if (offset < -shape[0] || offset > shape[1]) break;
    const std::int64_t column = row + offset;
    if (column < 0 || column >= shape[1]) continue;
    eye.as<float>()[static_cast<std::size_t>(row * shape[1] + column)] = 1.0f;
  }
  Operand value = operand_of(std::move(eye));
  if (dtype != DType::kFloat32) {
    TINYSPLIT_ASSIGN_OR_RETURN(value, context.add(CastOp{dtype}, {value}));
  }
  context.set_output(0, std::move(value));
  return ok_status();
}

Status translate_shape(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  const Shape shape = context.shape(0);
  TINYSPLIT_ASSIGN_OR_RETURN(std::int64_t start, context.attributes.integer("start", 0));
  TINYSPLIT_ASSIGN_OR_RETURN(std::int64_t end, context.attributes.integer("end", shape.rank()));
  const std::int64_t rank = shape.rank();
  start = std::clamp<std::int64_t>(start < 0 ? start + rank : start, 0, rank);
  end = std::clamp<std::int64_t>(end < 0 ? end + rank : end, start, rank);
  const auto dims = shape.dims();
  context.set_output(0, list_operand({dims.begin() + start, dims.begin() + end}));
  return ok_status();
}

Status translate_size(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(
      Operand size,
      context.graph().reshape(list_operand({context.shape(0).num_elements()}), Shape{}));
  context.set_output(0, std::move(size));
  return ok_status();
}

// Of a condition that is known, what the branch makes has taken the place of the branches: it is
// the node's inputs, one for each output.
Status translate_if(NodeContext& context) {
  for (int i = 0; i < context.num_outputs(); ++i) context.forward(i, i);
  return ok_status();
}

}  // namespace tinysplit::onnx_format
