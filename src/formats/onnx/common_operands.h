#pragma once

#include <vector>

#include "formats/onnx/node_context.h"

namespace tinysplit::onnx_format {

// Inputs of an operation that broadcasts them, in one layout.
struct CommonOperands {
  std::vector<Operand> operands;
  Layout layout = Layout::kFile;
  int rank = 0;  // of the result, in the file
};

// Inputs [0, count) of the node. They stay channels last where one of them is in that layout alone
// and the others can follow: constants always, values of the same rank.
Result<CommonOperands> common_operands(NodeContext& context, int count);

// A single input in the layout in which it exists.
Result<CommonOperands> any_layout(NodeContext& context, int input = 0);

// Sets output 0 in the layout of the operands.
void set_common_output(NodeContext& context, const CommonOperands& like, Operand value);

// scale * x + shift.
Result<Operand> linear(NodeContext& context, const Operand& x, float scale, float shift);

}  // namespace tinysplit::onnx_format
