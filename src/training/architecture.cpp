#include "training/architecture.h"

#include <map>
#include <utility>

#include "core/limits.h"
#include "formats/keras/json_text.h"
#include "formats/keras/layer_checks.h"
#include "formats/keras/model_config.h"
#include "training/architecture_builder.h"

namespace tinysplit::training {
namespace {

using keras::LayerConfig;
using keras::LayerEntry;
using keras::ModelConfig;

LayerReader find_reader(std::string_view class_name) {
  static const std::map<std::string_view, LayerReader> kReaders = {
      {"Conv2D", read_conv2d},
      {"DepthwiseConv2D", read_depthwise_conv2d},
      {"SeparableConv2D", read_separable_conv2d},
      {"Dense", read_dense},
      {"BatchNormalization", read_batch_normalization},
      {"Activation", read_activation},
      {"ReLU", read_relu},
      {"LeakyReLU", read_leaky_relu},
      {"ELU", read_elu},
      {"Softmax", read_softmax},
      {"MaxPooling2D", read_max_pooling2d},
      {"AveragePooling2D", read_average_pooling2d},
      {"GlobalMaxPooling2D", read_global_max_pooling2d},
      {"GlobalAveragePooling2D", read_global_average_pooling2d},
      {"Flatten", read_flatten},
      {"Reshape", read_reshape},
      {"ZeroPadding2D", read_zero_padding2d},
      {"Add", read_add},
      {"Concatenate", read_concatenate},
      {"Dropout", read_dropout},
      {"Rescaling", read_rescaling},
  };
  const auto found = kReaders.find(class_name);
  return found == kReaders.end() ? nullptr : found->second;
}

// The layers of one model, translated in execution order.
class Translation {
 public:
  explicit Translation(const ModelConfig& model) : model_(model), builder_(model.keras_major) {}

  Result<Architecture> run() {
    for (const LayerEntry& entry : model_.entries) {
      const LayerConfig& layer = model_.layers[entry.layer];
      TINYSPLIT_RETURN_IF_ERROR(keras::name_layer(add(layer, entry), layer));
    }
    if (model_.outputs.size() != 1) {
      return unimplemented("the model has " + std::to_string(model_.outputs.size()) +
                           " outputs; only models with one can be trained");
    }
    ArchitectureBuilder::ValueIds inputs;
    for (const std::string& name : model_.inputs) inputs.push_back(outputs_.at(name));
    const std::size_t output = outputs_.at(model_.outputs.front().layer);
    Architecture result = builder_.build(std::move(inputs), output);
    result.name = model_.name;
    return result;
  }

 private:
  Status add(const LayerConfig& layer, const LayerEntry& entry) {
    TINYSPLIT_RETURN_IF_ERROR(keras::check_layer(layer));
    if (layer.is_input()) return add_input(layer);
    const LayerReader read = find_reader(layer.class_name);
    if (read == nullptr || layer.is_operation() || layer.model || layer.wrapped) {
      return unimplemented("this class of layer cannot be trained");
    }
    if (layer.calls.size() != 1 || entry.calls.size() != 1) {
      return unimplemented("it is called " + std::to_string(layer.calls.size()) +
                           " times; only layers that are called once can be trained");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(ArchitectureBuilder::ValueIds inputs, inputs_of(layer.calls[0]));
    builder_.begin_layer(layer, std::move(inputs));
    TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t output,
                               read(builder_, keras::LayerOptions(layer.options)));
    builder_.end_layer(output);
    outputs_[layer.name] = output;
    return ok_status();
  }

  Status add_input(const LayerConfig& layer) {
    TINYSPLIT_ASSIGN_OR_RETURN(const keras::InputType type, keras::parse_input_type(layer));
    if (type.dtype != DType::kFloat32) {
      return unimplemented("its dtype is " + std::string(dtype_name(type.dtype)) +
                           "; only float32 inputs can be trained on");
    }
    builder_.begin_layer(layer, {});
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<Shape> shapes,
                               close_input_shapes({type.declared}, {}));
    TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t value, builder_.add_input(shapes.front()));
    builder_.end_layer(value);
    outputs_[layer.name] = value;
    return ok_status();
  }

  Result<ArchitectureBuilder::ValueIds> inputs_of(const keras::CallConfig& call) const {
    if (!call.named.empty() || !call.arguments.empty()) {
      const std::string& key =
          call.named.empty() ? call.arguments.begin()->first : call.named.begin()->first;
      return unimplemented("it is called with the argument " + key.substr(0, 64) +
                           ", which is not supported");
    }
    ArchitectureBuilder::ValueIds inputs;
    for (const keras::TensorRef& tensor : call.inputs) {
      const auto found = outputs_.find(tensor.layer);
      if (tensor.constant || tensor.output != 0 || found == outputs_.end()) {
        return unimplemented("it is called on something that is not the output of a layer");
      }
      inputs.push_back(found->second);
    }
    return inputs;
  }

  const ModelConfig& model_;
  ArchitectureBuilder builder_;
  std::map<std::string, std::size_t> outputs_;  // values, by the name of the layer
};

}  // namespace

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kKernel:
      return "kernel";
    case Role::kDepthwiseKernel:
      return "depthwise_kernel";
    case Role::kPointwiseKernel:
      return "pointwise_kernel";
    case Role::kBias:
      return "bias";
    case Role::kGamma:
      return "gamma";
    case Role::kBeta:
      return "beta";
    case Role::kMovingMean:
      return "moving_mean";
    case Role::kMovingVariance:
      return "moving_variance";
  }
  return "";
}

std::string Architecture::parameter_name(std::size_t parameter) const {
  const ParameterSpec& spec = parameters[parameter];
  return layers[spec.layer].name + "/" + std::string(role_name(spec.role));
}

std::size_t Architecture::count_weights() const {
  std::size_t count = 0;
  for (const ParameterSpec& spec : parameters) {
    count += static_cast<std::size_t>(spec.shape.num_elements());
  }
  return count;
}

Result<Architecture> parse_architecture(std::string_view config) {
  if (config.size() > limits::kMaxModelConfigBytes) {
    return resource_exhausted("the configuration has " + std::to_string(config.size()) +
                              " bytes, at most " + std::to_string(limits::kMaxModelConfigBytes) +
                              " are allowed");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(keras::Json json, keras::parse_json(config));
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelConfig model,
                             keras::parse_model_config(std::move(json), ""));
  TINYSPLIT_ASSIGN_OR_RETURN(Architecture architecture, Translation(model).run());
  architecture.config = config;
  return architecture;
}

}  // namespace tinysplit::training
