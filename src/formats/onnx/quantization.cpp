#include "formats/onnx/quantization.h"

#include <algorithm>

#include "formats/onnx/stored_types.h"

namespace tinysplit::onnx_format {
namespace {

Result<std::vector<std::int32_t>> stored_numbers(const Tensor& tensor) {
  std::vector<std::int32_t> numbers;
  const auto append = [&](auto values) { numbers.assign(values.begin(), values.end()); };
  switch (tensor.dtype()) {
    case DType::kInt8:
      append(tensor.as<std::int8_t>());
      return numbers;
    case DType::kUint8:
      append(tensor.as<std::uint8_t>());
      return numbers;
    case DType::kInt16:
      append(tensor.as<std::int16_t>());
      return numbers;
    case DType::kInt32:
      append(tensor.as<std::int32_t>());
      return numbers;
    default:
      return unimplemented("quantises to " + std::string(dtype_name(tensor.dtype())));
  }
}

Result<Operand> dequantized_constant(GraphAssembly& graph, const Operand& x,
                                     const Quantization& quantization) {
  const Shape shape = graph.shape(x);
  TINYSPLIT_RETURN_IF_ERROR(check_quantization(quantization, graph.dtype(x), shape));
  TINYSPLIT_RETURN_IF_ERROR(graph.spend(shape.num_elements()));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int32_t> numbers, stored_numbers(*x.constant));
  std::size_t inner = 1, entries = quantization.scale.size();
  for (int i = quantization.axis + 1; quantization.axis >= 0 && i < shape.rank(); ++i) {
    inner *= static_cast<std::size_t>(shape[i]);
  }
  Tensor real(DType::kFloat32, shape);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t k = i / inner % entries;
    const std::int64_t distance = std::int64_t{numbers[i]} - quantization.zero_point[k];
    real.as<float>()[i] = static_cast<float>(distance) * quantization.scale[k];
  }
  return operand_of(std::move(real));
}

}  // namespace

Result<Quantization> quantization_of(NodeContext& context, int scale, int zero_point,
                                     std::int64_t axis, const Shape& shape) {
  Quantization quantization;
  TINYSPLIT_ASSIGN_OR_RETURN(quantization.scale, context.reals(scale, "its scale"));
  quantization.zero_point.assign(quantization.scale.size(), 0);
  if (context.has_input(zero_point)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto tensor, context.constant(zero_point, "its zero point"));
    TINYSPLIT_ASSIGN_OR_RETURN(quantization.zero_point, stored_numbers(*tensor));
  }
  if (quantization.scale.size() != 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(quantization.axis, context.axis(axis, shape.rank()));
  }
  if (context.shape(scale).rank() > 1) return unimplemented("has scales of blocks");
  if (quantization.scale.empty() || quantization.scale.size() != quantization.zero_point.size()) {
    return invalid_argument("has " + std::to_string(quantization.scale.size()) + " scales and " +
                            std::to_string(quantization.zero_point.size()) + " zero points");
  }
  return quantization;
}

Result<Operand> with_quantization(GraphAssembly& graph, const Operand& x,
                                  const Quantization& quantization) {
  TINYSPLIT_RETURN_IF_ERROR(check_quantization(quantization, graph.dtype(x), graph.shape(x)));
  if (x.is_constant()) return Operand{-1, x.constant, quantization};
  const ElementType type(graph.dtype(x), quantization);
  if (same_type({graph.dtype(x), graph.quantization(x)}, type)) return x;
  return graph.add(ReshapeOp{graph.shape(x)}, {x}, type);
}

Result<Operand> dequantized(GraphAssembly& graph, const Operand& x,
                            const Quantization& quantization) {
  if (x.is_constant()) return dequantized_constant(graph, x, quantization);
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand stored, with_quantization(graph, x, quantization));
  return graph.add(DequantizeOp{}, {stored});
}

Result<Operand> quantized(GraphAssembly& graph, const Operand& x, DType dtype,
                          const Quantization& quantization) {
  return graph.add(QuantizeOp{true}, {x}, ElementType(dtype, quantization));
}

}  // namespace tinysplit::onnx_format
