#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "formats/keras/json_text.h"

namespace tinysplit::keras {

// One layer of a Keras model, in one form for every way in which Keras has written it.
struct LayerConfig {
  std::string class_name;
  std::string name;
  std::string module;               // where the class lives; empty in older files
  std::string registered_name;      // "package>Class" for classes that are not Keras' own
  Json options;                     // the layer's own configuration, an object
  std::vector<std::string> inputs;  // the layers it is called on, in the order of the call
  Status call;  // not ok if it is called in a way that is not supported (twice, with a mask, ...)
  bool numbered = true;  // counted in model.layers; the input of a Sequential model is not

  bool is_input() const { return class_name == "InputLayer"; }
  // "\"conv2d\" (Conv2D)"
  std::string describe() const { return "\"" + name + "\" (" + class_name + ")"; }
};

struct ModelConfig {
  std::string name;
  int keras_major = 3;               // of the version that wrote the file: 2 or 3
  std::vector<LayerConfig> layers;   // in execution order: the file's, unless that is out of order
  std::vector<std::string> inputs;   // names of input layers, in the order of model.inputs
  std::vector<std::string> outputs;  // names of layers, in the order of model.outputs
};

// `config` is what Keras writes: {"class_name": "Sequential" | "Functional" | "Model", "config":
// ...}. `keras_version` ("3.15.1", "2.21.0") may be empty: then the form of the configuration
// tells. Errors: INVALID_ARGUMENT (malformed, a cycle, an unknown source, a name twice),
// UNIMPLEMENTED (a class of model, Keras 1), RESOURCE_EXHAUSTED (limits::kMaxLayers).
Result<ModelConfig> parse_model_config(Json config, const std::string& keras_version);

// Reads what a layer of a Functional model is called on, in the form of Keras 2 (nested lists) or
// Keras 3 (arguments with "__keras_tensor__"), into `layer.inputs` and `layer.call`.
void parse_call(const Json& inbound_nodes, LayerConfig& layer);

struct ModelEnd {
  std::string layer;
  bool first_output = true;  // of the first call of the layer
};

// What "input_layers" or "output_layers" names, flattened as Keras flattens it.
// Errors: INVALID_ARGUMENT.
Result<std::vector<ModelEnd>> parse_ends(const Json& ends, const char* what);

// Sorts so that every layer comes after its inputs, and otherwise keeps the order.
// Errors: INVALID_ARGUMENT (an input that is no layer, a name twice, a cycle).
Status sort_layers(std::vector<LayerConfig>& layers);

}  // namespace tinysplit::keras
