#include "formats/onnx/inner_node.h"

#include <algorithm>

#include "formats/onnx/ops.h"

namespace tinysplit::onnx_format {

Result<FileTensor> run_inner(NodeContext& context, std::string_view op_type, int opset,
                             std::vector<FileTensor*> inputs,
                             std::initializer_list<std::string_view> own) {
  ::onnx::NodeProto node;
  node.set_op_type(std::string(op_type));
  node.add_output("inner");
  for (const auto& attribute : context.node().attribute()) {
    context.attributes.ignore(attribute.name());
    if (std::ranges::find(own, std::string_view(attribute.name())) != own.end()) continue;
    *node.add_attribute() = attribute;
  }
  const OpRow* row = find_op(node);
  if (row == nullptr) return internal_error("holds an operator that is not supported");
  NodeContext inner(node, opset, std::move(inputs), context.graph());
  TINYSPLIT_RETURN_IF_ERROR(row->translate(inner));
  TINYSPLIT_RETURN_IF_ERROR(inner.attributes.expect_all_known());
  FileTensor output = inner.outputs().front();
  if (!output.file.exists() && !output.channels_last.exists()) {
    return internal_error("holds an operator that makes no number");
  }
  return output;
}

const Operand& existing_operand(const FileTensor& tensor) {
  return tensor.file.exists() ? tensor.file : tensor.channels_last;
}

Layout existing_layout(const FileTensor& tensor) {
  return tensor.file.exists() ? Layout::kFile : Layout::kChannelsLast;
}

void set_output_like(NodeContext& context, const FileTensor& like, Operand value) {
  context.set_output(0, std::move(value), existing_layout(like), like.rank);
}

}  // namespace tinysplit::onnx_format
