#include <algorithm>

#include "formats/onnx/common_operands.h"
#include "formats/onnx/ops.h"
#include "formats/onnx/windows.h"

namespace tinysplit::onnx_format {

namespace {

// The padding of a window as an operation of its own, on an input with channels last.
PadOp border_of(const Window& window) {
  PadOp op;
  op.before.assign(window.size.size() + 2, 0);
  op.after = op.before;
  std::ranges::copy(window.before, op.before.begin() + 1);
  std::ranges::copy(window.after, op.after.begin() + 1);
  return op;
}

Result<Operand> add_pool(NodeContext& context, PoolKind kind, const Window& window,
                         bool count_padding, const Operand& x) {
  if (window.size.size() == 3) {
    return context.add(Pool3dOp{kind,
                                {window.size[0], window.size[1], window.size[2]},
                                spatial_of<3>(window),
                                count_padding},
                       {x});
  }
  return context.add(
      Pool2dOp{kind, {window.size[0], window.size[1]}, spatial_of<2>(window), count_padding}, {x});
}

}  // namespace

Status translate_pool(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  const Shape shape = context.shape(0);
  const PoolKind kind = context.kind() == "MaxPool" ? PoolKind::kMax : PoolKind::kAverage;
  TINYSPLIT_ASSIGN_OR_RETURN(Window window, parse_window(context, shape, {}));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool ceil, context.attributes.flag("ceil_mode", false));
  TINYSPLIT_ASSIGN_OR_RETURN(bool count_padding,
                             context.attributes.flag("count_include_pad", false));
  context.attributes.ignore("storage_order");  // of the indices, which are refused
  Window stated = window;
  const bool extended = ceil && extend_to_ceil(window, shape);
  make_two_dimensional(window);
  TINYSPLIT_ASSIGN_OR_RETURN(Operand x, context.input(0, Layout::kChannelsLast));
  if (extended && count_padding && kind == PoolKind::kAverage) {
    // The padding counts, what ceil_mode adds behind it does not.
    make_two_dimensional(stated);
    TINYSPLIT_ASSIGN_OR_RETURN(x, context.add(border_of(stated), {x}));
    for (std::size_t i = 0; i < window.size.size(); ++i) {
      window.before[i] = 0;
      window.after[i] -= stated.after[i];
    }
    count_padding = false;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, add_pool(context, kind, window, count_padding, x));
  context.set_output(0, std::move(y), Layout::kChannelsLast, shape.rank());
  return ok_status();
}

// (sum of |x|^p)^(1/p): the sum is an average in which padding counts, times the window's cells.
Status translate_lp_pool(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 1));
  const Shape shape = context.shape(0);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t p, context.attributes.integer("p", 2));
  if (p < 1 || p > 16) return context.attributes.unsupported("p");
  TINYSPLIT_ASSIGN_OR_RETURN(Window window, parse_window(context, shape, {}));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool ceil, context.attributes.flag("ceil_mode", false));
  if (ceil) extend_to_ceil(window, shape);
  make_two_dimensional(window);
  float cells = 1.0f;
  for (const std::int64_t size : window.size) cells *= static_cast<float>(size);
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0, Layout::kChannelsLast));
  const auto power = [&](const Operand& of, float exponent) {
    return context.add(BinaryOp{BinaryKind::kPower}, {of, scalar_operand(exponent)});
  };
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(UnaryOp{UnaryKind::kAbs}, {x}));
  if (p > 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, power(y, static_cast<float>(p)));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(y, add_pool(context, PoolKind::kAverage, window, true, y));
  TINYSPLIT_ASSIGN_OR_RETURN(y, linear(context, y, cells, 0.0f));
  if (p > 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, power(y, 1.0f / static_cast<float>(p)));
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
