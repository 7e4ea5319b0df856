#pragma once

#include <optional>

#include "core/status.h"
#include "formats/tflite/tflite_generated.h"
#include "graph/graph.h"

namespace tinysplit::tflite {

// How weights of integers are read under float32 activations ("hybrid" operators).
//
// Runtimes read such weights as int8 with a zero point of 0, whatever the file says: converters of
// TensorFlow 1.x wrote the type UINT8 with bytes that are int8, and zero points are passed over.
// So what a file says otherwise is refused, since no runtime computes it.
// Errors: UNIMPLEMENTED (a type, scales by filter or a zero point that runtimes do not have or pass
// over in an operator of that kind).
Status check_hybrid_weights(schema::BuiltinOperator code, DType dtype,
                            const std::optional<Quantization>& quantization);

}  // namespace tinysplit::tflite
