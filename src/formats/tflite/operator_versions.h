#pragma once

#include <vector>

#include "formats/tflite/file_builder.h"

namespace tinysplit::tflite {

// The lowest version of an operator that takes inputs and outputs of these types and ranks; the
// runtime refuses a version that it does not know, so a higher one than need be locks older
// runtimes out. `inputs` are those that are not left out.
int version_of_types(schema::BuiltinOperator code, const std::vector<const TensorInfo*>& inputs,
                     const std::vector<const TensorInfo*>& outputs);

}  // namespace tinysplit::tflite
