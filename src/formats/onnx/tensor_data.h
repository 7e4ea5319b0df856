#pragma once

#include <filesystem>
#include <optional>

#include "core/dtype.h"
#include "core/status.h"
#include "core/tensor.h"
#include "formats/onnx/proto.h"

namespace tinysplit::onnx_format {

// The element type that TensorProto.DataType `type` means. Errors: UNIMPLEMENTED (names the type).
Result<DType> dtype_of(int type);

// The same of an input or output of a model: double and bfloat16 are computed as float32.
Result<DType> computed_dtype_of(int type);

// Bytes of an element in a file. Errors: UNIMPLEMENTED.
Result<std::size_t> stored_size_of(int type);

// The TensorProto.DataType of an element type.
int element_type_of(DType dtype);

// The tensor of a TensorProto, whose own copy of the data is freed. `folder`: where the model lies;
// data outside of the model file is read from files inside of it alone, and refused without one.
// double, float16 and bfloat16 become float32. Errors, which do not name the tensor:
// INVALID_ARGUMENT, UNIMPLEMENTED (types), OUT_OF_RANGE (shape), PERMISSION_DENIED (external data
// somewhere else), NOT_FOUND.
Result<Tensor> take_tensor(::onnx::TensorProto& proto,
                           const std::optional<std::filesystem::path>& folder);

}  // namespace tinysplit::onnx_format
