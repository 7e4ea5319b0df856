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

Result<LayerConfig> parse_layer(Json json, std::size_t index) {
  LayerConfig layer;
  layer.class_name = text_of(member(json, "class_name"));
  layer.module = text_of(member(json, "module"));
  layer.registered_name = text_of(member(json, "registered_name"));
  layer.name = text_of(member(json, "name"));
  layer.options = take(json, "config");
  if (layer.name.empty()) layer.name = text_of(member(layer.options, "name"));
  const std::string what = "layer " + std::to_string(index) + " of the configuration";
  if (layer.class_name.empty() || layer.name.empty()) {
    return invalid_argument(what + " has no class or no name");
  }
  if (std::max(layer.class_name.size(), layer.name.size()) > limits::kMaxNameBytes) {
    return invalid_argument(what + " has a name of more than " +
                            std::to_string(limits::kMaxNameBytes) + " bytes");
  }
  // A model used as a layer has its layers there, in old files as a list.
  if (!layer.options.is_object() && !layer.options.is_array()) {
    return invalid_argument("layer " + layer.describe() + " has no configuration");
  }
  if (const Json& nodes = member(json, "inbound_nodes"); !nodes.is_null()) parse_call(nodes, layer);
  return layer;
}

Result<std::vector<LayerConfig>> parse_layers(Json json) {
  if (!json.is_array()) return invalid_argument("the configuration has no list of layers");
  if (json.size() > limits::kMaxLayers) {
    return resource_exhausted("the model has " + std::to_string(json.size()) + " layers, at most " +
                              std::to_string(limits::kMaxLayers) + " are supported");
  }
  std::vector<LayerConfig> layers;
  for (Json& item : json) {
    TINYSPLIT_ASSIGN_OR_RETURN(LayerConfig layer, parse_layer(std::move(item), layers.size()));
    layers.push_back(std::move(layer));
  }
  if (layers.empty()) return invalid_argument("the model has no layers");
  return layers;
}

// Files differ in where the shape of the input stands: in an input layer, in the first layer, or,
// for a model whose shape came with its first call, beside the layers.
Result<LayerConfig> find_sequential_input(const LayerConfig& first, const Json& build_input_shape) {
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
  if (build_input_shape.is_array()) {
    input.name = "input_layer";
    input.options["batch_shape"] = build_input_shape;
    return input;
  }
  return invalid_argument(
      "the model was saved before the shape of its input was known; call it once, "
      "or give it an Input layer, and save it again");
}

Result<ModelConfig> parse_sequential(Json config) {
  ModelConfig model;
  model.name = text_of(member(config, "name"));
  const bool bare_list = config.is_array();  // Keras before 2.2.3
  const Json build_input_shape = take(config, "build_input_shape");
  TINYSPLIT_ASSIGN_OR_RETURN(model.layers,
                             parse_layers(bare_list ? std::move(config) : take(config, "layers")));
  if (!model.layers.front().is_input()) {
    TINYSPLIT_ASSIGN_OR_RETURN(LayerConfig input,
                               find_sequential_input(model.layers.front(), build_input_shape));
    model.layers.insert(model.layers.begin(), std::move(input));
  }
  model.layers.front().numbered = false;
  for (std::size_t i = 1; i < model.layers.size(); ++i) {
    LayerConfig& layer = model.layers[i];
    if (layer.is_input()) {
      return invalid_argument("layer " + layer.describe() +
                              " stands in the middle of a Sequential model");
    }
    layer.inputs = {model.layers[i - 1].name};
  }
  model.inputs = {model.layers.front().name};
  model.outputs = {model.layers.back().name};
  return model;
}

Result<ModelConfig> parse_functional(Json config) {
  ModelConfig model;
  model.name = text_of(member(config, "name"));
  TINYSPLIT_ASSIGN_OR_RETURN(model.layers, parse_layers(take(config, "layers")));
  for (auto [key, names] :
       {std::pair("input_layers", &model.inputs), std::pair("output_layers", &model.outputs)}) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<ModelEnd> ends,
                               parse_ends(member(config, key), key));
    if (ends.size() > limits::kMaxLayers) {
      return resource_exhausted("the model names more than " + std::to_string(limits::kMaxLayers) +
                                " " + std::string(key));
    }
    for (const ModelEnd& end : ends) {
      names->push_back(end.layer);
      const auto layer = std::ranges::find(model.layers, end.layer, &LayerConfig::name);
      if (!end.first_output && layer != model.layers.end() && layer->call.ok()) {
        layer->call = unimplemented("more than its first output is used");
      }
    }
  }
  return model;
}

// Keras 3 writes "batch_shape" where Keras 2 wrote "batch_input_shape".
int guess_major(const ModelConfig& model) {
  const bool old = std::ranges::any_of(model.layers, [](const LayerConfig& layer) {
    return member(layer.options, "batch_input_shape").is_array();
  });
  return old ? 2 : 3;
}

Status check_ends(const ModelConfig& model) {
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
  for (const std::string& name : model.outputs) {
    if (!is_input.contains(name)) {
      return invalid_argument("the model's output \"" + name + "\" is not one of its layers");
    }
  }
  for (const LayerConfig& layer : model.layers) {
    if (layer.is_input() && !listed.contains(layer.name)) {
      return invalid_argument("layer " + layer.describe() + " is not among the model's inputs");
    }
  }
  return ok_status();
}

}  // namespace

Result<ModelConfig> parse_model_config(Json config, const std::string& keras_version) {
  const std::string kind = text_of(member(config, "class_name"));
  if (kind.empty()) return invalid_argument("the configuration is not one of a Keras model");
  if (kind != "Sequential" && kind != "Functional" && kind != "Model") {
    return unimplemented("the model is of class \"" + kind.substr(0, limits::kMaxNameBytes) +
                         "\"; only Sequential and Functional models are supported");
  }
  Json inner = take(config, "config");
  TINYSPLIT_ASSIGN_OR_RETURN(ModelConfig model, kind == "Sequential"
                                                    ? parse_sequential(std::move(inner))
                                                    : parse_functional(std::move(inner)));
  const char* end = keras_version.data() + keras_version.size();
  if (std::from_chars(keras_version.data(), end, model.keras_major).ec != std::errc()) {
    model.keras_major = guess_major(model);
  }
  if (model.keras_major != 2 && model.keras_major != 3) {
    return unimplemented("written by Keras " + keras_version.substr(0, 16) +
                         "; only Keras 2 and 3 are supported");
  }
  TINYSPLIT_RETURN_IF_ERROR(sort_layers(model.layers));
  TINYSPLIT_RETURN_IF_ERROR(check_ends(model));
  return model;
}

}  // namespace tinysplit::keras
