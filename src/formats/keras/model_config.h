#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "formats/keras/json_text.h"

namespace tinysplit::keras {

// An output of a call of a layer: what Keras calls a Keras tensor. Or a constant in its place.
struct TensorRef {
  std::string layer;
  std::size_t call = 0;    // which call of the layer, in the order of the file
  std::size_t output = 0;  // which output of that call
  std::shared_ptr<const Json> constant;
};

// One call of a layer.
struct CallConfig {
  std::vector<TensorRef> inputs;                        // positional, lists flattened
  std::map<std::string, std::vector<TensorRef>> named;  // tensors given by keyword
  std::map<std::string, Json> arguments;                // other keywords, but for nulls and false
  // Of an operation on tensors: the positional arguments as the file has them, with {"tensor": i}
  // for inputs[i]. All its tensors are in `inputs`; its keywords are in `arguments`, written so
  // too.
  std::vector<Json> operands;
};

struct ModelConfig;

// One layer of a Keras model, in one form for every way in which Keras has written it.
struct LayerConfig {
  std::string class_name;
  std::string name;
  std::string module;             // where the class lives; empty in older files
  std::string registered_name;    // "package>Class" for classes that are not Keras' own
  Json options;                   // the layer's own configuration, an object
  std::vector<CallConfig> calls;  // of an input layer none, of a shared layer several
  Status call;                    // not ok if it is called in a way that is not supported
  bool numbered = true;           // counted in model.layers; the input of a Sequential model is not
  std::shared_ptr<const ModelConfig> model;    // of a model used as a layer
  std::shared_ptr<const LayerConfig> wrapped;  // what TimeDistributed applies to each step

  bool is_input() const { return class_name == "InputLayer"; }
  // An operation on tensors ("x * 2"), which Keras does not count as a layer.
  bool is_operation() const { return module.find(".ops.") != std::string::npos; }
  // One as Keras 2 writes it, where it is a layer.
  bool is_function() const { return class_name == "TFOpLambda" || class_name == "SlicingOpLambda"; }
  // "\"conv2d\" (Conv2D)"
  std::string describe() const { return "\"" + name + "\" (" + class_name + ")"; }
};

// Calls that run one after the other and count as one layer.
struct LayerEntry {
  std::size_t layer = 0;  // of ModelConfig::layers
  std::vector<std::size_t> calls;
  std::string name;
};

struct ModelConfig {
  std::string name;
  int keras_major = 3;              // of the version that wrote the file: 2 or 3
  std::vector<LayerConfig> layers;  // as the file lists them
  std::vector<LayerEntry> entries;  // in execution order: the file's, unless that is impossible
  std::vector<std::string> inputs;  // names of input layers, in the order of model.inputs
  std::vector<TensorRef> outputs;   // in the order of model.outputs
};

// `config` is what Keras writes: {"class_name": "Sequential" | "Functional" | "Model", "config":
// ...}. `keras_version` ("3.15.1", "2.21.0") may be empty: then the form of the configuration
// tells. Errors: INVALID_ARGUMENT (malformed, a cycle, an unknown source, a name twice),
// UNIMPLEMENTED (a class of model, Keras 1), RESOURCE_EXHAUSTED (limits::kMaxLayers).
Result<ModelConfig> parse_model_config(Json config, const std::string& keras_version);

// Reads the calls of a layer of a Functional model, in the form of Keras 2 (nested lists) or
// Keras 3 (arguments with "__keras_tensor__"), into `layer.calls` and `layer.call`.
void parse_calls(const Json& inbound_nodes, LayerConfig& layer);

// What "input_layers" or "output_layers" names, flattened as Keras flattens it.
// Errors: INVALID_ARGUMENT.
Result<std::vector<TensorRef>> parse_ends(const Json& ends, const char* what);

// Counts the calls of models used as layers from 0, as those of other layers are counted: Keras
// often counts the graph inside of such a model as its first call.
void renumber_model_calls(ModelConfig& model);

// Fills in `model.entries`: every layer after its inputs, otherwise in the order of the file. All
// calls of a layer are one entry; where that is impossible because a call needs what another layer
// makes of an earlier call, each call is an entry, from the second on named "<layer>:<number>".
// Errors: INVALID_ARGUMENT (an input that is no layer, a name twice, a cycle).
Status order_layers(ModelConfig& model);

}  // namespace tinysplit::keras
