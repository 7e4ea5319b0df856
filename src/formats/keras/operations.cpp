// Arithmetic on tensors ("x * 2 + y") as Keras 3 and Keras 2 save it.
#include <map>

#include "formats/keras/layers.h"

namespace tinysplit::keras {
namespace {

// Two operands, each a tensor or a number.
Result<ValueId> add_arithmetic(LayerContext& context, BinaryKind kind) {
  if (const auto other = context.take_named("x2"); !other.empty()) {
    context.inputs.push_back(other.front());
  }
  if (const auto other = context.take_argument("x2"); other && other->is_number()) {
    context.numbers[context.inputs.size()] = other->get<double>();
    context.inputs.push_back(-1);
  }
  if (context.inputs.size() != 2 || context.numbers.size() > 1) {
    return unimplemented("it is supported for two operands only, one of them a tensor");
  }
  for (const auto& [place, number] : context.numbers) {
    TINYSPLIT_ASSIGN_OR_RETURN(context.inputs[place],
                               context.filled(Shape{1}, static_cast<float>(number)));
  }
  return context.add(BinaryOp{kind}, context.inputs);
}

}  // namespace

Result<ValueId> translate_add_operation(LayerContext& context) {
  return add_arithmetic(context, BinaryKind::kAdd);
}

Result<ValueId> translate_subtract_operation(LayerContext& context) {
  return add_arithmetic(context, BinaryKind::kSubtract);
}

Result<ValueId> translate_multiply_operation(LayerContext& context) {
  return add_arithmetic(context, BinaryKind::kMultiply);
}

Result<ValueId> translate_divide_operation(LayerContext& context) {
  return add_arithmetic(context, BinaryKind::kDivide);
}

Result<ValueId> translate_tf_op_lambda(LayerContext& context) {
  static const std::map<std::string, BinaryKind, std::less<>> kFunctions = {
      {"__operators__.add", BinaryKind::kAdd},  {"math.add", BinaryKind::kAdd},
      {"math.subtract", BinaryKind::kSubtract}, {"math.multiply", BinaryKind::kMultiply},
      {"math.truediv", BinaryKind::kDivide},    {"math.divide", BinaryKind::kDivide}};
  const auto function = kFunctions.find(text_of(context.options.at("function")));
  if (function == kFunctions.end()) return context.options.unsupported("function");
  (void)context.take_argument("name");
  if (const auto other = context.take_named("y"); !other.empty()) {
    context.inputs.push_back(other.front());
  }
  if (const auto other = context.take_argument("y"); other && other->is_number()) {
    context.numbers[context.inputs.size()] = other->get<double>();
    context.inputs.push_back(-1);
  }
  return add_arithmetic(context, function->second);
}

}  // namespace tinysplit::keras
