#pragma once

#include <span>

#include "formats/keras/model_config.h"
#include "formats/keras/operation_context.h"

namespace tinysplit::keras {

// The row of an operation on tensors of Keras 3 ("x * 2", keras.ops), or of a function of
// TensorFlow that Keras 2 saves as a layer; null if there is none.
const OperationRow* find_operation_of(const LayerConfig& layer);

// All of them, for the list of what is supported.
std::span<const OperationRow> keras_operation_rows();
std::span<const OperationRow> tensorflow_operation_rows();

// The name of a TensorFlow function without the module that it stands in: "reduce_mean" of
// "math.reduce_mean" and "compat.v1.reduce_mean".
std::string_view function_without_module(std::string_view function);

}  // namespace tinysplit::keras
