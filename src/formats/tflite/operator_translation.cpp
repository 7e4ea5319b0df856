#include "formats/tflite/operator_translation.h"

#include <algorithm>

#include "formats/tflite/lstm_inputs.h"
#include "formats/tflite/names.h"

namespace tinysplit::tflite {
namespace {

using Indices = flatbuffers::Vector<std::int32_t>;
using Code = schema::BuiltinOperator;

// Operators that are there for what they do to variables.
bool may_make_nothing(Code code) {
  return code == Code::CALL_ONCE || code == Code::ASSIGN_VARIABLE;
}

// Whether the operator works on the element type at hand, as its row in the table has it.
Status check_type(const schema::Operator& source, const OperatorRow& row,
                  const TensorTable& tensors) {
  if (row.subject == Subject::kNone) return ok_status();
  const bool of_input = row.subject == Subject::kInput;
  const Indices* list = of_input ? source.inputs() : source.outputs();
  const int index = list == nullptr || list->size() == 0 ? -1 : list->Get(0);
  if (index < 0) return ok_status();  // the translator says what is missing
  TINYSPLIT_ASSIGN_OR_RETURN(const DType type, tensors.dtype(index));
  if (row.note.types.contains(type)) return ok_status();
  return unimplemented(std::string(of_input ? "its input" : "its output") + " is " +
                       std::string(dtype_name(type)) + ", which is not supported here; " +
                       to_string(row.note.types) + " are");
}

// Sums of float32 products take a float32 bias.
Status check_biases(const schema::Operator& source, Code code, const TensorTable& tensors) {
  if (source.inputs() == nullptr || source.outputs() == nullptr) return ok_status();
  for (flatbuffers::uoffset_t i = 0; i < source.inputs()->size(); ++i) {
    const std::int32_t input = source.inputs()->Get(i);
    if (input < 0 || !is_bias(code, static_cast<int>(i))) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(const DType made, tensors.dtype(source.outputs()->Get(0)));
    TINYSPLIT_ASSIGN_OR_RETURN(const DType type, tensors.dtype(input));
    if (made != DType::kFloat32 || type == DType::kFloat32 || type == DType::kFloat16) continue;
    return unimplemented("its bias is " + std::string(dtype_name(type)) + " beside float32");
  }
  return ok_status();
}

}  // namespace

Status check_indices(const Indices* indices, int size, bool optional, const char* what) {
  if (indices == nullptr) return ok_status();
  for (const std::int32_t index : *indices) {
    if (index < (optional ? -1 : 0) || index >= size) {
      return invalid_argument(std::string(what) + " is tensor " + std::to_string(index) +
                              ", which does not exist");
    }
  }
  return ok_status();
}

Result<OperatorKind> kind_of(const schema::Model& model, const schema::Operator& source) {
  const auto* codes = model.operator_codes();
  if (codes == nullptr || source.opcode_index() >= codes->size()) {
    return invalid_argument("is of kind " + std::to_string(source.opcode_index()) +
                            ", which does not exist");
  }
  const schema::OperatorCode& entry = *codes->Get(source.opcode_index());
  OperatorKind kind;
  kind.code = std::max(static_cast<Code>(entry.deprecated_builtin_code()), entry.builtin_code());
  if (kind.code == Code::CUSTOM) {
    const auto* text = entry.custom_code();
    kind.name = clean_text(text == nullptr ? "" : text->str(), kShownNameBytes);
    kind.row = find_custom_operator(kind.name);
    return kind;
  }
  kind.name = schema::EnumNameBuiltinOperator(kind.code);
  if (kind.name.empty()) kind.name = "OPERATOR_" + std::to_string(static_cast<int>(kind.code));
  kind.row = find_operator(kind.code);
  return kind;
}

Status check_operator(const schema::Operator& source, const OperatorKind& kind,
                      const TensorTable& tensors) {
  if (kind.row == nullptr && kind.code == Code::CUSTOM) {
    return unimplemented("it is the custom operator \"" + kind.name + "\", which is not supported");
  }
  if (kind.row == nullptr) return unimplemented("this operator is not supported");
  const bool makes = source.outputs() != nullptr && source.outputs()->size() > 0;
  if (!makes && !may_make_nothing(kind.code)) return invalid_argument("it has no outputs");
  TINYSPLIT_RETURN_IF_ERROR(check_indices(source.inputs(), tensors.size(), true, "an input"));
  return check_indices(source.outputs(), tensors.size(), false, "an output");
}

bool is_bias(Code code, int input) {
  switch (code) {
    case Code::CONV_2D:
    case Code::DEPTHWISE_CONV_2D:
    case Code::FULLY_CONNECTED:
      return input == 2;
    case Code::TRANSPOSE_CONV:
    case Code::SVDF:
      return input == 3;
    case Code::UNIDIRECTIONAL_SEQUENCE_LSTM:
      return input >= lstm::kBiases && input < lstm::kBiases + lstm::kGates;
    default:
      return false;
  }
}

Result<std::vector<ValueId>> translate_operator(const schema::Operator& source,
                                                const OperatorKind& kind, TranslationState& state) {
  OperatorContext context(source, kind.code, state);
  TINYSPLIT_RETURN_IF_ERROR(check_type(source, *kind.row, state.tensors));
  TINYSPLIT_RETURN_IF_ERROR(check_biases(source, kind.code, state.tensors));
  TINYSPLIT_RETURN_IF_ERROR(kind.row->translate(context));
  return context.defined();
}

}  // namespace tinysplit::tflite
