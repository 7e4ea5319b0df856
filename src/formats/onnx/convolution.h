#pragma once

#include "core/status.h"
#include "formats/onnx/node_context.h"

namespace tinysplit::onnx_format {

struct ConvolutionParts {
  Op op;           // Conv2dOp or Conv3dOp
  Operand kernel;  // [spatial...,C/groups,F]
};

// What the attributes of a convolution and its constant kernel, [F,C/groups,...], mean for an input
// with channels last. `x` and `kernel` are numbers of inputs.
Result<ConvolutionParts> parse_convolution(NodeContext& context, int x, int kernel);

}  // namespace tinysplit::onnx_format
