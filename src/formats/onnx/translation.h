#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/onnx/proto.h"
#include "graph/graph.h"

namespace tinysplit::onnx_format {

// Builds the graph of a model, and frees the model's weights as it goes. Errors as
// read_onnx_model().
Result<std::shared_ptr<const Graph>> translate_model(::onnx::ModelProto& model,
                                                     const std::string& name,
                                                     const std::string& digest,
                                                     const OnnxOptions& options);

// The nodes of the model's graph by their operators, those of its functions in the place of calls.
// Errors: those of functions and names.
Result<std::vector<OperatorUse>> count_operators(::onnx::ModelProto& model);

}  // namespace tinysplit::onnx_format
