#pragma once

#include <optional>

#include "formats/onnx/node_context.h"

namespace tinysplit::onnx_format {

// The quantisation that a constant scale and zero point mean (inputs of the node; the zero point
// may be left out): one for the tensor, or one for each index along `axis` of a tensor of `shape`.
// Errors: UNIMPLEMENTED (computed at run time, not float32), INVALID_ARGUMENT.
Result<Quantization> quantization_of(NodeContext& context, int scale, int zero_point,
                                     std::int64_t axis, const Shape& shape);

// x as what it stands for: float32. `quantization` is that of x in its own order of axes.
Result<Operand> dequantized(GraphAssembly& graph, const Operand& x,
                            const Quantization& quantization);

// x itself, carrying the quantisation.
Result<Operand> with_quantization(GraphAssembly& graph, const Operand& x,
                                  const Quantization& quantization);

// Stored numbers less their zero point (an input of the node, which may be left out, under
// `zero_shape`), as float32.
Result<Operand> centered(NodeContext& context, const Operand& x, int zero_point,
                         const Shape& zero_shape);

// What DynamicQuantizeLinear makes, each as float32.
struct DynamicNumbers {
  Operand numbers;  // 0 to 255
  Operand scale;
  Operand zero_point;
};
Result<DynamicNumbers> quantized_dynamically(NodeContext& context, const Operand& x);

// The nearest stored numbers, half to even, saturated.
Result<Operand> quantized(GraphAssembly& graph, const Operand& x, DType dtype,
                          const Quantization& quantization);

}  // namespace tinysplit::onnx_format
