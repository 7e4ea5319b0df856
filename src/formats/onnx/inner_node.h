#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "formats/onnx/node_context.h"

namespace tinysplit::onnx_format {

// What an operator of the default domain makes of `inputs` (null where left out) as its only
// output: for one that holds another. It has the attributes of the node of `context` but those
// named `own`.
Result<FileTensor> run_inner(NodeContext& context, std::string_view op_type, int opset,
                             std::vector<FileTensor*> inputs,
                             std::initializer_list<std::string_view> own = {});

// The operand of a tensor in the layout in which it exists, and which that is.
const Operand& existing_operand(const FileTensor& tensor);
Layout existing_layout(const FileTensor& tensor);

// Sets output 0 to a tensor of the layout and rank of `like`.
void set_output_like(NodeContext& context, const FileTensor& like, Operand value);

}  // namespace tinysplit::onnx_format
