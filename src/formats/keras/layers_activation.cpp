// Activations, as layers of their own and inside of others.
#include <limits>
#include <map>

#include "formats/keras/layers.h"

namespace tinysplit::keras {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Result<ValueId> add_relu(LayerContext& context, ValueId x, const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const float most, options.number("max_value", kInfinity));
  TINYSPLIT_ASSIGN_OR_RETURN(const float slope, options.number("negative_slope", 0.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const float threshold, options.number("threshold", 0.0f));
  if (most < 0.0f) return options.wrong("max_value", "0 or more");
  if (slope == 0.0f && threshold == 0.0f) {
    return context.add(ActivationOp{ActivationKind::kClip, 0.0f, most}, {x});
  }
  return context.add(ActivationOp{ActivationKind::kThresholdRelu, slope, most, threshold}, {x});
}

Result<ValueId> add_leaky_relu(LayerContext& context, ValueId x, float slope) {
  return context.add(ActivationOp{ActivationKind::kThresholdRelu, slope, kInfinity, 0.0f}, {x});
}

// Keras 2 says alpha where Keras 3 says negative_slope.
Result<ValueId> add_leaky_relu(LayerContext& context, ValueId x, const LayerOptions& options) {
  constexpr float kDefaultSlope = 0.3f;
  const char* key = options.at("negative_slope").is_null() ? "alpha" : "negative_slope";
  TINYSPLIT_ASSIGN_OR_RETURN(const float slope, options.number(key, kDefaultSlope));
  return add_leaky_relu(context, x, slope);
}

Result<ValueId> add_elu(LayerContext& context, ValueId x, const LayerOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const float alpha, options.number("alpha", 1.0f));
  return context.add(ActivationOp{ActivationKind::kElu, alpha}, {x});
}

Result<ValueId> add_softmax(LayerContext& context, ValueId x, const LayerOptions& options) {
  const int rank = context.shape(x).rank();
  std::vector<std::int64_t> axes{-1};
  if (!options.at("axis").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(axes, options.integers("axis", -rank, rank - 1));
  }
  if (axes.size() != 1) return options.unsupported("axis");
  const std::int64_t axis = axes.front() < 0 ? axes.front() + rank : axes.front();
  if (axis == 0) return options.unsupported("axis");
  return context.add(SoftmaxOp{static_cast<int>(axis)}, {x});
}

// Activations that work element by element and have no options.
const ActivationOp* find_simple(const std::string& name, int keras_major) {
  using enum ActivationKind;
  constexpr float kNamedLeakySlope = 0.2f;  // not the default of the layer
  static const ActivationOp kHardSigmoid2{kHardSigmoid, 0.2f, 0.5f};
  static const std::map<std::string, ActivationOp, std::less<>> kSimple = {
      {"relu", {kClip, 0.0f, kInfinity}},
      {"relu6", {kClip, 0.0f, 6.0f}},
      {"leaky_relu", {kThresholdRelu, kNamedLeakySlope, kInfinity, 0.0f}},
      {"sigmoid", {kSigmoid}},
      {"hard_sigmoid", {kHardSigmoid, 1.0f / 6.0f, 0.5f}},
      {"tanh", {kTanh}},
      {"elu", {kElu, 1.0f}},
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
  if (name == "hard_sigmoid" && keras_major == 2) return &kHardSigmoid2;
  const auto found = kSimple.find(name);
  return found == kSimple.end() ? nullptr : &found->second;
}

Result<ValueId> add_named(LayerContext& context, ValueId x, const std::string& name) {
  if (name == "linear") return x;
  if (name == "softmax") return add_softmax(context, x, LayerOptions(Json::object()));
  if (name == "log_softmax") {
    return context.add(SoftmaxOp{context.shape(x).rank() - 1, true}, {x});
  }
  const ActivationOp* op = find_simple(name, context.keras_major);
  if (op == nullptr) {
    return unimplemented("option activation = " + brief(name) + " is not supported");
  }
  return context.add(*op, {x});
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

}  // namespace

Result<ValueId> LayerContext::add_activation(ValueId x, const Json& activation) {
  if (activation.is_null()) return x;
  if (const std::string name = function_name(activation); !name.empty()) {
    return add_named(*this, x, name);
  }
  const std::string name = text_of(member(activation, "class_name"));
  const Json& config = member(activation, "config");
  if (!is_custom(activation)) {
    // A layer used as an activation.
    if (name == "ReLU") return add_relu(*this, x, LayerOptions(config));
    if (name == "LeakyReLU") return add_leaky_relu(*this, x, LayerOptions(config));
    if (name == "ELU") return add_elu(*this, x, LayerOptions(config));
    if (name == "Softmax") return add_softmax(*this, x, LayerOptions(config));
  }
  return unimplemented("option activation = " + brief(activation) + " is not supported");
}

Result<ActivationOp> LayerContext::parse_activation(const LayerOptions& owner, const char* key,
                                                    const char* fallback) const {
  const Json& activation = owner.at(key);
  const std::string name = activation.is_null() ? fallback : function_name(activation);
  const ActivationOp* op = find_simple(name, keras_major);
  if (op != nullptr) return *op;
  return owner.unsupported(key);
}

Result<ValueId> translate_activation(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  return context.add_activation(x, context.options.at("activation"));
}

Result<ValueId> translate_relu(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  return add_relu(context, x, context.options);
}

Result<ValueId> translate_leaky_relu(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  return add_leaky_relu(context, x, context.options);
}

Result<ValueId> translate_elu(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  return add_elu(context, x, context.options);
}

Result<ValueId> translate_softmax(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  return add_softmax(context, x, context.options);
}

Result<ValueId> translate_prelu(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  const Shape input = context.shape(x);
  std::vector<std::int64_t> dims(input.dims().begin() + 1, input.dims().end());
  if (!context.options.at("shared_axes").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> shared,
                               context.options.integers("shared_axes", 1, input.rank() - 1));
    for (const std::int64_t axis : shared) dims[static_cast<std::size_t>(axis - 1)] = 1;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape shape, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId slope, context.weight(shape, "alpha"));
  return context.add(PreluOp{}, {x, slope});
}

}  // namespace tinysplit::keras
