#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/status.h"
#include "formats/onnx/proto.h"

namespace tinysplit::onnx_format {

// True if the bytes are a protobuf message whose fields can be those of a ModelProto, among them
// ir_version and graph. Reads the outermost fields only.
bool has_model_fields(std::string_view bytes);

// Parses a model: nesting at most limits::kMaxProtobufDepth. Errors: INVALID_ARGUMENT (not a
// ModelProto, no graph, names that are no printable UTF-8, an opset below 6), UNIMPLEMENTED (an
// opset newer than the reader, functions of the model's own, sparse weights).
Result<std::unique_ptr<::onnx::ModelProto>> parse_model(std::string_view bytes);

// Version of the default operator set that the model imports; -1 without one.
int default_opset(const ::onnx::ModelProto& model);

// True for printable UTF-8 (RFC 3629).
bool is_printable_utf8(std::string_view text);

}  // namespace tinysplit::onnx_format
