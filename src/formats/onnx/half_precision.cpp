#include "formats/onnx/half_precision.h"

namespace tinysplit::onnx_format {

bool is_half(const GraphAssembly& graph, const FileTensor& tensor) {
  const Operand& operand = tensor.file.exists() ? tensor.file : tensor.channels_last;
  return operand.exists() && graph.dtype(operand) == DType::kFloat16;
}

Result<FileTensor> widened(GraphAssembly& graph, const FileTensor& tensor) {
  FileTensor wide;
  wide.name = tensor.name;
  wide.rank = tensor.rank;
  wide.is_half = true;
  const bool last = tensor.channels_last.exists();
  TINYSPLIT_ASSIGN_OR_RETURN(
      (last ? wide.channels_last : wide.file),
      graph.add(CastOp{DType::kFloat32}, {last ? tensor.channels_last : tensor.file}));
  return wide;
}

Status widen_all(GraphAssembly& graph, std::vector<FileTensor*>& tensors,
                 std::vector<FileTensor>& wide) {
  wide.resize(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i] == nullptr || !is_half(graph, *tensors[i])) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(wide[i], widened(graph, *tensors[i]));
    tensors[i] = &wide[i];
  }
  return ok_status();
}

Result<std::shared_ptr<const Tensor>> widened(GraphAssembly& graph,
                                              std::shared_ptr<const Tensor> tensor) {
  if (tensor->dtype() != DType::kFloat16) return tensor;
  TINYSPLIT_ASSIGN_OR_RETURN(
      const Operand wide,
      graph.add(CastOp{DType::kFloat32}, {Operand{-1, std::move(tensor), std::nullopt}}));
  return wide.constant;
}

Result<Operand> narrowed(GraphAssembly& graph, const Operand& x) {
  if (graph.dtype(x) != DType::kFloat32) return x;
  return graph.add(CastOp{DType::kFloat16}, {x});
}

}  // namespace tinysplit::onnx_format
