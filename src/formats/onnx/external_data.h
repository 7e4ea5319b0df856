#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/shape.h"
#include "core/status.h"
#include "formats/onnx/proto.h"

namespace tinysplit::onnx_format {

// Bytes of a tensor that lies in a file of its own beside the model: a plain relative name, that
// leads to a regular file inside of `folder` after all links are followed. Errors:
// PERMISSION_DENIED (no folder given, a path out of it), INVALID_ARGUMENT (offset and length
// outside of the file, or a length that does not fit `shape`), NOT_FOUND.
Result<std::string> read_external_data(const ::onnx::TensorProto& proto, const Shape& shape,
                                       const std::optional<std::filesystem::path>& folder);

}  // namespace tinysplit::onnx_format
