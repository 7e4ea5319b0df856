// Control flow and variables. Loops are unrolled, branches taken, when the file is read: what they
// hang on has to be constant.
#include "formats/tflite/operators.h"

namespace tinysplit::tflite {
namespace {

using Values = std::vector<ValueId>;

Result<Values> inputs_from(OperatorContext& context, int first) {
  Values values;
  for (int i = first; i < context.num_inputs(); ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value, context.input(i));
    values.push_back(value);
  }
  return values;
}

Result<bool> truth_of(const OperatorContext& context, ValueId condition) {
  const Value& value = context.view(condition);
  if (value.dtype != DType::kBool || value.shape.num_elements() != 1) {
    return invalid_argument("its condition is " + std::string(dtype_name(value.dtype)) +
                            value.shape.to_string() + ", needs one bool");
  }
  if (!value.is_constant()) {
    return unimplemented("its condition is computed at run time; it must be a constant");
  }
  return value.data->as<std::uint8_t>()[0] != 0;
}

Status define_all(OperatorContext& context, const Values& values) {
  if (static_cast<int>(values.size()) != context.num_outputs()) {
    return invalid_argument("it has " + std::to_string(context.num_outputs()) +
                            " outputs, its subgraph " + std::to_string(values.size()));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    TINYSPLIT_RETURN_IF_ERROR(context.define(static_cast<int>(i), values[i]));
  }
  return ok_status();
}

}  // namespace

Status translate_while(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options, context.required_options<schema::WhileOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(Values values, inputs_from(context, 0));
  for (;;) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Values condition,
                               context.call(options->cond_subgraph_index(), values));
    if (condition.size() != 1) return invalid_argument("its condition is not one value");
    TINYSPLIT_ASSIGN_OR_RETURN(const bool goes_on, truth_of(context, condition[0]));
    if (!goes_on) return define_all(context, values);
    const std::size_t count = values.size();
    TINYSPLIT_ASSIGN_OR_RETURN(values, context.call(options->body_subgraph_index(), values));
    if (values.size() != count) {
      return invalid_argument("its body makes " + std::to_string(values.size()) + " values of " +
                              std::to_string(count));
    }
  }
}

Status translate_if(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options, context.required_options<schema::IfOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId condition, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool holds, truth_of(context, condition));
  TINYSPLIT_ASSIGN_OR_RETURN(const Values values, inputs_from(context, 1));
  const int branch = holds ? options->then_subgraph_index() : options->else_subgraph_index();
  TINYSPLIT_ASSIGN_OR_RETURN(const Values made, context.call(branch, values));
  return define_all(context, made);
}

// Of the initial values of variables.
Status translate_call_once(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::CallOnceOptions>());
  return context.call(options->init_subgraph_index(), {}).status();
}

// Handles are the numbers of the variables, as constants.
Status translate_variable_handle(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::VarHandleOptions>());
  std::string name;
  for (const flatbuffers::String* part : {options->container(), options->shared_name()}) {
    name += (name.empty() ? "" : "/") + (part == nullptr ? std::string() : part->str());
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor number, context.new_tensor(DType::kInt32, Shape()));
  number.as<std::int32_t>()[0] = context.variables().handle(name);
  return context.define(0, context.constant(std::move(number)));
}

Status translate_read_variable(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t handle, context.integer(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value, context.variables().read(handle));
  return context.define(0, value);
}

Status translate_assign_variable(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t handle, context.integer(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId value, context.input(1));
  return context.variables().assign(handle, value);
}

}  // namespace tinysplit::tflite
