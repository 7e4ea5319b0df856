// The constants of a written file.
#include <algorithm>

#include "core/limits.h"
#include "formats/onnx/model_writer.h"
#include "formats/onnx/tensor_data.h"
#include "kernels/evaluate.h"

namespace tinysplit::onnx_format {
namespace {

using ::onnx::TensorProto;

std::string list_text(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text += "," + std::to_string(value);
  return text;
}

}  // namespace

std::vector<int> channels_first_permutation(int rank) {
  std::vector<int> permutation{0, rank - 1};
  for (int axis = 1; axis + 1 < rank; ++axis) permutation.push_back(axis);
  return permutation;
}

Tensor transposed(const Tensor& tensor, const std::vector<int>& permutation) {
  if (std::ranges::is_sorted(permutation)) return tensor.clone();
  Value value;
  value.dtype = tensor.dtype();
  value.shape = tensor.shape();
  value.data = std::shared_ptr<const Tensor>(&tensor, [](const Tensor*) {});
  const std::array<const Value*, 1> inputs{&value};
  // Moving elements of a constant cannot fail.
  return std::move(evaluate(TransposeOp{permutation}, inputs)).value();
}

std::string ModelWriter::constant(const Tensor& tensor, std::string_view role) {
  TensorProto& proto = *model_.mutable_graph()->add_initializer();
  const std::string layer = layer_ == nullptr ? graph_.name() : layer_->name;
  proto.set_name(claim(layer + "/" + std::string(role)));
  proto.set_data_type(element_type_of(tensor.dtype()));
  for (const std::int64_t dim : tensor.shape().dims()) proto.add_dims(dim);
  constant_bytes_ += tensor.num_bytes();
  // What would not fit into a file anyway is counted, not copied.
  if (constant_bytes_ <= limits::kMaxModelFileBytes) {
    proto.set_raw_data(tensor.data(), tensor.num_bytes());
  }
  return proto.name();
}

std::string ModelWriter::integers(const std::vector<std::int64_t>& values, std::string_view role) {
  Tensor tensor(DType::kInt64, Shape{std::ssize(values)});
  std::ranges::copy(values, tensor.as<std::int64_t>().begin());
  return constant(tensor, role);
}

std::string ModelWriter::scalar(float value) {
  Tensor tensor(DType::kFloat32, Shape{});
  tensor.as<float>()[0] = value;
  const std::string bytes(reinterpret_cast<const char*>(&value), sizeof value);
  auto [found, made] = shared_.try_emplace("float " + bytes);
  if (made) found->second = constant(tensor, "value");
  return found->second;
}

std::string ModelWriter::scale_of(const Quantization& quantization) {
  const std::vector<float>& scale = quantization.scale;
  Tensor tensor(DType::kFloat32, scale.size() == 1 ? Shape{} : Shape{std::ssize(scale)});
  std::ranges::copy(scale, tensor.as<float>().begin());
  const std::string bytes(reinterpret_cast<const char*>(tensor.data()), tensor.num_bytes());
  auto [found, made] = shared_.try_emplace("scale " + bytes);
  if (made) found->second = constant(tensor, "scale");
  return found->second;
}

std::string ModelWriter::zero_point_of(const Quantization& quantization, DType dtype) {
  const std::vector<std::int32_t>& zero = quantization.zero_point;
  Tensor tensor(dtype, zero.size() == 1 ? Shape{} : Shape{std::ssize(zero)});
  for (std::size_t i = 0; i < zero.size(); ++i) {
    if (dtype == DType::kInt32) {
      tensor.as<std::int32_t>()[i] = zero[i];
    } else {
      tensor.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(zero[i]);
    }
  }
  const std::string bytes(reinterpret_cast<const char*>(tensor.data()), tensor.num_bytes());
  auto [found, made] = shared_.try_emplace("zero " + std::string(dtype_name(dtype)) + bytes);
  if (made) found->second = constant(tensor, "zero_point");
  return found->second;
}

std::string ModelWriter::converted(const char* kind, const std::string& tensor,
                                   const Quantization& quantization, DType dtype, int axis) {
  const std::vector<std::string> inputs{tensor, scale_of(quantization),
                                        zero_point_of(quantization, dtype)};
  if (quantization.scale.size() == 1) return add(kind, inputs);
  return add(kind, inputs, {attribute("axis", axis)});
}

Result<std::string> ModelWriter::weights(ValueId id, const Shape& shape,
                                         const std::vector<int>& permutation, int axis,
                                         std::string_view role) {
  const Value& value = graph_.value(id);
  const std::string key = "weights " + std::to_string(id) + shape.to_string() +
                          list_text(permutation) + ":" + std::to_string(axis);
  auto [found, made] = shared_.try_emplace(key);
  if (!made) return found->second;
  Tensor tensor = value.data->clone();
  tensor.reshape(shape);
  found->second = constant(transposed(tensor, permutation), role);
  if (!value.quantization) return found->second;
  if (dtype_size(value.dtype) != 1) return unimplemented("has weights of more than 8 bits");
  found->second =
      converted("DequantizeLinear", found->second, *value.quantization, value.dtype, axis);
  return found->second;
}

Result<std::string> ModelWriter::bias(ValueId id, ValueId x, ValueId kernel) {
  const Value& value = graph_.value(id);
  if (value.dtype == DType::kFloat32) return weights(id, value.shape, {0}, 0, "bias");
  const auto& of_x = graph_.value(x).quantization;
  const auto& of_kernel = graph_.value(kernel).quantization;
  if (value.dtype != DType::kInt32 || !of_x || !of_kernel) {
    return unimplemented("has a bias of " + std::string(dtype_name(value.dtype)));
  }
  Quantization steps;
  for (const float scale : of_kernel->scale) steps.scale.push_back(of_x->scale[0] * scale);
  steps.zero_point.assign(steps.scale.size(), 0);
  const std::string name = constant(*value.data, "bias");
  return converted("DequantizeLinear", name, steps, DType::kInt32, 0);
}

}  // namespace tinysplit::onnx_format
