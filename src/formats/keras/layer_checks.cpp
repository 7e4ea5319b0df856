#include "formats/keras/layer_checks.h"

#include <map>
#include <set>

#include "core/limits.h"
#include "formats/keras/layer_options.h"
#include "formats/keras/layer_table.h"
#include "formats/keras/operation_table.h"

namespace tinysplit::keras {
namespace {

bool is_of_keras(const LayerConfig& layer) {
  if (layer.registered_name.find('>') != std::string::npos) return false;
  const std::string package = layer.module.substr(0, layer.module.find('.'));
  return package.empty() || package == "keras" || package == "tf_keras" ||
         package == "keras_core" || package == "tensorflow";
}

// The dtype, written as text or as a policy object; empty if absent.
Result<std::string> dtype_of(const LayerConfig& layer) {
  const Json& json = member(layer.options, "dtype");
  if (json.is_null()) return std::string();
  const Json& policy_name = member(member(json, "config"), "name");
  const Json& name = json.is_object() && !policy_name.is_null() ? policy_name : json;
  if (name.is_string()) return text_of(name);
  return unimplemented("dtype " + brief(name) + " is not supported, only float32");
}

const std::set<std::string, std::less<>> kFloatPolicies = {
    "float32", "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16"};

// Of tfmot, the TensorFlow Model Optimization Toolkit; its packages differ between versions.
bool is_quantisation_aware(const LayerConfig& layer) {
  const std::string name = layer.class_name.substr(layer.class_name.find('>') + 1);
  return name.starts_with("Quantize") &&
         (name.starts_with("QuantizeWrapper") || name.starts_with("QuantizeAnnotate") ||
          name == "QuantizeLayer" || name == "QuantizeAwareActivation");
}

Status check_dtype(const LayerConfig& layer) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string name, dtype_of(layer));
  // An input layer has the dtype of what it takes, a model used as a layer none of its own, an
  // operation names what it makes. All real types compute in float32.
  if (name.empty() || layer.is_input() || layer.is_operation() || kFloatPolicies.contains(name)) {
    return ok_status();
  }
  return unimplemented("dtype " + brief(name) +
                       " is not supported, only float32 and other real types and mixed policies");
}

Status check_itself(const LayerConfig& layer) {
  TINYSPLIT_RETURN_IF_ERROR(check_class(layer));
  TINYSPLIT_RETURN_IF_ERROR(layer.call);
  TINYSPLIT_RETURN_IF_ERROR(check_dtype(layer));
  const LayerOptions options(layer.options);
  TINYSPLIT_RETURN_IF_ERROR(
      options.word("data_format", {"channels_last"}, "channels_last").status());
  if (layer.model) {
    for (const LayerConfig& inner : layer.model->layers) {
      TINYSPLIT_RETURN_IF_ERROR(check_layer(inner));
    }
  }
  return layer.wrapped ? check_layer(*layer.wrapped) : ok_status();
}

}  // namespace

// Classes of other packages may have the names of Keras' layers.
Status check_class(const LayerConfig& layer) {
  if (layer.is_input()) return ok_status();
  if (layer.class_name == "Lambda") {
    return unimplemented(
        "it is Python code in the file, which is never run; build the model with keras.ops or "
        "layers in its place");
  }
  if (layer.is_operation()) {
    if (find_operation_of(layer) != nullptr) return ok_status();
    return unimplemented("this operation on tensors (" + brief(layer.module) +
                         ") is not supported");
  }
  if (is_quantisation_aware(layer)) {
    return unimplemented(
        "it belongs to quantisation-aware training by tfmot; convert the model by "
        "tf.lite.TFLiteConverter with Optimize.DEFAULT and give the .tflite file");
  }
  if (layer.is_function()) {
    if (find_operation_of(layer) != nullptr) return ok_status();
    return unimplemented("the function tf." +
                         text_of(member(layer.options, "function")).substr(0, 64) +
                         " is not supported");
  }
  if (!is_of_keras(layer)) return unimplemented("this class of layer is not supported");
  if (layer.model || layer.wrapped || find_layer(layer.class_name) != nullptr) {
    return ok_status();
  }
  return unimplemented("this class of layer is not supported");
}

Status name_layer(const Status& status, const LayerConfig& layer) {
  if (status.ok() || status.message().find(layer.describe()) != std::string::npos) return status;
  return status.with_context("layer " + layer.describe());
}

Status check_layer(const LayerConfig& layer) { return name_layer(check_itself(layer), layer); }

Result<InputType> parse_input_type(const LayerConfig& layer) {
  static const std::map<std::string, DType, std::less<>> kDTypes = {
      {"", DType::kFloat32},         {"float32", DType::kFloat32}, {"float16", DType::kFloat32},
      {"bfloat16", DType::kFloat32}, {"float64", DType::kFloat32}, {"int8", DType::kInt8},
      {"uint8", DType::kUint8},      {"int16", DType::kInt16},     {"int32", DType::kInt32},
      {"int64", DType::kInt64}};
  InputType type;
  const LayerOptions options(layer.options);
  for (const char* flag : {"sparse", "ragged", "optional"}) {
    TINYSPLIT_ASSIGN_OR_RETURN(const bool set, options.flag(flag, false));
    if (set) return options.unsupported(flag);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string dtype, dtype_of(layer));
  const auto known = kDTypes.find(dtype);
  if (known == kDTypes.end()) {
    return unimplemented("dtype " + brief(dtype) +
                         " is not supported, only float32 and whole numbers of 8 to 64 bits");
  }
  type.dtype = known->second;
  type.declared.name = layer.name;
  type.declared.batch_is_one = true;
  const char* key = options.at("batch_shape").is_null() ? "batch_input_shape" : "batch_shape";
  const Json& json = options.at(key);
  // A Sequential model that was saved before it was called.
  type.declared.has_rank = !json.is_null();
  if (json.is_null()) return type;
  if (!json.is_array() || json.empty() || json.size() > limits::kMaxRank) {
    return options.wrong(key, "a list of 1 to " + std::to_string(limits::kMaxRank) + " sizes");
  }
  // The batch is 1, whatever the model was trained with.
  type.declared.sizes = {kOpenSize};
  for (std::size_t i = 1; i < json.size(); ++i) {
    const auto size = json[i].is_null() ? std::optional(kOpenSize)
                                        : whole_number(json[i], 1, limits::kMaxElements);
    if (!size) return options.wrong(key, "a list of sizes of 1 or more");
    type.declared.sizes.push_back(*size);
  }
  return type;
}

}  // namespace tinysplit::keras
