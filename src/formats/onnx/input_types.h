#pragma once

#include "core/status.h"
#include "formats/onnx/proto.h"
#include "graph/input_sizes.h"
#include "graph/type_inference.h"

namespace tinysplit::onnx_format {

// Errors: UNIMPLEMENTED (not a tensor, a type that is not supported).
Result<ElementType> element_type_of(const ::onnx::ValueInfoProto& input);

// Its shape, with the names of the sizes that the file leaves open.
DeclaredInput declared_input(const ::onnx::ValueInfoProto& input);

}  // namespace tinysplit::onnx_format
