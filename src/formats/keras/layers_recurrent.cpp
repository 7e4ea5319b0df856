// Layers that walk over steps: LSTM, GRU, SimpleRNN, and Bidirectional of them.
#include <algorithm>
#include <cstring>

#include "formats/keras/layers.h"

namespace tinysplit::keras {
namespace {

// How one layer walks, from its own options.
struct Walk {
  RecurrentOp op;
  std::int64_t units = 0;
  std::int64_t gates = 1;
  bool use_bias = true;
  bool separate_bias = false;  // GRU: the recurrent product has one of its own
  bool return_sequences = false;
  bool return_state = false;
  bool zero_masked = false;  // steps that a mask leaves out give zeros, and not the output before
};

Status check_plain(const LayerOptions& options) {
  for (const char* key : {"stateful", "time_major"}) {
    TINYSPLIT_ASSIGN_OR_RETURN(const bool set, options.flag(key, false));
    if (set) return options.unsupported(key);
  }
  return options.at("quantization_config").is_null() ? ok_status()
                                                     : options.unsupported("quantization_config");
}

Result<Walk> parse_walk(const LayerContext& context, const std::string& class_name,
                        const LayerOptions& options) {
  Walk walk;
  TINYSPLIT_RETURN_IF_ERROR(check_plain(options));
  TINYSPLIT_ASSIGN_OR_RETURN(walk.units, options.integer("units", 1, LayerOptions::kMaxOption));
  TINYSPLIT_ASSIGN_OR_RETURN(walk.use_bias, options.flag("use_bias", true));
  TINYSPLIT_ASSIGN_OR_RETURN(walk.return_sequences, options.flag("return_sequences", false));
  TINYSPLIT_ASSIGN_OR_RETURN(walk.return_state, options.flag("return_state", false));
  TINYSPLIT_ASSIGN_OR_RETURN(walk.op.reverse, options.flag("go_backwards", false));
  TINYSPLIT_ASSIGN_OR_RETURN(walk.zero_masked, options.flag("zero_output_for_mask", false));
  TINYSPLIT_ASSIGN_OR_RETURN(walk.op.activation,
                             context.parse_activation(options, "activation", "linear"));
  walk.op.kind = RecurrentKind::kSimple;
  if (class_name == "SimpleRNN") return walk;
  TINYSPLIT_ASSIGN_OR_RETURN(walk.op.gate,
                             context.parse_activation(options, "recurrent_activation", "linear"));
  if (class_name == "LSTM") {
    walk.op.kind = RecurrentKind::kLstm;
    walk.op.output = walk.op.activation;
    walk.op.append_cell = walk.return_state;
    walk.gates = 4;
    return walk;
  }
  walk.op.kind = RecurrentKind::kGru;
  walk.gates = 3;
  TINYSPLIT_ASSIGN_OR_RETURN(walk.op.reset_after, options.flag("reset_after", false));
  walk.separate_bias = walk.op.reset_after;
  return walk;
}

// One row of a bias [2,G*H].
Result<ValueId> bias_row(LayerContext& context, const Tensor& bias, std::int64_t row) {
  const std::int64_t width = bias.shape()[1];
  TINYSPLIT_RETURN_IF_ERROR(context.spend_constants(width));
  Tensor tensor(DType::kFloat32, Shape{width});
  std::memcpy(tensor.data(), bias.as<float>().data() + row * width, tensor.num_bytes());
  return context.constant(std::move(tensor));
}

// The steps' outputs in the order of the input, and the final states.
struct Walked {
  ValueId steps = -1;
  ValueId last = -1;
  std::vector<ValueId> states;
};

Result<ValueId> pick_step(LayerContext& context, ValueId steps, std::int64_t step) {
  const Shape in = context.shape(steps);
  TINYSPLIT_ASSIGN_OR_RETURN(
      const ValueId row, context.add(SliceOp{{0, step, 0}, {1, 1, 1}, {in[0], 1, in[2]}}, {steps}));
  return context.reshape_dims(row, {in[0], in[2]});
}

// Weights in the order of Keras: kernel, recurrent kernel, bias.
Result<std::vector<ValueId>> take_weights(LayerContext& context, const Walk& walk,
                                          std::int64_t features) {
  const std::int64_t width = walk.gates * walk.units;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel,
                             context.weight(Shape{features, width}, "kernel"));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId recurrent,
                             context.weight(Shape{walk.units, width}, "recurrent kernel"));
  ValueId bias = -1;
  ValueId recurrent_bias = -1;
  if (walk.use_bias && walk.separate_bias) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto both, context.weights.take(Shape{2, width}, "bias"));
    TINYSPLIT_ASSIGN_OR_RETURN(bias, bias_row(context, *both, 0));
    TINYSPLIT_ASSIGN_OR_RETURN(recurrent_bias, bias_row(context, *both, 1));
  } else if (walk.use_bias) {
    TINYSPLIT_ASSIGN_OR_RETURN(bias, context.weight(Shape{width}, "bias"));
  } else {
    TINYSPLIT_ASSIGN_OR_RETURN(bias, context.filled(Shape{width}, 0.0f));
  }
  if (recurrent_bias < 0) {
    TINYSPLIT_ASSIGN_OR_RETURN(recurrent_bias, context.filled(Shape{width}, 0.0f));
  }
  return std::vector<ValueId>{kernel, recurrent, bias, recurrent_bias};
}

// Step by step: one that the mask [N,T] leaves out changes no state. `operands` are those of the
// whole walk.
Result<Walked> add_masked_walk(LayerContext& context, const Walk& walk,
                               std::vector<ValueId> operands, ValueId mask) {
  constexpr std::size_t kFirstState = 5;  // behind x, two kernels and two biases
  constexpr std::int64_t kMostSteps = 2048;
  const ValueId x = operands.front();
  const Shape in = context.shape(x);
  if (in[1] > kMostSteps) {
    return unimplemented("it has a mask for " + std::to_string(in[1]) + " steps, at most " +
                         std::to_string(kMostSteps) + " are supported");
  }
  RecurrentOp step = walk.op;
  step.reverse = false;
  step.append_cell = step.kind == RecurrentKind::kLstm;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId zeros, context.filled(Shape{in[0], walk.units}, 0.0f));
  std::vector<ValueId> outputs(static_cast<std::size_t>(in[1]), -1);
  ValueId last = zeros;
  for (std::int64_t taken = 0; taken < in[1]; ++taken) {
    const std::int64_t t = walk.op.reverse ? in[1] - 1 - taken : taken;
    TINYSPLIT_ASSIGN_OR_RETURN(operands.front(),
                               context.add(SliceOp{{0, t, 0}, {1, 1, 1}, {in[0], 1, in[2]}}, {x}));
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId counts,
                               context.add(SliceOp{{0, t}, {1, 1}, {in[0], 1}}, {mask}));
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId made, context.add(step, operands));
    ValueId output = -1;
    for (std::size_t i = kFirstState; i < operands.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i - kFirstState);
      TINYSPLIT_ASSIGN_OR_RETURN(const ValueId state, pick_step(context, made, row));
      if (row == 0) output = state;
      TINYSPLIT_ASSIGN_OR_RETURN(operands[i],
                                 context.add(SelectOp{}, {counts, state, operands[i]}));
    }
    TINYSPLIT_ASSIGN_OR_RETURN(
        last, context.add(SelectOp{}, {counts, output, walk.zero_masked ? zeros : last}));
    outputs[static_cast<std::size_t>(t)] = last;
  }
  Walked walked;
  walked.last = last;
  if (walk.return_state) walked.states.assign(operands.begin() + kFirstState, operands.end());
  if (!walk.return_sequences) return walked;
  for (ValueId& output : outputs) {
    TINYSPLIT_ASSIGN_OR_RETURN(output, context.reshape_dims(output, {in[0], 1, walk.units}));
  }
  walked.steps = outputs.front();
  if (outputs.size() > 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(walked.steps, context.add(ConcatOp{1}, std::move(outputs)));
  }
  return walked;
}

// `initial`: the states to begin with; zeros if there are none.
Result<Walked> add_walk(LayerContext& context, const Walk& walk, ValueId x,
                        const std::vector<ValueId>& initial, std::optional<ValueId> mask) {
  const Shape in = context.shape(x);
  if (in.rank() != 3) {
    return invalid_argument("its input has shape " + in.to_string() + ", it takes [N,T,F]");
  }
  const std::size_t num_states = walk.op.kind == RecurrentKind::kLstm ? 2 : 1;
  if (!initial.empty() && initial.size() != num_states) {
    return invalid_argument("it is given " + std::to_string(initial.size()) +
                            " initial states, it has " + std::to_string(num_states));
  }
  std::vector<ValueId> operands{x};
  TINYSPLIT_ASSIGN_OR_RETURN(const auto weights, take_weights(context, walk, in[2]));
  operands.insert(operands.end(), weights.begin(), weights.end());
  for (std::size_t i = 0; i < num_states; ++i) {
    if (initial.empty()) {
      TINYSPLIT_ASSIGN_OR_RETURN(const ValueId zeros,
                                 context.filled(Shape{in[0], walk.units}, 0.0f));
      operands.push_back(zeros);
    } else {
      operands.push_back(initial[i]);
    }
  }
  if (mask) return add_masked_walk(context, walk, std::move(operands), *mask);
  Walked walked;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId all, context.add(walk.op, std::move(operands)));
  walked.steps = all;
  if (walk.op.append_cell && walk.return_sequences) {
    TINYSPLIT_ASSIGN_OR_RETURN(
        walked.steps,
        context.add(SliceOp{{0, 0, 0}, {1, 1, 1}, {in[0], in[1], walk.units}}, {all}));
  }
  if (!walk.return_sequences || walk.return_state) {
    TINYSPLIT_ASSIGN_OR_RETURN(walked.last,
                               pick_step(context, all, walk.op.reverse ? 0 : in[1] - 1));
  }
  if (walk.return_state) walked.states.push_back(walked.last);
  if (walk.op.append_cell) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId cell, pick_step(context, all, in[1]));
    walked.states.push_back(cell);
  }
  return walked;
}

Result<ValueId> flip_steps(LayerContext& context, ValueId steps) {
  const Shape& in = context.shape(steps);
  return context.add(SliceOp{{0, in[1] - 1, 0}, {1, -1, 1}, {in[0], in[1], in[2]}}, {steps});
}

// What the layer hands on. Keras lists steps in the order in which they were taken.
Result<ValueId> output_of(LayerContext& context, const Walk& walk, const Walked& walked,
                          bool flip_again) {
  if (!walk.return_sequences) return walked.last;
  if (walk.op.reverse == flip_again) return walked.steps;
  return flip_steps(context, walked.steps);
}

// Initial states come behind the input or by keyword.
Result<std::vector<ValueId>> take_initial_states(LayerContext& context) {
  std::vector<ValueId> states = context.take_named("initial_state");
  if (context.inputs.empty()) return invalid_argument("it is called on no tensors");
  states.insert(states.begin(), context.inputs.begin() + 1, context.inputs.end());
  return states;
}

Result<ValueId> add_recurrent(LayerContext& context, const std::string& class_name) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Walk walk, parse_walk(context, class_name, context.options));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ValueId> initial, take_initial_states(context));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::optional<ValueId> mask, context.take_mask(initial.empty()));
  TINYSPLIT_ASSIGN_OR_RETURN(const Walked walked,
                             add_walk(context, walk, context.inputs.front(), initial, mask));
  context.more_outputs = walked.states;
  return output_of(context, walk, walked, /*flip_again=*/false);
}

Result<ValueId> merge_directions(LayerContext& context, const std::string& mode, ValueId forward,
                                 ValueId backward) {
  if (mode == "concat") {
    return context.add(ConcatOp{context.shape(forward).rank() - 1}, {forward, backward});
  }
  const BinaryKind kind = mode == "mul" ? BinaryKind::kMultiply : BinaryKind::kAdd;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(BinaryOp{kind}, {forward, backward}));
  if (mode != "ave") return y;
  return context.add(ActivationOp{ActivationKind::kLinear, 0.5f, 0.0f}, {y});
}

Result<Walk> parse_direction(const LayerContext& context, const char* key) {
  const Json& layer = context.options.at(key);
  const std::string class_name = text_of(member(layer, "class_name"));
  if (class_name != "LSTM" && class_name != "GRU" && class_name != "SimpleRNN") {
    return context.options.unsupported(key);
  }
  const LayerOptions options(member(layer, "config"));
  Result<Walk> walk = parse_walk(context, class_name, options);
  if (!walk.ok()) return walk.status().with_context("option " + std::string(key));
  return walk;
}

}  // namespace

Result<ValueId> translate_lstm(LayerContext& context) { return add_recurrent(context, "LSTM"); }
Result<ValueId> translate_gru(LayerContext& context) { return add_recurrent(context, "GRU"); }
Result<ValueId> translate_simple_rnn(LayerContext& context) {
  return add_recurrent(context, "SimpleRNN");
}

Result<ValueId> translate_bidirectional(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(Walk forward, parse_direction(context, "layer"));
  Walk backward = forward;
  backward.op.reverse = !forward.op.reverse;
  if (!options.at("backward_layer").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(backward, parse_direction(context, "backward_layer"));
  }
  if (backward.return_sequences != forward.return_sequences ||
      backward.return_state != forward.return_state) {
    return options.unsupported("backward_layer");
  }
  // Whatever the options of the layers inside say.
  backward.zero_masked = backward.return_sequences;
  forward.zero_masked = forward.return_sequences;
  const bool both = options.at("merge_mode").is_null();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string mode,
                             options.word("merge_mode", {"concat", "sum", "ave", "mul"}, "concat"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ValueId> initial, take_initial_states(context));
  const auto half = initial.begin() + static_cast<std::ptrdiff_t>(initial.size() / 2);
  if (initial.size() % 2 != 0) return invalid_argument("it is given an odd number of states");
  const ValueId x = context.inputs.front();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::optional<ValueId> mask, context.take_mask(initial.empty()));
  TINYSPLIT_ASSIGN_OR_RETURN(const Walked there,
                             add_walk(context, forward, x, {initial.begin(), half}, mask));
  TINYSPLIT_ASSIGN_OR_RETURN(const Walked back,
                             add_walk(context, backward, x, {half, initial.end()}, mask));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId first, output_of(context, forward, there, false));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId second, output_of(context, backward, back, true));
  if (both) context.more_outputs.push_back(second);
  for (const Walked* walked : {&there, &back}) {
    context.more_outputs.insert(context.more_outputs.end(), walked->states.begin(),
                                walked->states.end());
  }
  return both ? first : merge_directions(context, mode, first, second);
}

}  // namespace tinysplit::keras
