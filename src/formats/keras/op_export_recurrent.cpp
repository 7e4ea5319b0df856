// Operations that walk over steps.
#include <algorithm>

#include "formats/keras/op_export.h"

namespace tinysplit::keras {
namespace {

enum Operand { kInput, kKernel, kRecurrentKernel, kBias, kRecurrentBias, kState, kCell };

bool is_zero(const Tensor& tensor) {
  return std::ranges::all_of(tensor.as<float>(), [](float each) { return each == 0.0f; });
}

const char* class_of(RecurrentKind kind) {
  switch (kind) {
    case RecurrentKind::kLstm:
      return "LSTM";
    case RecurrentKind::kGru:
      return "GRU";
    default:
      return "SimpleRNN";
  }
}

Status add_activation(Json& options, const char* key, const ActivationOp& op) {
  const auto name = activation_name(op);
  if (!name) return unimplemented("Keras has no such activation for its gates");
  options[key] = *name;
  return ok_status();
}

bool same_activation(const ActivationOp& a, const ActivationOp& b) {
  return a.kind == b.kind && a.alpha == b.alpha && a.beta == b.beta && a.gamma == b.gamma;
}

Result<Json> options_of(const RecurrentOp& op, std::int64_t units) {
  if (op.clip != 0.0f || op.cell_clip != 0.0f) return unimplemented("Keras clips no states");
  if (op.kind == RecurrentKind::kLstm && !same_activation(op.activation, op.output)) {
    return unimplemented("Keras has one activation for the candidate and for the output");
  }
  Json options{{"units", units},
               {"use_bias", true},
               {"return_sequences", true},
               {"return_state", op.append_cell},
               {"go_backwards", op.reverse},
               {"stateful", false},
               {"unroll", false}};
  TINYSPLIT_RETURN_IF_ERROR(add_activation(options, "activation", op.activation));
  if (op.kind != RecurrentKind::kSimple) {
    TINYSPLIT_RETURN_IF_ERROR(add_activation(options, "recurrent_activation", op.gate));
  }
  if (op.kind == RecurrentKind::kGru) options["reset_after"] = op.reset_after;
  return options;
}

// Keras has one bias, but for a GRU whose reset gate comes late: there it has both as rows.
Result<TensorView> bias_of(const RecurrentOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* own, context.constant(kBias));
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* recurrent, context.constant(kRecurrentBias));
  const bool both = op.kind == RecurrentKind::kGru && op.reset_after;
  if (!both && is_zero(*recurrent)) return own->view();
  const std::int64_t width = own->shape().num_elements();
  Tensor bias(DType::kFloat32, both ? Shape{2, width} : Shape{width});
  const std::span<float> values = bias.as<float>();
  std::ranges::copy(own->as<float>(), values.begin());
  for (std::size_t i = 0; i < static_cast<std::size_t>(width); ++i) {
    const float more = recurrent->as<float>()[i];
    if (both) {
      values[static_cast<std::size_t>(width) + i] = more;
    } else if (op.kind != RecurrentKind::kGru || more == 0.0f) {
      values[i] += more;
    } else {
      return unimplemented("Keras has no recurrent bias where the reset gate comes early");
    }
  }
  return context.model.keep(std::move(bias)).view();
}

}  // namespace

Exported export_op(const RecurrentOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(kInput));
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* kernel, context.constant(kKernel));
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* recurrent, context.constant(kRecurrentKernel));
  const std::int64_t units = recurrent->shape()[0];
  TINYSPLIT_ASSIGN_OR_RETURN(const Json options, options_of(op, units));
  TINYSPLIT_ASSIGN_OR_RETURN(const TensorView bias, bias_of(op, context));
  const bool is_lstm = op.kind == RecurrentKind::kLstm;
  const std::size_t num_states = is_lstm ? 2 : 1;
  if (context.num_inputs() > kState + num_states) {
    return unimplemented("Keras has no peephole weights");
  }
  std::vector<KerasTensor> states;
  for (std::size_t i = kState; i < kState + num_states; ++i) {
    if (!context.is_constant(i)) {
      TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor state, context.input(i));
      states.push_back(state);
    } else if (!is_zero(*context.input_value(i).data)) {
      return unimplemented("Keras begins with zeros, or with states that are computed");
    }
  }
  if (!states.empty() && states.size() != num_states) {
    return unimplemented("Keras takes all states of a layer or none");
  }
  KerasTensor steps = context.add(class_of(op.kind), options, x, {1, x.shape[1], units},
                                  {{"cell/kernel", kernel->view()},
                                   {"cell/recurrent_kernel", recurrent->view()},
                                   {"cell/bias", bias}});
  if (!states.empty()) context.model.add_keyword("initial_state", states);
  ExportedValue made{steps, op.reverse && x.shape[1] > 1, {}};
  if (op.append_cell) {
    made.cell = steps;
    made.cell->shape = Shape{1, units};
    made.cell->output = 2;  // behind the steps and the last of them
  }
  context.store(made);
  return steps;
}

}  // namespace tinysplit::keras
