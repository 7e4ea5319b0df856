#include "formats/tflite/node_writer.h"

#include <algorithm>

namespace tinysplit::tflite {

NodeWriter::NodeWriter(const WriteStep& step_to_write, WriteState& state)
    : step(step_to_write),
      node(state.graph.nodes()[static_cast<std::size_t>(step_to_write.node)]),
      state_(state) {}

const Value& NodeWriter::in(int i) const {
  return state_.graph.value(node.inputs[static_cast<std::size_t>(i)]);
}

bool NodeWriter::is_quantized() const {
  return out().quantization.has_value() || in(0).quantization.has_value();
}

TensorId NodeWriter::input(int i) {
  const ValueId id = node.inputs[static_cast<std::size_t>(i)];
  TensorId& tensor = state_.tensors[static_cast<std::size_t>(id)];
  if (tensor == kNoTensor) {
    const Value& value = in(i);
    const ElementType type(value.dtype, value.quantization);
    tensor =
        state_.file.add_constant(name_of("operand" + std::to_string(i)), type, value.data->view());
  }
  return tensor;
}

TensorId NodeWriter::real_input(int i) {
  const TensorId stored = input(i);
  if (!type(stored).quantization) return stored;
  through_floats_ = true;
  return add(Code::DEQUANTIZE, {stored}, DType::kFloat32, shape(stored));
}

TensorId NodeWriter::constant(const std::string& name, ElementType type, const TensorView& data) {
  return state_.file.add_constant(name_of(name), std::move(type), data);
}

TensorId NodeWriter::variable(const std::string& name, const ElementType& type,
                              const Shape& shape) {
  return state_.file.add_tensor(name_of(name), type, shape, true);
}

TensorId NodeWriter::intermediate(const std::string& name, const ElementType& type) {
  return state_.file.add_tensor(name_of(name), type, Shape{0});
}

TensorId NodeWriter::number(float number) {
  const TensorView view{DType::kFloat32, Shape(), reinterpret_cast<const std::byte*>(&number)};
  return state_.file.add_shared_constant(name_of("number"), view);
}

TensorId NodeWriter::integer(std::int64_t number) {
  const std::int32_t stored = static_cast<std::int32_t>(number);
  const TensorView view{DType::kInt32, Shape(), reinterpret_cast<const std::byte*>(&stored)};
  return state_.file.add_shared_constant(name_of("integer"), view);
}

TensorId NodeWriter::integers(std::span<const std::int64_t> numbers) {
  return integers(numbers, Shape{static_cast<std::int64_t>(numbers.size())});
}

TensorId NodeWriter::integers(std::span<const std::int64_t> numbers, const Shape& shape) {
  std::vector<std::int32_t> stored;
  for (const std::int64_t number : numbers) stored.push_back(static_cast<std::int32_t>(number));
  const TensorView view{DType::kInt32, shape, reinterpret_cast<const std::byte*>(stored.data())};
  return state_.file.add_shared_constant(name_of("integers"), view);
}

TensorId NodeWriter::add(Code code, const Tensors& inputs, const ElementType& type,
                         const Shape& shape, OperatorOptions options, int least_version) {
  const TensorId made =
      state_.file.add_tensor(name_of(schema::EnumNameBuiltinOperator(code)), type, shape);
  state_.file.add_operator(code, inputs, {made}, options, least_version);
  return made;
}

TensorId NodeWriter::add(Code code, const Tensors& inputs, OperatorOptions options,
                         int least_version) {
  return add(code, inputs, type(inputs[0]), shape(inputs[0]), options, least_version);
}

TensorId NodeWriter::output(ValueId id) {
  TensorId& tensor = state_.tensors[static_cast<std::size_t>(id)];
  if (tensor == kNoTensor) {
    const Value& value = graph().value(id);
    tensor = state_.file.add_tensor(value.name, {value.dtype, value.quantization}, value.shape);
  }
  return tensor;
}

Status NodeWriter::finish(Code code, const Tensors& inputs, OperatorOptions options,
                          int least_version) {
  if (through_floats_ && out().quantization) {
    const TensorId real = add(code, inputs, DType::kFloat32, out().shape, options, least_version);
    state_.file.add_operator(Code::QUANTIZE, {real}, {output(step.output)});
  } else {
    state_.file.add_operator(code, inputs, {output(step.output)}, options, least_version);
  }
  return ok_status();
}

Status NodeWriter::finish(Code code, const Tensors& inputs, const std::vector<ValueId>& outputs,
                          OperatorOptions options) {
  Tensors made;
  for (const ValueId id : outputs) made.push_back(output(id));
  state_.file.add_operator(code, inputs, made, options);
  return ok_status();
}

Status NodeWriter::finish_reshape(TensorId tensor) {
  const std::vector<std::int64_t> dims(out().shape.dims().begin(), out().shape.dims().end());
  const std::vector<std::int32_t> stored(dims.begin(), dims.end());
  const auto table = schema::CreateReshapeOptionsDirect(tables(), &stored);
  return finish(Code::RESHAPE, {tensor, integers(dims)}, options(table));
}

}  // namespace tinysplit::tflite
