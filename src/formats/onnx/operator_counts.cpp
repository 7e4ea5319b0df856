#include "formats/onnx/functions.h"
#include "formats/onnx/model_proto.h"
#include "formats/onnx/ops.h"
#include "formats/onnx/translation.h"

namespace tinysplit::onnx_format {

Result<std::vector<OperatorUse>> count_operators(::onnx::ModelProto& model) {
  TINYSPLIT_RETURN_IF_ERROR(inline_functions(model).status());
  TINYSPLIT_RETURN_IF_ERROR(check_names(model));
  OperatorCount count;
  for (const ::onnx::NodeProto& node : model.graph().node()) {
    count.add(operator_name(node), find_op(node) != nullptr);
  }
  return count.take();
}

}  // namespace tinysplit::onnx_format
