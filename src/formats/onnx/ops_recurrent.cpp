#include <algorithm>

#include "formats/onnx/activations.h"
#include "formats/onnx/ops.h"

namespace tinysplit::onnx_format {
namespace {

// One LSTM, GRU or RNN node. Its tensors: X [T,N,I] ([N,T,I] with layout 1), W [D,G*H,I],
// R [D,G*H,H], B [D,2*G*H], sequence_lens [N], initial_h [D,N,H], and for LSTM initial_c, P
// [D,3*H].
struct Recurrent {
  RecurrentOp op;
  int gates = 1;
  int directions = 1;
  bool first_reversed = false;
  bool batch_first = false;
  std::int64_t steps = 0, batch = 0, units = 0;
  Operand x;  // [N,T,I]
  bool has_cell() const { return op.kind == RecurrentKind::kLstm; }
};

// Entry `direction` of a constant [D,...], without that axis.
Result<Operand> part_of(NodeContext& context, const Operand& x, std::int64_t axis,
                        std::int64_t begin, std::int64_t size, const Shape& as) {
  const Shape shape = context.shape(x);
  SliceOp op;
  op.begin.assign(static_cast<std::size_t>(shape.rank()), 0);
  op.stride.assign(op.begin.size(), 1);
  op.size.assign(shape.dims().begin(), shape.dims().end());
  op.begin[static_cast<std::size_t>(axis)] = begin;
  op.size[static_cast<std::size_t>(axis)] = size;
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand part, context.add(op, {x}));
  return context.graph().reshape(part, as);
}

// ONNX orders LSTM gates input, output, forget, cell; the engine input, forget, cell, output. GRU
// agrees. `blocks` is a tensor whose axis 0 holds the gates one after the other.
Result<Operand> reorder_gates(NodeContext& context, const Operand& x,
                              const std::vector<int>& order) {
  const Shape shape = context.shape(x);
  const std::int64_t block = shape[0] / static_cast<std::int64_t>(order.size());
  std::vector<Operand> parts;
  for (const int gate : order) {
    Shape as = shape;
    as[0] = block;
    TINYSPLIT_ASSIGN_OR_RETURN(parts.emplace_back(),
                               part_of(context, x, 0, gate * block, block, as));
  }
  return context.add(ConcatOp{0}, parts);
}

std::vector<int> gate_order(RecurrentKind kind) {
  if (kind == RecurrentKind::kLstm) return {0, 2, 3, 1};
  if (kind == RecurrentKind::kGru) return {0, 1, 2};
  return {0};
}

Result<Operand> zeros(const Shape& shape) { return operand_of(Tensor(DType::kFloat32, shape)); }

Status parse_activations(NodeContext& context, Recurrent& recurrent, int direction) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::string> names,
                             context.attributes.words("activations"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<float> alphas,
                             context.attributes.reals("activation_alpha"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<float> betas,
                             context.attributes.reals("activation_beta"));
  const std::vector<std::string> defaults =
      recurrent.op.kind == RecurrentKind::kLstm
          ? std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"}
      : recurrent.op.kind == RecurrentKind::kGru ? std::vector<std::string>{"Sigmoid", "Tanh"}
                                                 : std::vector<std::string>{"Tanh"};
  if (names.empty()) {
    for (int i = 0; i < recurrent.directions; ++i) {
      names.insert(names.end(), defaults.begin(), defaults.end());
    }
  }
  const std::size_t each = defaults.size();
  if (names.size() != each * static_cast<std::size_t>(recurrent.directions)) {
    return invalid_argument("attribute \"activations\" has " + std::to_string(names.size()) +
                            " entries");
  }
  // Alphas and betas are listed for the activations that have one, in order.
  std::size_t next_alpha = 0, next_beta = 0;
  std::vector<ActivationOp> ops;
  for (const std::string& name : names) {
    const ActivationDefaults* found = find_activation(name);
    if (found == nullptr) return context.attributes.unsupported("activations");
    const bool own = name == "Affine" || name == "ScaledTanh";
    float alpha = found->alpha, beta = found->beta;
    if ((own || found->alpha_name != nullptr) && next_alpha < alphas.size()) {
      alpha = alphas[next_alpha++];
    }
    if ((own || found->beta_name != nullptr) && next_beta < betas.size()) beta = betas[next_beta++];
    ops.push_back(make_activation(*found, alpha, beta));
  }
  const std::size_t first = each * static_cast<std::size_t>(direction);
  recurrent.op.gate = ops[first];
  recurrent.op.activation = ops[first + (each > 1 ? 1 : 0)];
  recurrent.op.output = ops[first + each - 1];
  return ok_status();
}

Result<Recurrent> parse_recurrent(NodeContext& context) {
  Recurrent recurrent;
  Attributes& attributes = context.attributes;
  recurrent.op.kind = context.kind() == "LSTM"  ? RecurrentKind::kLstm
                      : context.kind() == "GRU" ? RecurrentKind::kGru
                                                : RecurrentKind::kSimple;
  recurrent.gates = static_cast<int>(gate_order(recurrent.op.kind).size());
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(3, recurrent.has_cell() ? 8 : 6));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string direction, attributes.word("direction", "forward"));
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
    return attributes.unsupported("direction");
  }
  recurrent.directions = direction == "bidirectional" ? 2 : 1;
  recurrent.first_reversed = direction == "reverse";
  TINYSPLIT_ASSIGN_OR_RETURN(recurrent.batch_first, attributes.flag("layout", false));
  TINYSPLIT_ASSIGN_OR_RETURN(recurrent.op.clip, attributes.real("clip", 0.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(recurrent.op.reset_after,
                             attributes.flag("linear_before_reset", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool input_forget, attributes.flag("input_forget", false));
  if (input_forget) return attributes.unsupported("input_forget");
  TINYSPLIT_ASSIGN_OR_RETURN(recurrent.units, attributes.integer("hidden_size", 0));
  const Shape recurrence = context.shape(2);
  const Shape input = context.shape(0);
  if (input.rank() != 3 || recurrence.rank() != 3 || recurrence[0] != recurrent.directions ||
      context.shape(1).rank() != 3 || context.shape(1)[0] != recurrent.directions) {
    return invalid_argument("its weights " + context.shape(1).to_string() + " and " +
                            recurrence.to_string() + " do not fit its input " + input.to_string());
  }
  if (recurrent.units != 0 && recurrent.units != recurrence[2]) {
    return invalid_argument("attribute \"hidden_size\" does not fit its weights");
  }
  recurrent.units = recurrence[2];
  TINYSPLIT_ASSIGN_OR_RETURN(recurrent.x, context.input(0));
  if (!recurrent.batch_first) {
    TINYSPLIT_ASSIGN_OR_RETURN(recurrent.x, context.graph().transpose(recurrent.x, {1, 0, 2}));
  }
  recurrent.batch = context.shape(recurrent.x)[0];
  recurrent.steps = context.shape(recurrent.x)[1];
  if (context.has_input(4)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto lengths, context.integers(4, "sequence_lens"));
    for (const std::int64_t length : lengths) {
      if (length != recurrent.steps) {
        return unimplemented("sequence_lens has " + std::to_string(length) + " of " +
                             std::to_string(recurrent.steps) +
                             " steps; only full ones are supported");
      }
    }
  }
  return recurrent;
}

// State `input` of one direction, [N,H].
Result<Operand> state_of(NodeContext& context, const Recurrent& recurrent, int input,
                         int direction) {
  const Shape shape{recurrent.batch, recurrent.units};
  if (!context.has_input(input)) return zeros(shape);
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand states, context.input(input));
  const Shape given = context.shape(states);
  const int axis = recurrent.batch_first ? 1 : 0;
  if (given.rank() != 3 || given[axis] != recurrent.directions ||
      given.num_elements() != shape.num_elements() * recurrent.directions) {
    return invalid_argument("its initial state has shape " + given.to_string());
  }
  return part_of(context, states, axis, direction, 1, shape);
}

// The inputs of the operation behind x.
Result<std::vector<Operand>> operands_of(NodeContext& context, const Recurrent& recurrent,
                                         int direction) {
  const std::int64_t rows = recurrent.gates * recurrent.units;
  const std::vector<int> order = gate_order(recurrent.op.kind);
  std::vector<Operand> operands{recurrent.x};
  for (const int input : {1, 2}) {
    TINYSPLIT_RETURN_IF_ERROR(context.constant(input, "its weights").status());
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand all, context.input(input));
    const Shape shape = context.shape(all);
    if (shape[1] != rows) return invalid_argument("its weights have shape " + shape.to_string());
    TINYSPLIT_ASSIGN_OR_RETURN(Operand weights,
                               part_of(context, all, 0, direction, 1, Shape{shape[1], shape[2]}));
    TINYSPLIT_ASSIGN_OR_RETURN(weights, reorder_gates(context, weights, order));
    TINYSPLIT_ASSIGN_OR_RETURN(operands.emplace_back(), context.graph().transpose(weights, {1, 0}));
  }
  for (const std::int64_t half : {0, 1}) {
    TINYSPLIT_ASSIGN_OR_RETURN(Operand bias, zeros(Shape{rows}));
    if (context.has_input(3)) {
      TINYSPLIT_RETURN_IF_ERROR(context.constant(3, "its bias").status());
      TINYSPLIT_ASSIGN_OR_RETURN(const Operand all, context.input(3));
      if (!(context.shape(all) == Shape{recurrent.directions, 2 * rows})) {
        return invalid_argument("its bias has shape " + context.shape(all).to_string());
      }
      TINYSPLIT_ASSIGN_OR_RETURN(const Operand own,
                                 part_of(context, all, 0, direction, 1, Shape{2 * rows}));
      TINYSPLIT_ASSIGN_OR_RETURN(bias, part_of(context, own, 0, half * rows, rows, Shape{rows}));
      TINYSPLIT_ASSIGN_OR_RETURN(bias, reorder_gates(context, bias, order));
    }
    operands.push_back(std::move(bias));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(operands.emplace_back(), state_of(context, recurrent, 5, direction));
  if (!recurrent.has_cell()) return operands;
  TINYSPLIT_ASSIGN_OR_RETURN(operands.emplace_back(), state_of(context, recurrent, 6, direction));
  if (context.has_input(7)) {
    TINYSPLIT_RETURN_IF_ERROR(context.constant(7, "its peephole weights").status());
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand all, context.input(7));
    if (!(context.shape(all) == Shape{recurrent.directions, 3 * recurrent.units})) {
      return invalid_argument("its peephole weights have shape " + context.shape(all).to_string());
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand own,
                               part_of(context, all, 0, direction, 1, Shape{3 * recurrent.units}));
    TINYSPLIT_ASSIGN_OR_RETURN(operands.emplace_back(), reorder_gates(context, own, {0, 2, 1}));
  }
  return operands;
}

// [N,T,H] of each direction to Y: [T,D,N,H], or [N,T,D,H] with the batch first.
Status set_sequence(NodeContext& context, const Recurrent& r, const std::vector<Operand>& states) {
  std::vector<Operand> parts;
  for (const Operand& state : states) {
    TINYSPLIT_ASSIGN_OR_RETURN(parts.emplace_back(),
                               context.graph().reshape(state, Shape{r.batch, r.steps, 1, r.units}));
  }
  Operand y = parts.front();
  if (parts.size() > 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(ConcatOp{2}, parts));
  }
  if (!r.batch_first) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.graph().transpose(y, {1, 2, 0, 3}));
  }
  context.set_output(0, std::move(y));
  return ok_status();
}

// [N,1,H] of each direction to Y_h or Y_c: [D,N,H], or [N,D,H].
Status set_state(NodeContext& context, const Recurrent& r, int output,
                 const std::vector<Operand>& states) {
  Operand y = states.front();
  if (states.size() > 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(ConcatOp{1}, states));
  }
  if (!r.batch_first) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.graph().transpose(y, {1, 0, 2}));
  }
  context.set_output(output, std::move(y));
  return ok_status();
}

}  // namespace

Status translate_recurrent(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(Recurrent recurrent, parse_recurrent(context));
  recurrent.op.append_cell = recurrent.has_cell() && context.wants_output(2);
  const Shape row{recurrent.batch, 1, recurrent.units};
  const Shape all{recurrent.batch, recurrent.steps, recurrent.units};
  std::vector<Operand> sequences, last_states, last_cells;
  for (int direction = 0; direction < recurrent.directions; ++direction) {
    TINYSPLIT_RETURN_IF_ERROR(parse_activations(context, recurrent, direction));
    recurrent.op.reverse = recurrent.first_reversed || direction == 1;
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<Operand> operands,
                               operands_of(context, recurrent, direction));
    TINYSPLIT_ASSIGN_OR_RETURN(Operand states, context.add(recurrent.op, operands));
    if (recurrent.op.append_cell) {
      TINYSPLIT_ASSIGN_OR_RETURN(last_cells.emplace_back(),
                                 part_of(context, states, 1, recurrent.steps, 1, row));
      TINYSPLIT_ASSIGN_OR_RETURN(states, part_of(context, states, 1, 0, recurrent.steps, all));
    }
    const std::int64_t last = recurrent.op.reverse ? 0 : recurrent.steps - 1;
    if (context.wants_output(1)) {
      TINYSPLIT_ASSIGN_OR_RETURN(last_states.emplace_back(),
                                 part_of(context, states, 1, last, 1, row));
    }
    sequences.push_back(std::move(states));
  }
  if (context.wants_output(0)) {
    TINYSPLIT_RETURN_IF_ERROR(set_sequence(context, recurrent, sequences));
  }
  if (!last_states.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(set_state(context, recurrent, 1, last_states));
  }
  if (last_cells.empty()) return ok_status();
  return set_state(context, recurrent, 2, last_cells);
}

}  // namespace tinysplit::onnx_format
