#include "formats/keras/graph_translation.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/limits.h"
#include "formats/keras/layer_context.h"

namespace tinysplit::keras {
namespace {

// Adds the layer to a message that does not name it yet.
Status name_layer(const Status& status, const LayerConfig& layer) {
  if (status.ok() || status.message().find(layer.describe()) != std::string::npos) return status;
  return status.with_context("layer " + layer.describe());
}

// Classes of other packages and operations on tensors may have the names of Keras' layers.
Status check_class(const LayerConfig& layer) {
  if (layer.is_input()) return ok_status();
  if (layer.class_name == "Lambda") {
    return unimplemented("it is Python code in the file, which is never run");
  }
  if (!layer.options.is_object() || layer.options.contains("layers")) {
    return unimplemented("a model as a layer is not supported");
  }
  if (layer.module.find(".ops.") != std::string::npos) {
    return unimplemented("it is an operation on tensors (" + brief(layer.module) +
                         "); only layers are supported");
  }
  const bool own_module = layer.module.empty() || layer.module.starts_with("keras.") ||
                          layer.module.starts_with("tf_keras.") ||
                          layer.module.starts_with("keras_core.") ||
                          layer.module.starts_with("tensorflow.");
  if (!own_module || layer.registered_name.find('>') != std::string::npos ||
      find_translator(layer.class_name) == nullptr) {
    return unimplemented("this class of layer is not supported");
  }
  return ok_status();
}

// float32, written as text or as a policy object; absent means the same.
Status check_dtype(const LayerConfig& layer) {
  const Json& json = member(layer.options, "dtype");
  if (json.is_null()) return ok_status();
  const Json& policy_name = member(member(json, "config"), "name");
  const Json& name = json.is_object() && !policy_name.is_null() ? policy_name : json;
  if (name == "float32") return ok_status();
  return unimplemented("dtype " + brief(name) + " is not supported, only float32");
}

Status check_layer(const LayerConfig& layer) {
  TINYSPLIT_RETURN_IF_ERROR(check_class(layer));
  TINYSPLIT_RETURN_IF_ERROR(layer.call);
  TINYSPLIT_RETURN_IF_ERROR(check_dtype(layer));
  const LayerOptions options(layer.options);
  return options.word("data_format", {"channels_last"}, "channels_last").status();
}

Result<Shape> parse_input_shape(const LayerConfig& layer) {
  const LayerOptions options(layer.options);
  for (const char* flag : {"sparse", "ragged", "optional"}) {
    TINYSPLIT_ASSIGN_OR_RETURN(const bool set, options.flag(flag, false));
    if (set) return options.unsupported(flag);
  }
  const char* key = options.at("batch_shape").is_null() ? "batch_input_shape" : "batch_shape";
  const Json& json = options.at(key);
  if (!json.is_array() || json.empty() || json.size() > limits::kMaxRank) {
    return options.wrong(key, "a list of 1 to " + std::to_string(limits::kMaxRank) + " sizes");
  }
  std::vector<std::int64_t> dims{1};
  for (std::size_t i = 1; i < json.size(); ++i) {
    if (json[i].is_null()) {
      return unimplemented("option " + std::string(key) + " = " + brief(json) +
                           " leaves sizes open; only the batch may be open");
    }
    const auto size = whole_number(json[i], 1, limits::kMaxElements);
    if (!size) return options.wrong(key, "a list of sizes of 1 or more");
    dims.push_back(*size);
  }
  return Shape::create(dims);
}

class Translation {
 public:
  Translation(const ModelConfig& model, WeightFile& weights, const std::string& name,
              const std::string& digest)
      : model_(model), weights_(weights), builder_(name, digest) {}

  Result<std::shared_ptr<const Graph>> run() {
    for (const LayerConfig& layer : model_.layers) {
      TINYSPLIT_RETURN_IF_ERROR(name_layer(check_layer(layer), layer));
    }
    TINYSPLIT_RETURN_IF_ERROR(add_inputs());
    for (const LayerConfig& layer : model_.layers) {
      TINYSPLIT_RETURN_IF_ERROR(
          name_layer(layer.is_input() ? add_input_layer(layer) : add_layer(layer), layer));
    }
    TINYSPLIT_RETURN_IF_ERROR(add_outputs());
    return builder_.build();
  }

 private:
  // Outputs go by name, so one that comes again (listed twice, or handed on by a layer that only
  // trains) adds nothing.
  Status add_outputs() {
    std::set<ValueId> added;
    for (const std::string& output : model_.outputs) {
      const ValueId value = outputs_.at(output);
      if (added.insert(value).second) TINYSPLIT_RETURN_IF_ERROR(builder_.add_output(value));
    }
    return ok_status();
  }

  Status add_inputs() {
    for (const std::string& name : model_.inputs) {
      const auto layer = std::ranges::find(model_.layers, name, &LayerConfig::name);
      const Result<Shape> shape = parse_input_shape(*layer);
      if (!shape.ok()) return name_layer(shape.status(), *layer);
      TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value,
                                 builder_.add_input(name, DType::kFloat32, *shape));
      outputs_[name] = value;
    }
    return ok_status();
  }

  Status add_input_layer(const LayerConfig& layer) {
    if (!layer.inputs.empty()) return invalid_argument("it is an input, but has inputs");
    if (!layer.numbered) return ok_status();
    TINYSPLIT_RETURN_IF_ERROR(builder_.begin_layer(layer.name, layer.class_name));
    return builder_.end_layer({outputs_.at(layer.name)});
  }

  Status add_layer(const LayerConfig& layer) {
    TINYSPLIT_ASSIGN_OR_RETURN(LayerWeights weights, weights_.weights_of(layer));
    const std::int64_t bytes = weights.num_elements() * std::int64_t{dtype_size(DType::kFloat32)};
    TINYSPLIT_RETURN_IF_ERROR(builder_.begin_layer(layer.name, layer.class_name, bytes));
    std::vector<ValueId> inputs;
    for (const std::string& input : layer.inputs) inputs.push_back(outputs_.at(input));
    LayerContext context(layer, model_.keras_major, inputs, weights, constants_left_, builder_);
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId output, find_translator(layer.class_name)(context));
    // Layers that only train may keep the state of their random numbers.
    const bool passes_on = std::ranges::find(inputs, output) != inputs.end();
    if (!passes_on) TINYSPLIT_RETURN_IF_ERROR(weights.expect_all_taken());
    outputs_[layer.name] = output;
    return builder_.end_layer({output});
  }

  const ModelConfig& model_;
  WeightFile& weights_;
  GraphBuilder builder_;
  std::int64_t constants_left_ = limits::kMaxConfigConstants;
  std::map<std::string, ValueId> outputs_;  // by layer
};

}  // namespace

Result<std::shared_ptr<const Graph>> translate_model(const ModelConfig& model, WeightFile& weights,
                                                     const std::string& name,
                                                     const std::string& digest) {
  return Translation(model, weights, name, digest).run();
}

}  // namespace tinysplit::keras
