#include "formats/keras/graph_translation.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "formats/keras/json_constant.h"
#include "formats/keras/layer_checks.h"
#include "formats/keras/layer_context.h"
#include "formats/keras/layer_table.h"
#include "formats/keras/masks.h"
#include "formats/keras/model_inlining.h"
#include "formats/keras/operation_table.h"

namespace tinysplit::keras {
namespace {

using Values = std::vector<ValueId>;

// One model of the file: the whole, or one that TimeDistributed wraps; the layers of models that it
// uses as layers are its own.
class ModelTranslation {
 public:
  // Finds the weights of all layers.
  static Result<std::unique_ptr<ModelTranslation>> open(const ModelConfig& model, WeightFile& file,
                                                        TranslationState& state) {
    TINYSPLIT_ASSIGN_OR_RETURN(ModelConfig flat, inline_models(model));
    std::unique_ptr<ModelTranslation> translation(new ModelTranslation(std::move(flat), state));
    TINYSPLIT_RETURN_IF_ERROR(translation->open_layers(model, file, /*inner=*/false));
    return translation;
  }

  std::int64_t num_weights() const {
    std::int64_t elements = 0;
    for (const OpenLayer& layer : layers_) elements += layer.num_weights();
    return elements;
  }

  // The whole file: each entry a layer of the graph.
  Status run_as_layers(const InputSizes& sizes) {
    TINYSPLIT_RETURN_IF_ERROR(add_inputs(sizes));
    for (std::size_t e = 0; e < model_.entries.size();) TINYSPLIT_RETURN_IF_ERROR(add_entry(e));
    // Outputs go by name, so one that comes again (listed twice, or handed on by a layer that only
    // trains) adds nothing.
    TINYSPLIT_ASSIGN_OR_RETURN(const Values outputs, collect_outputs());
    std::set<ValueId> added;
    for (const ValueId output : outputs) {
      if (added.insert(output).second) TINYSPLIT_RETURN_IF_ERROR(state_.builder.add_output(output));
    }
    return ok_status();
  }

  // A call of a model that is wrapped; all of it belongs to the open layer.
  Result<Values> run(const Values& inputs) {
    if (inputs.size() != model_.inputs.size()) {
      return invalid_argument("it is called on " + std::to_string(inputs.size()) +
                              " tensors, it takes " + std::to_string(model_.inputs.size()));
    }
    std::map<std::string, ValueId> named;
    for (std::size_t i = 0; i < inputs.size(); ++i) named[model_.inputs[i]] = inputs[i];
    begin(named);
    for (const LayerEntry& entry : model_.entries) {
      const LayerConfig& layer = model_.layers[entry.layer];
      TINYSPLIT_RETURN_IF_ERROR(name_layer(run_calls(entry).status(), layer));
    }
    return collect_outputs();
  }

 private:
  Status add_inputs(const InputSizes& sizes) {
    std::vector<DeclaredInput> declared;
    std::vector<DType> dtypes;
    for (const std::string& name : model_.inputs) {
      const LayerConfig& layer = model_.layers[index_.at(name)];
      const Result<InputType> type = parse_input_type(layer);
      if (!type.ok()) return name_layer(type.status(), layer);
      declared.push_back(type->declared);
      dtypes.push_back(type->dtype);
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<Shape> shapes,
                               close_input_shapes(declared, sizes));
    std::map<std::string, ValueId> inputs;
    for (std::size_t i = 0; i < declared.size(); ++i) {
      const std::string& name = declared[i].name;
      TINYSPLIT_ASSIGN_OR_RETURN(inputs[name],
                                 state_.builder.add_input(name, dtypes[i], shapes[i]));
    }
    begin(inputs);
    return ok_status();
  }

  struct OpenLayer {
    LayerWeights weights;
    std::unique_ptr<ModelTranslation> model;  // that is wrapped

    std::int64_t num_weights() const {
      return model ? model->num_weights() : weights.num_elements();
    }
  };

  ModelTranslation(ModelConfig model, TranslationState& state)
      : model_(std::move(model)), state_(state) {
    for (std::size_t i = 0; i < model_.layers.size(); ++i) index_[model_.layers[i].name] = i;
  }

  // The layers of `source`, as the file holds them, in the order of model_.layers.
  Status open_layers(const ModelConfig& source, WeightFile& file, bool inner) {
    for (const LayerConfig& layer : source.layers) {
      if (layer.model) {
        TINYSPLIT_ASSIGN_OR_RETURN(const auto inside, file.inside(layer, *layer.model));
        TINYSPLIT_RETURN_IF_ERROR(open_layers(*layer.model, *inside, /*inner=*/true));
      } else if (!inner || !layer.is_input()) {
        const LayerConfig& inlined = model_.layers[layers_.size()];
        TINYSPLIT_RETURN_IF_ERROR(name_layer(open_layer(layer, file), inlined));
      }
    }
    return ok_status();
  }

  Status open_layer(const LayerConfig& layer, WeightFile& file) {
    OpenLayer open;
    const LayerConfig* inner = &layer;
    while (inner->wrapped) inner = inner->wrapped.get();
    if (inner->model) {
      TINYSPLIT_ASSIGN_OR_RETURN(const auto inside, file.inside(layer, *inner->model));
      TINYSPLIT_ASSIGN_OR_RETURN(open.model,
                                 ModelTranslation::open(*inner->model, *inside, state_));
    } else if (!layer.is_input() && !layer.is_operation() && !layer.is_function()) {
      TINYSPLIT_ASSIGN_OR_RETURN(open.weights, file.weights_of(layer));
    }
    layers_.push_back(std::move(open));
    return ok_status();
  }

  void begin(const std::map<std::string, ValueId>& inputs) {
    outputs_.assign(model_.layers.size(), {});
    for (const auto& [name, value] : inputs) outputs_[index_.at(name)] = {{value}};
  }

  // Adds entry e and the operations that follow it, which Keras does not count as layers; moves e
  // past them.
  Status add_entry(std::size_t& e) {
    const LayerEntry& entry = model_.entries[e++];
    const LayerConfig& layer = model_.layers[entry.layer];
    if (!layer.numbered && !layer.is_operation()) return ok_status();
    // Later entries of a shared layer use the weights that the first has counted.
    const bool first = layer.is_input() || (!entry.calls.empty() && entry.calls.front() == 0);
    const std::int64_t elements = first ? layers_[entry.layer].num_weights() : 0;
    TINYSPLIT_RETURN_IF_ERROR(
        name_layer(state_.builder.begin_layer(entry.name, layer.class_name,
                                              elements * std::int64_t{dtype_size(DType::kFloat32)}),
                   layer));
    Result<Values> made = run_calls(entry);
    if (!made.ok()) return name_layer(made.status(), layer);
    Values outputs = *std::move(made);
    while (e < model_.entries.size() && model_.layers[model_.entries[e].layer].is_operation()) {
      const LayerEntry& operation = model_.entries[e++];
      const Result<Values> results = run_calls(operation);
      if (!results.ok()) return name_layer(results.status(), model_.layers[operation.layer]);
      outputs.insert(outputs.end(), results->begin(), results->end());
    }
    // What follows from shapes alone is known to whoever has the model.
    std::erase_if(outputs, [&](ValueId id) { return state_.builder.value(id).is_constant(); });
    return name_layer(state_.builder.end_layer(std::move(outputs)), layer);
  }

  // The outputs of all calls of an entry.
  Result<Values> run_calls(const LayerEntry& entry) {
    const LayerConfig& layer = model_.layers[entry.layer];
    if (layer.is_input()) {
      if (layer.calls.empty()) return outputs_[entry.layer].front();
      return invalid_argument("it is an input, but has inputs");
    }
    if (entry.calls.empty()) return invalid_argument("it is called on nothing");
    Values all;
    for (const std::size_t call : entry.calls) {
      TINYSPLIT_ASSIGN_OR_RETURN(CallInputs inputs, inputs_of(layer.calls[call]));
      TINYSPLIT_ASSIGN_OR_RETURN(Values outputs,
                                 apply(layer, layers_[entry.layer], std::move(inputs)));
      all.insert(all.end(), outputs.begin(), outputs.end());
      std::vector<Values>& known = outputs_[entry.layer];
      if (known.size() <= call) known.resize(call + 1);
      known[call] = std::move(outputs);
    }
    return all;
  }

  Result<ValueId> resolve(const TensorRef& tensor) {
    if (tensor.constant) return add_constant(*tensor.constant);
    const std::vector<Values>& calls = outputs_[index_.at(tensor.layer)];
    if (tensor.call < calls.size() && tensor.output < calls[tensor.call].size()) {
      return calls[tensor.call][tensor.output];
    }
    return invalid_argument("output " + std::to_string(tensor.output) + " of call " +
                            std::to_string(tensor.call) + " of layer \"" + tensor.layer +
                            "\" is used, which there is not");
  }

  Result<ValueId> add_constant(const Json& json) {
    TINYSPLIT_ASSIGN_OR_RETURN(const JsonConstant constant, find_json_constant(json));
    state_.constants_left -= constant.shape.num_elements();
    if (state_.constants_left < 0) {
      return resource_exhausted("the configuration of the model asks for more than " +
                                std::to_string(limits::kMaxConfigConstants) + " constants");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(Tensor tensor, make_tensor(constant, constant.dtype));
    return state_.builder.add_constant(std::move(tensor));
  }

  Result<CallInputs> inputs_of(const CallConfig& call) {
    CallInputs inputs;
    for (const TensorRef& tensor : call.inputs) {
      TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value, resolve(tensor));
      inputs.inputs.push_back(value);
    }
    for (const auto& [key, tensors] : call.named) {
      for (const TensorRef& tensor : tensors) {
        TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value, resolve(tensor));
        inputs.named[key].push_back(value);
      }
    }
    inputs.arguments = call.arguments;
    inputs.operands = call.operands;
    // What Keras 3 records of it, often a default, gives way to what the model is run with.
    if (model_.keras_major == 3) inputs.arguments.erase("training");
    return inputs;
  }

  Result<Values> collect_outputs() {
    Values outputs;
    for (const TensorRef& output : model_.outputs) {
      TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value, resolve(output));
      outputs.push_back(value);
    }
    return outputs;
  }

  Result<Values> apply(const LayerConfig& layer, OpenLayer& open, CallInputs inputs) {
    if (state_.calls_left == 0) {
      return resource_exhausted("the layers of the model are called more than " +
                                std::to_string(limits::kMaxNodes) + " times");
    }
    --state_.calls_left;
    if (layer.wrapped) return apply_to_steps(layer, open, std::move(inputs));
    LayerContext context(layer.options, model_.keras_major, inputs, open.weights, state_);
    if (layer.model) {
      TINYSPLIT_RETURN_IF_ERROR(context.expect_no_more_arguments());
      return open.model->run(inputs.inputs);
    }
    if (layer.is_operation() || layer.is_function()) return apply_operation(layer, context);
    TINYSPLIT_RETURN_IF_ERROR(check_inputs_of(layer, context, state_.masks));
    const LayerRow* row = find_layer(layer.class_name);
    open.weights.rewind();
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId output, row->translate(context));
    TINYSPLIT_RETURN_IF_ERROR(context.expect_no_more_arguments());
    // Layers that only train may keep the state of their random numbers.
    const bool passes_on = std::ranges::find(inputs.inputs, output) != inputs.inputs.end();
    if (!passes_on) TINYSPLIT_RETURN_IF_ERROR(open.weights.expect_all_taken());
    Values outputs{output};
    outputs.insert(outputs.end(), context.more_outputs.begin(), context.more_outputs.end());
    state_.masks.carry(layer, inputs.inputs, outputs);
    return outputs;
  }

  Result<Values> apply_operation(const LayerConfig& layer, LayerContext& context) {
    const OperationRow* row = find_operation_of(layer);
    OperationContext operation(context, *row);
    TINYSPLIT_RETURN_IF_ERROR(operation.bind());
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId output, row->translate(operation));
    TINYSPLIT_RETURN_IF_ERROR(operation.expect_all_taken());
    Values outputs{output};
    outputs.insert(outputs.end(), context.more_outputs.begin(), context.more_outputs.end());
    return outputs;
  }

  // TimeDistributed: steps are images of a batch, so that the layer inside runs once for all.
  Result<Values> apply_to_steps(const LayerConfig& layer, OpenLayer& open, CallInputs inputs) {
    LayerContext context(layer.options, model_.keras_major, inputs, open.weights, state_);
    TINYSPLIT_RETURN_IF_ERROR(context.expect_no_more_arguments());
    TINYSPLIT_RETURN_IF_ERROR(check_inputs_of(layer, context, state_.masks));
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
    const Shape in = context.shape(x);
    if (in.rank() < 3) {
      return invalid_argument("its input " + in.to_string() + " has no steps, it takes [N,T,...]");
    }
    std::vector<std::int64_t> folded(in.dims().begin() + 1, in.dims().end());
    folded[0] = in[0] * in[1];
    CallInputs steps;
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId all, context.reshape_dims(x, folded));
    steps.inputs = {all};
    Result<Values> outputs = apply(*layer.wrapped, open, std::move(steps));
    if (!outputs.ok()) return name_layer(outputs.status(), *layer.wrapped);
    for (ValueId& output : *outputs) {
      const Shape& out = context.shape(output);
      if (out.rank() < 1 || out[0] != folded[0]) {
        return unimplemented("the layer inside of it does not work on each step by itself");
      }
      std::vector<std::int64_t> dims(out.dims().begin(), out.dims().end());
      dims[0] = in[1];
      dims.insert(dims.begin(), in[0]);
      TINYSPLIT_ASSIGN_OR_RETURN(output, context.reshape_dims(output, dims));
    }
    state_.masks.carry(layer, {x}, *outputs);
    return outputs;
  }

  const ModelConfig model_;
  TranslationState& state_;
  std::map<std::string, std::size_t, std::less<>> index_;  // of layers, by name
  std::vector<OpenLayer> layers_;
  std::vector<std::vector<Values>> outputs_;  // by layer and call
};

}  // namespace

Result<std::shared_ptr<const Graph>> translate_model(const ModelConfig& model, WeightFile& weights,
                                                     const std::string& name,
                                                     const std::string& digest,
                                                     const InputSizes& sizes) {
  for (const LayerConfig& layer : model.layers) TINYSPLIT_RETURN_IF_ERROR(check_layer(layer));
  GraphBuilder builder(name, digest);
  TranslationState state{builder, limits::kMaxConfigConstants, limits::kMaxNodes, {}, {}};
  TINYSPLIT_ASSIGN_OR_RETURN(const auto translation, ModelTranslation::open(model, weights, state));
  TINYSPLIT_RETURN_IF_ERROR(translation->run_as_layers(sizes));
  return builder.build();
}

}  // namespace tinysplit::keras
