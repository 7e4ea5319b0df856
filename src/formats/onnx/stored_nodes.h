#pragma once

#include <optional>
#include <vector>

#include "formats/onnx/node_context.h"

namespace tinysplit::onnx_format {

// The outputs of a node that reads stored numbers in place of real ones, computed in integers, or
// nothing where the node has to be computed on real numbers; then nothing was added to the graph.
// `inputs` as NodeContext takes them; `wanted`: the type that output 0 is to be stored as, null for
// none. Errors: those of the node's translator.
Result<std::optional<std::vector<FileTensor>>> translate_stored(
    ::onnx::NodeProto& node, int opset, const std::vector<FileTensor*>& inputs,
    const ElementType* wanted, GraphAssembly& graph);

// The real numbers of a tensor that exists stored; itself if it exists in real numbers.
Result<FileTensor> real_tensor(GraphAssembly& graph, const FileTensor& tensor);

// A tensor of real numbers, as the stored ones of `type`.
Result<FileTensor> stored_tensor(GraphAssembly& graph, const FileTensor& real,
                                 const ElementType& type);

}  // namespace tinysplit::onnx_format
