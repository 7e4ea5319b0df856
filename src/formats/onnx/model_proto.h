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
// ModelProto, no graph, no operator set), UNIMPLEMENTED (an operator set that is not read, sparse
// weights).
Result<std::unique_ptr<::onnx::ModelProto>> parse_model(std::string_view bytes);

// Names of nodes, tensors, operators, attributes and dimensions, those of nested graphs included,
// are printable UTF-8 of bounded length; so messages may hold them. Errors: INVALID_ARGUMENT.
Status check_names(const ::onnx::ModelProto& model);

// A version of the default operator set that the translators were written against. Errors:
// INVALID_ARGUMENT (negative: there is none), UNIMPLEMENTED.
Status check_opset(std::int64_t version);

// Version of the default operator set that the model imports; -1 without one.
int default_opset(const ::onnx::ModelProto& model);

// True for printable UTF-8 (RFC 3629).
bool is_printable_utf8(std::string_view text);

}  // namespace tinysplit::onnx_format
