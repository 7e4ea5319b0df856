#pragma once

#include "formats/operator_list.h"
#include "formats/tflite/operator_context.h"

namespace tinysplit::tflite {

// Whose element type the note of an operator is about.
enum class Subject : std::uint8_t { kOutput, kInput, kNone };

// An operator that is supported.
struct OperatorRow {
  schema::BuiltinOperator code;
  Translator translate;
  OperatorNote note;
  Subject subject = Subject::kOutput;  // its first; of none where types are not looked at
  std::string_view custom = {};        // name of a custom operator
};

// The row of an operator; null if there is none.
const OperatorRow* find_operator(schema::BuiltinOperator code);
// The row of the custom operator of that name; null if there is none.
const OperatorRow* find_custom_operator(std::string_view name);

}  // namespace tinysplit::tflite
