#include "kernels/naive.h"

#include <cmath>

#include "kernels/float16.h"

namespace tinysplit::testing_kernels {

std::int64_t Random::integer(std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
}

float Random::real(float low, float high) {
  return std::uniform_real_distribution<float>(low, high)(engine_);
}

Shape Random::shape(int least, int most, std::int64_t largest_dim) {
  std::vector<std::int64_t> dims(static_cast<std::size_t>(integer(least, most)));
  for (std::int64_t& dim : dims) dim = integer(1, largest_dim);
  return Shape::create(dims).value();
}

Shape Random::broadcastable_to(const Shape& output) {
  std::vector<std::int64_t> dims(output.dims().begin(), output.dims().end());
  dims.erase(dims.begin(), dims.begin() + (coin() ? integer(0, output.rank()) : 0));
  for (std::int64_t& dim : dims) {
    if (integer(0, 2) == 0) dim = 1;
  }
  return Shape::create(dims).value();
}

Tensor Random::tensor(DType dtype, const Shape& shape, float low, float high) {
  Tensor made(dtype, shape);
  for (std::int64_t i = 0; i < shape.num_elements(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    const float value = real(low, high);
    const auto rounded = static_cast<std::int64_t>(std::lround(value));
    switch (dtype) {
      case DType::kFloat32:
        made.as<float>()[at] = value;
        break;
      case DType::kFloat16:
        made.as<std::uint16_t>()[at] = native::float_to_half(value);
        break;
      case DType::kBool:
        made.as<std::uint8_t>()[at] = coin() ? 1 : 0;
        break;
      case DType::kInt8:
        made.as<std::int8_t>()[at] = static_cast<std::int8_t>(rounded);
        break;
      case DType::kUint8:
        made.as<std::uint8_t>()[at] = static_cast<std::uint8_t>(std::abs(rounded));
        break;
      case DType::kInt16:
        made.as<std::int16_t>()[at] = static_cast<std::int16_t>(rounded);
        break;
      case DType::kInt32:
        made.as<std::int32_t>()[at] = static_cast<std::int32_t>(rounded);
        break;
      case DType::kInt64:
        made.as<std::int64_t>()[at] = rounded;
        break;
    }
  }
  return made;
}

Result<Tensor> try_compute(const Op& op, const std::vector<const Tensor*>& inputs) {
  std::vector<Value> values(inputs.size());
  std::vector<const Value*> pointers;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    values[i].dtype = inputs[i]->dtype();
    values[i].shape = inputs[i]->shape();
    values[i].data = std::make_shared<const Tensor>(inputs[i]->clone());
    pointers.push_back(&values[i]);
  }
  return evaluate(op, pointers);
}

Tensor compute(const Op& op, const std::vector<const Tensor*>& inputs) {
  Result<Tensor> result = try_compute(op, inputs);
  EXPECT_TRUE(result.ok()) << op_name(op) << ": " << result.status().to_string();
  return result.ok() ? std::move(*result) : Tensor();
}

double real_at(const Tensor& tensor, std::int64_t flat) {
  const std::size_t at = static_cast<std::size_t>(flat);
  if (tensor.dtype() == DType::kFloat32) return static_cast<double>(tensor.as<float>()[at]);
  if (tensor.dtype() == DType::kFloat16) {
    return static_cast<double>(native::half_to_float(tensor.as<std::uint16_t>()[at]));
  }
  return static_cast<double>(integer_at(tensor, flat));
}

std::int64_t integer_at(const Tensor& tensor, std::int64_t flat) {
  const std::size_t at = static_cast<std::size_t>(flat);
  switch (tensor.dtype()) {
    case DType::kInt8:
      return tensor.as<std::int8_t>()[at];
    case DType::kUint8:
    case DType::kBool:
      return tensor.as<std::uint8_t>()[at];
    case DType::kInt16:
      return tensor.as<std::int16_t>()[at];
    case DType::kInt32:
      return tensor.as<std::int32_t>()[at];
    case DType::kInt64:
      return tensor.as<std::int64_t>()[at];
    case DType::kFloat32:
    case DType::kFloat16:
      break;
  }
  ADD_FAILURE() << "not a tensor of integers";
  return 0;
}

void for_each_index(const Shape& shape,
                    const std::function<void(const Index& index, std::int64_t flat)>& visit) {
  for (std::int64_t flat = 0; flat < shape.num_elements(); ++flat) {
    Index index(static_cast<std::size_t>(shape.rank()));
    std::int64_t rest = flat;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      index[static_cast<std::size_t>(axis)] = rest % shape[axis];
      rest /= shape[axis];
    }
    visit(index, flat);
  }
}

std::int64_t flat_of(const Index& index, const Shape& shape) {
  std::int64_t flat = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    flat = flat * shape[axis] + index[static_cast<std::size_t>(axis)];
  }
  return flat;
}

std::int64_t broadcast_flat(const Index& index, const Shape& operand) {
  const std::size_t skipped = index.size() - static_cast<std::size_t>(operand.rank());
  Index own(index.begin() + static_cast<std::ptrdiff_t>(skipped), index.end());
  for (int axis = 0; axis < operand.rank(); ++axis) {
    if (operand[axis] == 1) own[static_cast<std::size_t>(axis)] = 0;
  }
  return flat_of(own, operand);
}

void expect_near(double found, double expected, double tolerance, const std::string& where) {
  if (std::isnan(expected) || std::isinf(expected)) {
    EXPECT_TRUE(std::isnan(expected) ? std::isnan(found) : found == expected)
        << where << ": " << found << ", expected " << expected;
    return;
  }
  EXPECT_NEAR(found, expected, tolerance * std::max(1.0, std::abs(expected))) << where;
}

}  // namespace tinysplit::testing_kernels
