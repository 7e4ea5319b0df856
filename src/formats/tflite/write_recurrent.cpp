// Recurrent layers.
#include <algorithm>
#include <optional>

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

// Inputs of UNIDIRECTIONAL_SEQUENCE_LSTM; its gates are in the order of RecurrentOp's.
constexpr std::size_t kLstmInputs = 24;
constexpr std::size_t kLstmKernels = 1;
constexpr std::size_t kLstmRecurrent = 5;
constexpr std::size_t kLstmPeepholes = 9;
constexpr std::size_t kLstmBiases = 12;
constexpr std::size_t kLstmState = 18;
constexpr std::size_t kLstmCellState = 19;
constexpr std::int64_t kGateCount = 4;

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
  return value.is_constant() &&
         std::ranges::all_of(value.data->as<float>(), [](float x) { return x == 0.0f; });
}

Status check_lstm(const NodeWriter& writer, const RecurrentOp& op) {
  const std::string only = "; UNIDIRECTIONAL_SEQUENCE_LSTM is all that TensorFlow Lite has";
  if (op.kind != RecurrentKind::kLstm) return unimplemented("it is no LSTM" + only);
  if (writer.in(0).dtype != DType::kFloat32) return unimplemented("it is not float32" + only);
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
  Tensor part(DType::kFloat32, Shape{rows, width});
  for (std::int64_t row = 0; row < rows; ++row) {
    std::copy_n(joined.as<float>().begin() + (row * gates + gate) * width, width,
                part.as<float>().begin() + row * width);
  }
  return part;
}

// The sum of both biases, which TensorFlow Lite does not tell apart.
Tensor joined_bias(const NodeWriter& writer) {
  Tensor sum = writer.in(kBias).data->clone();
  const auto other = writer.in(kRecurrentBias).data->as<float>();
  for (std::size_t i = 0; i < other.size(); ++i) {
    if (other[i] != 0.0f) sum.as<float>()[i] += other[i];
  }
  return sum;
}

TensorId vector_of(NodeWriter& writer, const char* name, const TensorView& joined,
                   std::int64_t parts, std::int64_t part) {
  Tensor numbers = columns_of(joined, parts, part);
  numbers.reshape(Shape{numbers.shape()[1]});
  return writer.constant(name + std::to_string(part), DType::kFloat32, numbers.view());
}

TensorId matrix_of(NodeWriter& writer, const char* name, const TensorView& joined,
                   std::int64_t gate) {
  const Tensor part = columns_of(joined, kGateCount, gate);
  const Shape& shape = part.shape();
  const Tensor turned = swap_axes(part.view(), shape[0], shape[1], Shape{shape[1], shape[0]});
  return writer.constant(name + std::to_string(gate), DType::kFloat32, turned.view());
}

Tensors lstm_inputs(NodeWriter& writer, TensorId x) {
  Tensors inputs(kLstmInputs, kNoTensor);
  inputs[0] = x;
  const Tensor bias = joined_bias(writer);
  for (std::int64_t gate = 0; gate < kGateCount; ++gate) {
    const std::size_t at = static_cast<std::size_t>(gate);
    inputs[kLstmKernels + at] = matrix_of(writer, "kernel", writer.in(kKernel).data->view(), gate);
    inputs[kLstmRecurrent + at] =
        matrix_of(writer, "recurrent_kernel", writer.in(kRecurrent).data->view(), gate);
    inputs[kLstmBiases + at] = vector_of(writer, "bias", bias.view(), kGateCount, gate);
  }
  constexpr std::int64_t kPeepholeGates = 3;
  for (std::int64_t i = 0; writer.num_inputs() > kPeepholeInput && i < kPeepholeGates; ++i) {
    inputs[kLstmPeepholes + static_cast<std::size_t>(i)] =
        vector_of(writer, "peephole", writer.in(kPeepholeInput).data->view(), kPeepholeGates, i);
  }
  inputs[kLstmState] = writer.variable("state", DType::kFloat32, writer.in(kState).shape);
  inputs[kLstmCellState] =
      writer.variable("cell_state", DType::kFloat32, writer.in(kCellState).shape);
  return inputs;
}

}  // namespace

Status write_operation(NodeWriter& writer, const RecurrentOp& op) {
  TINYSPLIT_RETURN_IF_ERROR(check_lstm(writer, op));
  const std::vector<std::int64_t> time{1};
  TensorId x = writer.input(0);
  if (op.reverse) x = writer.add(Code::REVERSE_V2, {x, writer.integers(time)});
  const auto table = schema::CreateUnidirectionalSequenceLSTMOptions(
      writer.tables(), *cell_activation(op.activation), op.cell_clip);
  const Tensors inputs = lstm_inputs(writer, x);
  const Code code = Code::UNIDIRECTIONAL_SEQUENCE_LSTM;
  if (!op.reverse) return writer.finish(code, inputs, writer.options(table));
  const TensorId backwards =
      writer.add(code, inputs, DType::kFloat32, writer.out().shape, writer.options(table));
  return writer.finish(Code::REVERSE_V2, {backwards, writer.integers(time)});
}

}  // namespace tinysplit::tflite
