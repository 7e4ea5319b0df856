// Activations, as layers of their own and inside of others.
#include "formats/keras/activation.h"
#include "formats/keras/layers.h"

namespace tinysplit::keras {
namespace {

Result<ValueId> apply(LayerContext& context, ValueId x, const Activation& activation) {
  if (const auto* op = std::get_if<ActivationOp>(&activation)) return context.add(*op, {x});
  if (const auto* op = std::get_if<SoftmaxOp>(&activation)) return context.add(*op, {x});
  return x;
}

Result<ValueId> translate_layer(LayerContext& context, const char* class_name) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  TINYSPLIT_ASSIGN_OR_RETURN(
      const Activation activation,
      parse_activation_layer(class_name, context.options, context.shape(x).rank()));
  return apply(context, x, activation);
}

}  // namespace

Result<ValueId> LayerContext::add_activation(ValueId x, const Json& activation) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Activation parsed,
                             keras::parse_activation(activation, keras_major, shape(x).rank()));
  return apply(*this, x, parsed);
}

Result<ActivationOp> LayerContext::parse_activation(const LayerOptions& owner, const char* key,
                                                    const char* fallback) const {
  const Json& activation = owner.at(key);
  const ActivationOp* op =
      find_elementwise(activation.is_null() ? Json(fallback) : activation, keras_major);
  if (op != nullptr) return *op;
  return owner.unsupported(key);
}

Result<ValueId> translate_activation(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  return context.add_activation(x, context.options.at("activation"));
}

Result<ValueId> translate_relu(LayerContext& context) { return translate_layer(context, "ReLU"); }
Result<ValueId> translate_leaky_relu(LayerContext& context) {
  return translate_layer(context, "LeakyReLU");
}
Result<ValueId> translate_elu(LayerContext& context) { return translate_layer(context, "ELU"); }
Result<ValueId> translate_softmax(LayerContext& context) {
  return translate_layer(context, "Softmax");
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
