#include "formats/keras/activation.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/numeric.h"

namespace tinysplit::keras {
namespace {

Result<Activation> parse_relu(const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const float most, options.number("max_value", kInfinity));
  TINYSPLIT_ASSIGN_OR_RETURN(const float slope, options.number("negative_slope", 0.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const float threshold, options.number("threshold", 0.0f));
  if (most < 0.0f) return options.wrong("max_value", "0 or more");
  if (slope == 0.0f && threshold == 0.0f) {
    return Activation(ActivationOp{ActivationKind::kClip, 0.0f, most});
  }
  // Keras asks for more than the threshold, the operation for no less than its bound.
  const float bound = threshold == 0.0f ? 0.0f : std::nextafter(threshold, kInfinity);
  return Activation(ActivationOp{ActivationKind::kThresholdRelu, slope, most, bound});
}

// Keras 2 says alpha where Keras 3 says negative_slope.
Result<Activation> parse_leaky_relu(const LayerOptions& options) {
  constexpr float kDefaultSlope = 0.3f;
  const char* key = options.at("negative_slope").is_null() ? "alpha" : "negative_slope";
  TINYSPLIT_ASSIGN_OR_RETURN(const float slope, options.number(key, kDefaultSlope));
  return Activation(ActivationOp{ActivationKind::kThresholdRelu, slope, kInfinity, 0.0f});
}

Result<Activation> parse_elu(const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const float alpha, options.number("alpha", 1.0f));
  return Activation(ActivationOp{ActivationKind::kElu, alpha});
}

Result<Activation> parse_softmax(const LayerOptions& options, int rank) {
  std::vector<std::int64_t> axes{-1};
  if (!options.at("axis").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(axes, options.integers("axis", -rank, rank - 1));
  }
  if (axes.size() != 1) return options.unsupported("axis");
  const std::int64_t axis = axes.front() < 0 ? axes.front() + rank : axes.front();
  if (axis == 0) return options.unsupported("axis");
  return Activation(SoftmaxOp{static_cast<int>(axis)});
}

using SimpleActivations = std::map<std::string_view, ActivationOp>;

// Activations that work element by element and have no options.
const SimpleActivations& simple_activations() {
  using enum ActivationKind;
  constexpr float kNamedLeakySlope = 0.2f;  // not the default of the layer
  static const SimpleActivations kSimple = {
      {"relu", {kClip, 0.0f, kInfinity}},
      {"relu6", {kClip, 0.0f, 6.0f}},
      {"leaky_relu", {kThresholdRelu, kNamedLeakySlope, kInfinity, 0.0f}},
      {"sigmoid", {kSigmoid}},
      {"hard_sigmoid", {kHardSigmoid, 1.0f / 6.0f, 0.5f}},
      {"tanh", {kTanh}},
      {"elu", {kElu, 1.0f}},
      {"celu", {kCelu, 1.0f}},
      {"selu", {kSelu}},
      {"gelu", {kGeluErf}},  // Keras takes the approximation only when asked, which a name cannot
      {"swish", {kSwish}},
      {"silu", {kSwish}},
      {"hard_swish", {kHardSwish}},
      {"hard_silu", {kHardSwish}},
      {"softplus", {kSoftplus}},
      {"softsign", {kSoftsign}},
      {"mish", {kMish}},
      {"exponential", {kExp}},
      {"linear", {kLinear, 1.0f, 0.0f}},
  };
  return kSimple;
}

// Those that look along the last axis.
constexpr std::string_view kSoftmax = "softmax";
constexpr std::string_view kLogSoftmax = "log_softmax";

const ActivationOp* find_simple(const std::string& name, int keras_major) {
  static const ActivationOp kHardSigmoid2{ActivationKind::kHardSigmoid, 0.2f, 0.5f};
  if (name == "hard_sigmoid" && keras_major == 2) return &kHardSigmoid2;
  const auto found = simple_activations().find(name);
  return found == simple_activations().end() ? nullptr : &found->second;
}

Result<Activation> parse_named(const std::string& name, int keras_major, int rank) {
  if (name == "linear") return Activation();
  if (name == kSoftmax) return parse_softmax(LayerOptions(Json::object()), rank);
  if (name == kLogSoftmax) return Activation(SoftmaxOp{rank - 1, true});
  const ActivationOp* op = find_simple(name, keras_major);
  if (op != nullptr) return Activation(*op);
  return unimplemented("option activation = " + brief(name) + " is not supported");
}

bool is_custom(const Json& activation) {
  return text_of(member(activation, "registered_name")).find('>') != std::string::npos;
}

// The name of an activation that is a function, in either form; empty for all else.
std::string function_name(const Json& activation) {
  if (activation.is_string()) return text_of(activation);
  if (is_custom(activation) || text_of(member(activation, "class_name")) != "function") return {};
  return text_of(member(activation, "config"));
}

bool is_activation_layer(std::string_view class_name) {
  return class_name == "ReLU" || class_name == "LeakyReLU" || class_name == "ELU" ||
         class_name == "Softmax";
}

}  // namespace

std::vector<std::string_view> activation_names() {
  std::vector<std::string_view> names{kSoftmax, kLogSoftmax};
  for (const auto& [name, op] : simple_activations()) names.push_back(name);
  std::ranges::sort(names);
  return names;
}

Result<Activation> parse_activation(const Json& activation, int keras_major, int rank) {
  if (activation.is_null()) return Activation();
  if (const std::string name = function_name(activation); !name.empty()) {
    return parse_named(name, keras_major, rank);
  }
  const std::string name = text_of(member(activation, "class_name"));
  if (!is_custom(activation) && is_activation_layer(name)) {
    return parse_activation_layer(name, LayerOptions(member(activation, "config")), rank);
  }
  return unimplemented("option activation = " + brief(activation) + " is not supported");
}

Result<Activation> parse_activation_layer(std::string_view class_name, const LayerOptions& options,
                                          int rank) {
  if (class_name == "ReLU") return parse_relu(options);
  if (class_name == "LeakyReLU") return parse_leaky_relu(options);
  if (class_name == "ELU") return parse_elu(options);
  if (class_name == "Softmax") return parse_softmax(options, rank);
  return unimplemented("class " + std::string(class_name) + " is not an activation");
}

const ActivationOp* find_elementwise(const Json& activation, int keras_major) {
  return find_simple(function_name(activation), keras_major);
}

}  // namespace tinysplit::keras
