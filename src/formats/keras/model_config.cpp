#include "formats/keras/model_config.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "core/limits.h"

namespace tinysplit::keras {
namespace {

// A member moved out of an object; null if there is none.
Json take(Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found == object.end() ? Json() : std::move(*found);
}

Result<ModelConfig> parse_graph(const std::string& kind, Json config, int keras_major, bool inner);

bool is_model_class(const std::string& class_name) {
  return class_name == "Sequential" || class_name == "Functional" || class_name == "Model";
}

Status check_names(const LayerConfig& layer, const std::string& what) {
  if (layer.class_name.empty() || layer.name.empty()) {
    return invalid_argument(what + " has no class or no name");
  }
  if (std::max(layer.class_name.size(), layer.name.size()) > limits::kMaxNameBytes) {
    return invalid_argument(what + " has a name of more than " +
                            std::to_string(limits::kMaxNameBytes) + " bytes");
  }
  return ok_status();
}

// A model has its layers in its configuration, in old files as a list.
bool has_layers(const Json& options) { return options.is_array() || options.contains("layers"); }

Result<LayerConfig> parse_layer(Json json, const std::string& what, int keras_major) {
  LayerConfig layer;
  layer.class_name = text_of(member(json, "class_name"));
  layer.module = text_of(member(json, "module"));
  layer.registered_name = text_of(member(json, "registered_name"));
  layer.name = text_of(member(json, "name"));
  layer.options = take(json, "config");
  if (layer.name.empty()) layer.name = text_of(member(layer.options, "name"));
  TINYSPLIT_RETURN_IF_ERROR(check_names(layer, what));
  if (!layer.options.is_object() && !layer.options.is_array()) {
    return invalid_argument("layer " + layer.describe() + " has no configuration");
  }
  if (is_model_class(layer.class_name) && has_layers(layer.options)) {
    Result<ModelConfig> model =
        parse_graph(layer.class_name, std::move(layer.options), keras_major, /*inner=*/true);
    if (!model.ok()) return model.status().with_context("layer " + layer.describe());
    layer.model = std::make_shared<const ModelConfig>(std::move(*model));
    layer.options = Json::object();
  }
  if (layer.class_name == "TimeDistributed") {
    Json inner = take(layer.options, "layer");
    Result<LayerConfig> wrapped =
        parse_layer(std::move(inner), "the layer inside of " + layer.describe(), keras_major);
    if (!wrapped.ok()) return wrapped.status();
    layer.wrapped = std::make_shared<const LayerConfig>(std::move(*wrapped));
  }
  layer.numbered = !layer.is_operation();
  if (const Json& nodes = member(json, "inbound_nodes"); !nodes.is_null()) {
    parse_calls(nodes, layer);
  }
  return layer;
}

Result<std::vector<LayerConfig>> parse_layers(Json json, int keras_major) {
  if (!json.is_array()) return invalid_argument("the configuration has no list of layers");
  if (json.size() > limits::kMaxLayers) {
    return resource_exhausted("the model has " + std::to_string(json.size()) + " layers, at most " +
                              std::to_string(limits::kMaxLayers) + " are supported");
  }
  std::vector<LayerConfig> layers;
  for (Json& item : json) {
    const std::string what = "layer " + std::to_string(layers.size()) + " of the configuration";
    TINYSPLIT_ASSIGN_OR_RETURN(LayerConfig layer, parse_layer(std::move(item), what, keras_major));
    layers.push_back(std::move(layer));
  }
  if (layers.empty()) return invalid_argument("the model has no layers");
  return layers;
}

// Files differ in where the shape of the input stands: in an input layer, in the first layer, or,
// for a model whose shape came with its first call, beside the layers.
Result<LayerConfig> find_sequential_input(const LayerConfig& first, const Json& build_input_shape,
                                          bool inner) {
  LayerConfig input;
  input.class_name = "InputLayer";
  input.options = Json::object();
  for (const char* key : {"batch_input_shape", "batch_shape"}) {
    const Json& shape = member(first.options, key);
    if (!shape.is_array()) continue;
    input.name = first.name + "_input";
    input.options["batch_shape"] = shape;
    return input;
  }
  // Inside of another model the shape is that of what it is called on.
  if (build_input_shape.is_array() || inner) {
    input.name = "input_layer";
    input.options["batch_shape"] = build_input_shape;
    return input;
  }
  return invalid_argument(
      "the model was saved before the shape of its input was known; call it once, "
      "or give it an Input layer, and save it again");
}

Result<ModelConfig> parse_sequential(Json config, int keras_major, bool inner) {
  ModelConfig model;
  model.name = text_of(member(config, "name"));
  const bool bare_list = config.is_array();  // Keras before 2.2.3
  const Json build_input_shape = take(config, "build_input_shape");
  TINYSPLIT_ASSIGN_OR_RETURN(
      model.layers,
      parse_layers(bare_list ? std::move(config) : take(config, "layers"), keras_major));
  if (!model.layers.front().is_input()) {
    TINYSPLIT_ASSIGN_OR_RETURN(
        LayerConfig input, find_sequential_input(model.layers.front(), build_input_shape, inner));
    model.layers.insert(model.layers.begin(), std::move(input));
  }
  model.layers.front().numbered = false;
  for (std::size_t i = 1; i < model.layers.size(); ++i) {
    LayerConfig& layer = model.layers[i];
    if (layer.is_input()) {
      return invalid_argument("layer " + layer.describe() +
                              " stands in the middle of a Sequential model");
    }
    layer.calls = {CallConfig{{TensorRef{model.layers[i - 1].name, 0, 0, {}}}, {}, {}, {}}};
  }
  model.inputs = {model.layers.front().name};
  model.outputs = {TensorRef{model.layers.back().name, 0, 0, {}}};
  return model;
}

Result<ModelConfig> parse_functional(Json config, int keras_major) {
  ModelConfig model;
  model.name = text_of(member(config, "name"));
  TINYSPLIT_ASSIGN_OR_RETURN(model.layers, parse_layers(take(config, "layers"), keras_major));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<TensorRef> inputs,
                             parse_ends(member(config, "input_layers"), "input_layers"));
  TINYSPLIT_ASSIGN_OR_RETURN(model.outputs,
                             parse_ends(member(config, "output_layers"), "output_layers"));
  if (std::max(inputs.size(), model.outputs.size()) > limits::kMaxLayers) {
    return resource_exhausted("the model names more than " + std::to_string(limits::kMaxLayers) +
                              " inputs or outputs");
  }
  for (const TensorRef& input : inputs) model.inputs.push_back(input.layer);
  return model;
}

// Keras 3 writes "batch_shape" where Keras 2 wrote "batch_input_shape".
int guess_major(const Json& config) {
  const Json& layers = config.is_array() ? config : member(config, "layers");
  if (!layers.is_array()) return 3;
  const bool old = std::ranges::any_of(layers, [](const Json& layer) {
    return member(member(layer, "config"), "batch_input_shape").is_array();
  });
  return old ? 2 : 3;
}

Status check_inputs(const ModelConfig& model) {
  std::map<std::string, bool, std::less<>> is_input;
  for (const LayerConfig& layer : model.layers) is_input[layer.name] = layer.is_input();
  std::set<std::string, std::less<>> listed;
  for (const std::string& name : model.inputs) {
    const auto layer = is_input.find(name);
    if (layer == is_input.end() || !layer->second) {
      return invalid_argument("the model's input \"" + name + "\" is not one of its input layers");
    }
    if (!listed.insert(name).second) {
      return invalid_argument("the model lists its input \"" + name + "\" twice");
    }
  }
  for (const LayerConfig& layer : model.layers) {
    if (layer.is_input() && !listed.contains(layer.name)) {
      return invalid_argument("layer " + layer.describe() + " is not among the model's inputs");
    }
  }
  return ok_status();
}

Status check_outputs(const ModelConfig& model) {
  std::map<std::string_view, const LayerConfig*> layers;
  for (const LayerConfig& layer : model.layers) layers[layer.name] = &layer;
  for (const TensorRef& output : model.outputs) {
    const auto found = layers.find(output.layer);
    if (found == layers.end()) {
      return invalid_argument("the model's output \"" + output.layer +
                              "\" is not one of its layers");
    }
    const LayerConfig& layer = *found->second;
    const std::size_t calls = layer.is_input() ? 1 : layer.calls.size();
    if (output.call >= calls) {
      return invalid_argument("the model's output is call " + std::to_string(output.call) +
                              " of layer " + layer.describe() + ", which is called " +
                              std::to_string(calls) + " times");
    }
  }
  return ok_status();
}

Result<ModelConfig> parse_graph(const std::string& kind, Json config, int keras_major, bool inner) {
  TINYSPLIT_ASSIGN_OR_RETURN(ModelConfig model,
                             kind == "Sequential"
                                 ? parse_sequential(std::move(config), keras_major, inner)
                                 : parse_functional(std::move(config), keras_major));
  model.keras_major = keras_major;
  renumber_model_calls(model);
  TINYSPLIT_RETURN_IF_ERROR(order_layers(model));
  TINYSPLIT_RETURN_IF_ERROR(check_inputs(model));
  TINYSPLIT_RETURN_IF_ERROR(check_outputs(model));
  return model;
}

}  // namespace

Result<ModelConfig> parse_model_config(Json config, const std::string& keras_version) {
  const std::string kind = text_of(member(config, "class_name"));
  if (kind.empty()) return invalid_argument("the configuration is not one of a Keras model");
  if (!is_model_class(kind)) {
    return unimplemented("the model is of class \"" + kind.substr(0, limits::kMaxNameBytes) +
                         "\"; only Sequential and Functional models are supported");
  }
  Json inner = take(config, "config");
  int keras_major = 0;
  const char* end = keras_version.data() + keras_version.size();
  if (std::from_chars(keras_version.data(), end, keras_major).ec != std::errc()) {
    keras_major = guess_major(inner);
  }
  if (keras_major != 2 && keras_major != 3) {
    return unimplemented("written by Keras " + keras_version.substr(0, 16) +
                         "; only Keras 2 and 3 are supported");
  }
  return parse_graph(kind, std::move(inner), keras_major, /*inner=*/false);
}

}  // namespace tinysplit::keras
