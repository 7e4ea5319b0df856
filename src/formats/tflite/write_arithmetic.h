#pragma once

#include "formats/tflite/node_writer.h"

namespace tinysplit::tflite {

// The options of ADD, SUB, MUL and DIV; none for other operators.
OperatorOptions arithmetic_options(NodeWriter& writer, schema::BuiltinOperator code,
                                   schema::Activation activation = schema::Activation::NONE);

// An operator of two inputs, broadcast to each other, of the type of the first.
TensorId combine(NodeWriter& writer, schema::BuiltinOperator code, TensorId a, TensorId b);
TensorId combine(NodeWriter& writer, schema::BuiltinOperator code, TensorId a, float b);

// The same as the end of the step.
Status finish_combined(NodeWriter& writer, schema::BuiltinOperator code, TensorId a, TensorId b,
                       schema::Activation activation = schema::Activation::NONE);

}  // namespace tinysplit::tflite
