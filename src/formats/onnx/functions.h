#pragma once

#include <vector>

#include "core/status.h"
#include "formats/onnx/proto.h"

namespace tinysplit::onnx_format {

// Puts the nodes of the model's functions in the place of the nodes that call them, however deep,
// with attributes that refer to those of the call resolved. Tensors and nodes within get the name
// of the call in front of theirs. Returns the default operator set of each node of the model's
// graph: functions import their own.
//
// Errors: INVALID_ARGUMENT (calls that go in a circle, more arguments than parameters),
// RESOURCE_EXHAUSTED (more than limits::kMaxNodes nodes, or limits::kMaxModelFileBytes of copies).
Result<std::vector<int>> inline_functions(::onnx::ModelProto& model);

}  // namespace tinysplit::onnx_format
