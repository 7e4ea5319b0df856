// Operators with state. Every inference starts with a state of zeros.
#include <algorithm>
#include <cmath>

#include "core/numeric.h"
#include "formats/tflite/lstm_inputs.h"
#include "formats/tflite/operators.h"

namespace tinysplit::tflite {
namespace {

Result<ActivationOp> cell_activation(schema::Activation activation) {
  switch (activation) {
    case schema::Activation::NONE:
      return ActivationOp{ActivationKind::kLinear, 1.0f};
    case schema::Activation::TANH:
      return ActivationOp{ActivationKind::kTanh};
    case schema::Activation::RELU:
      return ActivationOp{ActivationKind::kClip, 0.0f, kInfinity};
    case schema::Activation::RELU6:
      return ActivationOp{ActivationKind::kClip, 0.0f, 6.0f};
    default:
      return unimplemented(
          "fused_activation_function = " + std::string(schema::EnumNameActivation(activation)) +
          " is not supported");
  }
}

Result<ValueId> zeros(OperatorContext& context, const Shape& shape) {
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor tensor, context.new_tensor(DType::kFloat32, shape));
  return context.constant(std::move(tensor));
}

Status check_lstm(const OperatorContext& context,
                  const schema::UnidirectionalSequenceLSTMOptions& options) {
  if (!context.has_input(lstm::kInputWeights)) {
    return unimplemented("coupled input and forget gates are not supported");
  }
  if (context.has_input(lstm::kProjection) || context.has_input(lstm::kProjection + 1)) {
    return unimplemented("a projection is not supported");
  }
  for (int i = lstm::kLayerNorms; i < lstm::kEnd; ++i) {
    if (context.has_input(i)) return unimplemented("layer normalisation is not supported");
  }
  if (!std::isfinite(options.cell_clip()) || options.cell_clip() < 0.0f) {
    return invalid_argument("cell_clip = " + std::to_string(options.cell_clip()) +
                            " must be 0 or more");
  }
  return ok_status();
}

Result<std::vector<ValueId>> float_operands(OperatorContext& context, ValueId x,
                                            std::int64_t units) {
  const std::int64_t batch = context.shape(x)[0], features = context.shape(x)[2];
  std::vector<ValueId> operands{x};
  TINYSPLIT_ASSIGN_OR_RETURN(
      lstm::Gates kernel,
      lstm::join_columns(context, lstm::kInputWeights, lstm::kGates, WeightLayout::kFirstToLast,
                         DType::kFloat32, features, units));
  operands.push_back(context.constant(std::move(kernel.tensor)));
  TINYSPLIT_ASSIGN_OR_RETURN(
      lstm::Gates recurrent,
      lstm::join_columns(context, lstm::kRecurrentWeights, lstm::kGates, WeightLayout::kFirstToLast,
                         DType::kFloat32, units, units));
  operands.push_back(context.constant(std::move(recurrent.tensor)));
  TINYSPLIT_ASSIGN_OR_RETURN(lstm::Gates bias,
                             lstm::join_columns(context, lstm::kBiases, lstm::kGates,
                                                WeightLayout::kAsIs, DType::kFloat32, 1, units));
  bias.tensor.reshape(Shape{lstm::kGates * units});
  operands.push_back(context.constant(std::move(bias.tensor)));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId none, zeros(context, Shape{lstm::kGates * units}));
  operands.push_back(none);
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId state, zeros(context, Shape{batch, units}));
  operands.push_back(state);
  operands.push_back(state);
  if (context.has_input(lstm::kPeepholes)) {
    TINYSPLIT_ASSIGN_OR_RETURN(lstm::Gates peepholes,
                               lstm::join_columns(context, lstm::kPeepholes, 3, WeightLayout::kAsIs,
                                                  DType::kFloat32, 1, units));
    peepholes.tensor.reshape(Shape{3 * units});
    operands.push_back(context.constant(std::move(peepholes.tensor)));
  }
  return operands;
}

}  // namespace

Status translate_sequence_lstm(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::UnidirectionalSequenceLSTMOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.input(0));
  const bool is_integer = context.view(x).dtype == DType::kInt8 && context.view(x).quantization;
  if ((!context.is_float(x) && !is_integer) || context.shape(x).rank() != 3) {
    return unimplemented("its input is " + std::string(dtype_name(context.view(x).dtype)) +
                         context.shape(x).to_string() +
                         "; only float32 and quantised int8 [N,T,I] are supported");
  }
  const TransposeOp exchange{{1, 0, 2}};
  if (options->time_major()) {
    TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(exchange, {x}));
  }
  TINYSPLIT_RETURN_IF_ERROR(check_lstm(context, *options));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId recurrent,
                             context.kernel(lstm::kRecurrentWeights, WeightLayout::kFirstToLast));
  if (context.shape(recurrent).rank() != 2) return invalid_argument("its weights are no matrices");
  const std::int64_t units = context.shape(recurrent)[0];
  TINYSPLIT_ASSIGN_OR_RETURN(auto operands, is_integer ? lstm::integer_operands(context, x, units)
                                                       : float_operands(context, x, units));
  RecurrentOp op;
  op.kind = RecurrentKind::kLstm;
  op.gate = ActivationOp{ActivationKind::kSigmoid};
  op.cell_clip = options->cell_clip();
  TINYSPLIT_ASSIGN_OR_RETURN(op.activation, cell_activation(options->fused_activation()));
  if (is_integer && op.activation.kind != ActivationKind::kTanh) {
    return unimplemented("its fused_activation_function must be TANH on int8");
  }
  op.output = op.activation;
  if (!options->time_major()) return context.finish(op, std::move(operands));
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, context.output_type());
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(op, std::move(operands), type));
  return context.finish(exchange, {y});
}

// Nakkiran et al., Compressing Deep Neural Networks using a Rank-Constrained Topology, 2015: each
// filter's feature goes through a memory of past steps. With an empty memory only its newest cell
// counts, so that the filters of a unit and their newest time weight make one dense kernel.
Status translate_svdf(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options, context.required_options<schema::SVDFOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.input(0));
  if (!context.is_float(x)) return unimplemented("only float32 is supported");
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId feature, context.kernel(1, WeightLayout::kAsIs));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId time, context.kernel(2, WeightLayout::kAsIs));
  const Shape filters = context.shape(feature);  // [F,I]
  const Shape memory = context.shape(time);      // [F,memory]
  const std::int64_t rank = options->rank();
  if (filters.rank() != 2 || memory.rank() != 2 || filters[0] != memory[0] || rank < 1 ||
      filters[0] % rank != 0 || memory[1] < 1) {
    return invalid_argument("its weights " + filters.to_string() + " and " + memory.to_string() +
                            " do not fit rank " + std::to_string(rank));
  }
  const std::int64_t units = filters[0] / rank, inputs = filters[1];
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor kernel,
                             context.new_tensor(DType::kFloat32, Shape{inputs, units}));
  const auto from = context.view(feature).data->as<float>();
  const auto newest = context.view(time).data->as<float>();
  for (std::int64_t f = 0; f < filters[0]; ++f) {
    const float weight = newest[static_cast<std::size_t>((f + 1) * memory[1] - 1)];
    for (std::int64_t i = 0; i < inputs; ++i) {
      kernel.as<float>()[static_cast<std::size_t>(i * units + f / rank)] +=
          weight * from[static_cast<std::size_t>(f * inputs + i)];
    }
  }
  std::vector<ValueId> operands{x, context.constant(std::move(kernel))};
  if (context.has_input(3)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId bias, context.bias(3, units));
    operands.push_back(bias);
  }
  return context.finish(DenseOp{}, std::move(operands), options->fused_activation());
}

}  // namespace tinysplit::tflite
