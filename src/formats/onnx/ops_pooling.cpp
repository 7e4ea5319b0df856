#include "formats/onnx/ops.h"
#include "formats/onnx/windows.h"

namespace tinysplit::onnx_format {

Status translate_pool(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  const Shape shape = context.shape(0);
  const PoolKind kind = context.kind() == "MaxPool" ? PoolKind::kMax : PoolKind::kAverage;
  TINYSPLIT_ASSIGN_OR_RETURN(Window window, parse_window(context, shape, {}));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool ceil, context.attributes.flag("ceil_mode", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool count_padding,
                             context.attributes.flag("count_include_pad", false));
  context.attributes.ignore("storage_order");  // of the indices, which are refused
  const bool extended = ceil && extend_to_ceil(window, shape);
  if (extended && count_padding && kind == PoolKind::kAverage) {
    return unimplemented("attribute \"ceil_mode\" with \"count_include_pad\" is not supported");
  }
  make_two_dimensional(window);
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0, Layout::kChannelsLast));
  Operand y;
  if (window.size.size() == 3) {
    const Pool3dOp op{kind,
                      {window.size[0], window.size[1], window.size[2]},
                      spatial_of<3>(window),
                      count_padding};
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(op, {x}));
  } else {
    const Pool2dOp op{kind, {window.size[0], window.size[1]}, spatial_of<2>(window), count_padding};
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(op, {x}));
  }
  context.set_output(0, std::move(y), Layout::kChannelsLast, shape.rank());
  return ok_status();
}

Status translate_global_pool(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  const Shape shape = context.shape(0);
  const bool max = context.kind() == "GlobalMaxPool";
  if (!has_channels_last(shape.rank())) {
    return unimplemented("its input has shape " + shape.to_string() +
                         "; 1 to 3 spatial axes are supported");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0, Layout::kChannelsLast));
  Operand y;
  if (shape.rank() < 5) {
    const GlobalPoolOp op{max ? PoolKind::kMax : PoolKind::kAverage};
    TINYSPLIT_ASSIGN_OR_RETURN(const Operand vector, context.add(op, {x}));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.graph().reshape(vector, Shape{shape[0], 1, 1, shape[1]}));
  } else {
    const ReduceOp op{max ? ReduceKind::kMax : ReduceKind::kMean, {1, 2, 3}, true};
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(op, {x}));
  }
  context.set_output(0, std::move(y), Layout::kChannelsLast, shape.rank());
  return ok_status();
}

}  // namespace tinysplit::onnx_format
