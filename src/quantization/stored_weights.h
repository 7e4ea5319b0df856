#pragma once

#include "core/tensor.h"
#include "graph/graph.h"
#include "graph/type_inference.h"

namespace tinysplit {

// A constant in int8 numbers.
struct StoredTensor {
  Tensor numbers;
  Quantization quantization;
};

// Weights and bias of a convolution, transposed convolution or dense layer.
struct StoredWeights {
  StoredTensor kernel;  // symmetric: zero points are 0, numbers -127..127
  Tensor bias;          // int32, in units of the product of the scales of x and kernel
};

// `kernel` (float32) with a scale for each filter along `axis`, or one for all with axis -1;
// `bias` float32 of the filters. `input_scale` is that of x. Each filter has the smallest scale
// that holds its weights and leaves its bias far inside of int32.
StoredWeights store_weights(const Tensor& kernel, const Tensor& bias, int axis, float input_scale);

// float32 numbers in `type`, an int8 type for the whole tensor; what does not fit saturates.
Tensor store_numbers(const Tensor& numbers, const ElementType& type);

// A constant operand of float32 in the int8 type of its own range.
StoredTensor store_operand(const Tensor& numbers);

}  // namespace tinysplit
