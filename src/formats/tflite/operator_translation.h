#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "formats/tflite/operator_context.h"
#include "formats/tflite/operator_table.h"

namespace tinysplit::tflite {

inline constexpr std::size_t kShownNameBytes = 80;  // of a name from the file, in a message

// What an operator of a file is.
struct OperatorKind {
  schema::BuiltinOperator code = schema::BuiltinOperator::ADD;
  std::string name;                  // "CONV_2D", or what a custom operator is called
  const OperatorRow* row = nullptr;  // null: it is not supported
};

// Errors: INVALID_ARGUMENT (a kind that does not exist).
Result<OperatorKind> kind_of(const schema::Model& model, const schema::Operator& source);

// Whether it is supported, and its tensors exist. Errors: UNIMPLEMENTED, INVALID_ARGUMENT.
Status check_operator(const schema::Operator& source, const OperatorKind& kind,
                      const TensorTable& tensors);

// Whether an input holds biases.
bool is_bias(schema::BuiltinOperator code, int input);

// Translates a checked operator into the layer that is open; gives the values that it makes.
// Errors: those of its translator.
Result<std::vector<ValueId>> translate_operator(const schema::Operator& source,
                                                const OperatorKind& kind, TranslationState& state);

// Tensors that a list names. Errors: INVALID_ARGUMENT (one that does not exist, or, but where
// `optional`, is left out).
Status check_indices(const flatbuffers::Vector<std::int32_t>* indices, int size, bool optional,
                     const char* what);

}  // namespace tinysplit::tflite
