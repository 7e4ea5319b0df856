// Recurrent layers.
#include <algorithm>
#include <cstring>
#include <optional>

#include "core/numeric.h"
#include "formats/tflite/lstm_inputs.h"
#include "formats/tflite/operator_writers.h"
#include "formats/tflite/weights.h"
#include "formats/tflite/write_plan.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;
using Tensors = NodeWriter::Tensors;

// Inputs of RecurrentOp.
constexpr int kKernel = 1;
constexpr int kRecurrent = 2;
constexpr int kBias = 3;
constexpr int kRecurrentBias = 4;
constexpr int kState = 5;
constexpr int kCellState = 6;
constexpr int kPeepholeInput = 7;

std::optional<schema::Activation> cell_activation(const ActivationOp& op) {
  if (op.kind == ActivationKind::kTanh) return schema::Activation::TANH;
  if (op.kind == ActivationKind::kLinear && op.alpha == 1.0f && op.beta == 0.0f) {
    return schema::Activation::NONE;
  }
  if (op.kind != ActivationKind::kClip) return std::nullopt;
  const schema::Activation clip = activation_of(op.alpha, op.beta);
  const bool known = clip == schema::Activation::RELU || clip == schema::Activation::RELU6;
  return known ? std::optional(clip) : std::nullopt;
}

bool is_zero(const Value& value) {
  if (!value.is_constant()) return false;
  const auto all_are = [](auto numbers, auto zero) {
    return std::ranges::all_of(numbers, [&](auto x) { return x == zero; });
  };
  const Tensor& data = *value.data;
  if (data.dtype() == DType::kFloat32) return all_are(data.as<float>(), 0.0f);
  if (!value.quantization) return false;
  const std::int32_t zero = value.quantization->zero_point[0];
  return data.dtype() == DType::kInt8 ? all_are(data.as<std::int8_t>(), zero)
                                      : all_are(data.as<std::int16_t>(), zero);
}

Status check_lstm(const NodeWriter& writer, const RecurrentOp& op) {
  const std::string only = "; UNIDIRECTIONAL_SEQUENCE_LSTM is all that TensorFlow Lite has";
  if (op.kind != RecurrentKind::kLstm) return unimplemented("it is no LSTM" + only);
  if (writer.in(0).dtype != DType::kFloat32 && writer.in(0).dtype != DType::kInt8) {
    return unimplemented("it is neither float32 nor int8" + only);
  }
  if (op.gate.kind != ActivationKind::kSigmoid || !cell_activation(op.activation) ||
      cell_activation(op.activation) != cell_activation(op.output)) {
    return unimplemented("its activations are others than sigmoid and tanh or relu" + only);
  }
  if (op.append_cell || op.clip != 0.0f) {
    return unimplemented("it hands on its cell state, or clips its gates" + only);
  }
  if (!is_zero(writer.in(kState)) || !is_zero(writer.in(kCellState))) {
    return unimplemented("its initial state is not zero" + only);
  }
  return ok_status();
}

// Columns [gate * H, (gate + 1) * H) of [rows, gates * H].
Tensor columns_of(const TensorView& joined, std::int64_t gates, std::int64_t gate) {
  const std::int64_t width = joined.shape[joined.shape.rank() - 1] / gates;
  const std::int64_t rows = joined.shape.num_elements() / (width * gates);
  const std::size_t bytes = usize(width) * dtype_size(joined.dtype);
  Tensor part(joined.dtype, Shape{rows, width});
  for (std::size_t row = 0; row < usize(rows); ++row) {
    std::memcpy(part.data() + row * bytes, joined.data + (row * usize(gates) + usize(gate)) * bytes,
                bytes);
  }
  return part;
}

// The sum of both biases, which TensorFlow Lite does not tell apart. Integers have one.
Tensor joined_bias(const NodeWriter& writer) {
  Tensor sum = writer.in(kBias).data->clone();
  if (sum.dtype() != DType::kFloat32) return sum;
  const auto other = writer.in(kRecurrentBias).data->as<float>();
  for (std::size_t i = 0; i < other.size(); ++i) {
    if (other[i] != 0.0f) sum.as<float>()[i] += other[i];
  }
  return sum;
}

TensorId vector_of(NodeWriter& writer, const char* name, const ElementType& type,
                   const TensorView& joined, std::int64_t parts, std::int64_t part) {
  Tensor numbers = columns_of(joined, parts, part);
  numbers.reshape(Shape{numbers.shape()[1]});
  return writer.constant(name + std::to_string(part), type, numbers.view());
}

// Of the columns of one gate, which share a scale.
ElementType type_of_gate(const Value& joined, std::int64_t gate) {
  if (!joined.quantization) return joined.dtype;
  const std::size_t at = joined.quantization->scale.size() / lstm::kGates * usize(gate);
  return {joined.dtype, Quantization{{joined.quantization->scale[at]}, {0}, -1}};
}

TensorId matrix_of(NodeWriter& writer, const char* name, const Value& joined, std::int64_t gate) {
  const Tensor part = columns_of(joined.data->view(), lstm::kGates, gate);
  const Shape& shape = part.shape();
  const Tensor turned = swap_axes(part.view(), shape[0], shape[1], Shape{shape[1], shape[0]});
  return writer.constant(name + std::to_string(gate), type_of_gate(joined, gate), turned.view());
}

// That of the sums that it is added to.
ElementType type_of_bias(const NodeWriter& writer, std::int64_t gate) {
  if (!writer.in(0).quantization) return DType::kFloat32;
  const float scale = writer.in(0).quantization->scale[0] *
                      type_of_gate(writer.in(kKernel), gate).quantization->scale[0];
  return {DType::kInt32, Quantization{{scale}, {0}, -1}};
}

Tensors lstm_inputs(NodeWriter& writer, TensorId x) {
  Tensors inputs(usize(lstm::kEnd), kNoTensor);
  inputs[0] = x;
  const Tensor bias = joined_bias(writer);
  for (std::int64_t gate = 0; gate < lstm::kGates; ++gate) {
    const std::size_t at = usize(gate);
    inputs[usize(lstm::kInputWeights) + at] = matrix_of(writer, "kernel", writer.in(kKernel), gate);
    inputs[usize(lstm::kRecurrentWeights) + at] =
        matrix_of(writer, "recurrent_kernel", writer.in(kRecurrent), gate);
    inputs[usize(lstm::kBiases) + at] =
        vector_of(writer, "bias", type_of_bias(writer, gate), bias.view(), lstm::kGates, gate);
  }
  constexpr std::int64_t kPeepholeGates = 3;
  for (std::int64_t i = 0; writer.num_inputs() > kPeepholeInput && i < kPeepholeGates; ++i) {
    inputs[usize(lstm::kPeepholes) + usize(i)] =
        vector_of(writer, "peephole", DType::kFloat32, writer.in(kPeepholeInput).data->view(),
                  kPeepholeGates, i);
  }
  const auto state = [&](const char* name, const Value& value) {
    return writer.variable(name, {value.dtype, value.quantization}, value.shape);
  };
  inputs[usize(lstm::kState)] = state("state", writer.in(kState));
  inputs[usize(lstm::kCellState)] = state("cell_state", writer.in(kCellState));
  return inputs;
}

// Of integers, TensorFlow Lite asks for the types of the gates' sums, which only layer
// normalisation needs, and of the state before a projection.
Tensors intermediates(NodeWriter& writer) {
  Tensors made;
  if (!writer.in(0).quantization) return made;
  for (int gate = 0; gate < lstm::kGates; ++gate) {
    made.push_back(writer.intermediate("gate" + std::to_string(gate), DType::kFloat32));
  }
  made.push_back(writer.intermediate("hidden", {writer.out().dtype, writer.out().quantization}));
  return made;
}

}  // namespace

Status write_operation(NodeWriter& writer, const RecurrentOp& op) {
  TINYSPLIT_RETURN_IF_ERROR(check_lstm(writer, op));
  const std::vector<std::int64_t> time{1};
  TensorId x = writer.input(0);
  if (op.reverse) x = writer.add(Code::REVERSE_V2, {x, writer.integers(time)});
  const auto table = schema::CreateUnidirectionalSequenceLSTMOptions(
      writer.tables(), *cell_activation(op.activation), op.cell_clip);
  OperatorOptions options = writer.options(table);
  const Tensors inputs = lstm_inputs(writer, x);
  options.intermediates = intermediates(writer);
  const Code code = Code::UNIDIRECTIONAL_SEQUENCE_LSTM;
  if (!op.reverse) return writer.finish(code, inputs, options);
  const ElementType type{writer.out().dtype, writer.out().quantization};
  const TensorId backwards = writer.add(code, inputs, type, writer.out().shape, options);
  return writer.finish(Code::REVERSE_V2, {backwards, writer.integers(time)});
}

}  // namespace tinysplit::tflite
