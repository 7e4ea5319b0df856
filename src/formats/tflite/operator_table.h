#pragma once

#include "formats/operator_list.h"
#include "formats/tflite/operator_context.h"

namespace tinysplit::tflite {

// Whose element type the note of an operator is about.
enum class Subject : std::uint8_t { kOutput, kInput };

// An operator that is supported.
struct OperatorRow {
  schema::BuiltinOperator code;
  Translator translate;
  OperatorNote note;
  Subject subject = Subject::kOutput;  // its first
};

// The row of an operator; null if there is none.
const OperatorRow* find_operator(schema::BuiltinOperator code);

}  // namespace tinysplit::tflite
