#include "formats/onnx/common_operands.h"

#include <algorithm>

namespace tinysplit::onnx_format {
namespace {

// Constants of a lower rank get leading axes of size 1, so that their axes mean what those of the
// others mean.
Result<Operand> aligned_constant(NodeContext& context, int input, int rank) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand constant, context.input(input));
  const Shape shape = context.shape(constant);
  if (shape.num_elements() == 1 && shape.rank() <= rank) {
    return context.graph().reshape(constant, Shape{});
  }
  std::vector<std::int64_t> dims(static_cast<std::size_t>(rank - shape.rank()), 1);
  dims.insert(dims.end(), shape.dims().begin(), shape.dims().end());
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape aligned, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand full, context.graph().reshape(constant, aligned));
  return context.graph().to_channels_last(full);
}

}  // namespace

Result<CommonOperands> common_operands(NodeContext& context, int count) {
  CommonOperands common;
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(count, count));
  bool any_last = false;
  for (int i = 0; i < count; ++i) {
    common.rank = std::max(common.rank, context.shape(i).rank());
    any_last = any_last || context.is_channels_last(i);
  }
  bool all_follow = any_last;
  for (int i = 0; i < count; ++i) {
    all_follow = all_follow && (context.is_constant(i) || context.shape(i).rank() == common.rank);
  }
  if (all_follow) common.layout = Layout::kChannelsLast;
  for (int i = 0; i < count; ++i) {
    if (all_follow && context.is_constant(i)) {
      TINYSPLIT_ASSIGN_OR_RETURN(Operand constant, aligned_constant(context, i, common.rank));
      common.operands.push_back(std::move(constant));
    } else {
      TINYSPLIT_ASSIGN_OR_RETURN(Operand value, context.input(i, common.layout));
      common.operands.push_back(std::move(value));
    }
  }
  return common;
}

Result<CommonOperands> any_layout(NodeContext& context, int input) {
  CommonOperands common;
  common.rank = context.shape(input).rank();
  common.layout = context.is_channels_last(input) ? Layout::kChannelsLast : Layout::kFile;
  TINYSPLIT_ASSIGN_OR_RETURN(Operand value, context.input(input, common.layout));
  common.operands.push_back(std::move(value));
  return common;
}

void set_common_output(NodeContext& context, const CommonOperands& like, Operand value) {
  // Broadcasting to one element keeps the rank but where all were scalars.
  const int rank = like.layout == Layout::kFile ? context.shape(value).rank() : like.rank;
  context.set_output(0, std::move(value), like.layout, rank);
}

Result<Operand> linear(NodeContext& context, const Operand& x, float scale, float shift) {
  return context.add(ActivationOp{ActivationKind::kLinear, scale, shift}, {x});
}

}  // namespace tinysplit::onnx_format
