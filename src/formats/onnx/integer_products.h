#pragma once

#include <optional>
#include <vector>

#include "formats/onnx/node_context.h"

namespace tinysplit::onnx_format {

// A convolution or dense layer on stored numbers.
struct IntegerProduct {
  ElementType x;  // one scale
  DType weight_dtype = DType::kInt8;
  Quantization weights;    // one scale, or one for each filter; the axis does not matter
  ElementType y;           // one scale
  std::int64_t terms = 0;  // products that one output is the sum of
};

// Whether the engine has exact integer arithmetic for it: 8-bit numbers, x and y of one type, sums
// that fit into 32 bits, and factors below 1.
bool fits_integers(const IntegerProduct& product);

// Adds `op`, a Conv2dOp or DenseOp, on x in the layout of the operation and `kernel`, a constant
// with the filters last. `bias`: the real numbers, one for each filter, or none.
// Precondition: fits_integers. Errors: INVALID_ARGUMENT.
Result<Operand> add_integer_product(GraphAssembly& graph, Op op, const IntegerProduct& product,
                                    const Operand& x, const Operand& kernel,
                                    const std::optional<std::vector<double>>& bias);

}  // namespace tinysplit::onnx_format
