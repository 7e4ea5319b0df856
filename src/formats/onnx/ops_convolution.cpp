#include <algorithm>

#include "formats/onnx/convolution.h"
#include "formats/onnx/ops.h"
#include "formats/onnx/windows.h"

namespace tinysplit::onnx_format {
namespace {

// [F,C/groups,spatial...] to [spatial...,C/groups,F]; one-dimensional ones get a height of 1.
Result<Operand> spatial_first(NodeContext& context, int input) {
  TINYSPLIT_RETURN_IF_ERROR(context.constant(input, "its kernel").status());
  TINYSPLIT_ASSIGN_OR_RETURN(Operand kernel, context.input(input));
  const Shape shape = context.shape(kernel);
  if (shape.rank() == 3) {
    TINYSPLIT_ASSIGN_OR_RETURN(
        kernel, context.graph().reshape(kernel, Shape{shape[0], shape[1], 1, shape[2]}));
  }
  std::vector<int> permutation;
  for (int axis = 2; axis < context.shape(kernel).rank(); ++axis) permutation.push_back(axis);
  permutation.push_back(1);
  permutation.push_back(0);
  return context.graph().transpose(kernel, permutation);
}

std::vector<std::int64_t> spatial_size(const Shape& kernel) {
  const auto dims = kernel.dims();
  return {dims.begin() + std::min<std::ptrdiff_t>(2, std::ssize(dims)), dims.end()};
}

// The last of `operands` is the constant bias, where the node has one.
Status append_bias(NodeContext& context, int input, std::vector<Operand>& operands) {
  if (!context.has_input(input)) return ok_status();
  TINYSPLIT_RETURN_IF_ERROR(context.constant(input, "its bias").status());
  TINYSPLIT_ASSIGN_OR_RETURN(Operand bias, context.input(input));
  operands.push_back(std::move(bias));
  return ok_status();
}

}  // namespace

Result<ConvolutionParts> parse_convolution(NodeContext& context, int x, int kernel) {
  ConvolutionParts parts;
  const Shape input = context.shape(x), weights = context.shape(kernel);
  if (weights.rank() != input.rank()) {
    return invalid_argument("its kernel " + weights.to_string() + " does not fit its input " +
                            input.to_string());
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t groups, context.attributes.integer("group", 1));
  TINYSPLIT_ASSIGN_OR_RETURN(Window window, parse_window(context, input, spatial_size(weights)));
  make_two_dimensional(window);
  TINYSPLIT_ASSIGN_OR_RETURN(parts.kernel, spatial_first(context, kernel));
  if (window.size.size() == 3) {
    parts.op = Conv3dOp{spatial_of<3>(window), groups};
  } else {
    parts.op = Conv2dOp{spatial_of<2>(window), groups};
  }
  return parts;
}

Status translate_conv(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 3));
  TINYSPLIT_ASSIGN_OR_RETURN(const ConvolutionParts parts, parse_convolution(context, 0, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0, Layout::kChannelsLast));
  std::vector<Operand> operands{x, parts.kernel};
  TINYSPLIT_RETURN_IF_ERROR(append_bias(context, 2, operands));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(parts.op, operands));
  context.set_output(0, std::move(y), Layout::kChannelsLast, context.shape(0).rank());
  return ok_status();
}

namespace {

// Paddings of the output: given, or such that it has output_shape, or stride times the input.
Status pad_transposed(NodeContext& context, const Shape& input, Window& window,
                      const std::vector<std::int64_t>& extra) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> wanted,
                             context.attributes.integers("output_shape"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string kind, context.attributes.word("auto_pad", "NOTSET"));
  const std::size_t axes = window.size.size();
  const bool same = kind == "SAME_UPPER" || kind == "SAME_LOWER";
  if (wanted.empty() && !same) return ok_status();
  if (!wanted.empty() && wanted.size() < axes) {
    return invalid_argument("attribute \"output_shape\" has " + std::to_string(wanted.size()) +
                            " entries");
  }
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t extent = input[static_cast<int>(i) + 2];
    const std::int64_t size =
        wanted.empty() ? extent * window.stride[i] : wanted[wanted.size() - axes + i];
    const std::int64_t full =
        (extent - 1) * window.stride[i] + extra[i] + (window.size[i] - 1) * window.dilation[i] + 1;
    if (size < 1 || size > full) {
      return unimplemented("attribute \"output_shape\" asks for more than its windows reach");
    }
    const std::int64_t total = full - size;
    window.before[i] = kind == "SAME_UPPER" ? total / 2 : total - total / 2;
    window.after[i] = total - window.before[i];
  }
  return ok_status();
}

}  // namespace

Status translate_conv_transpose(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(2, 3));
  const Shape input = context.shape(0), weights = context.shape(1);
  if (input.rank() > 4) return unimplemented("more than 2 spatial axes are not supported");
  if (weights.rank() != input.rank()) {
    return invalid_argument("its kernel " + weights.to_string() + " does not fit its input " +
                            input.to_string());
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Window window, parse_window(context, input, spatial_size(weights)));
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> extra,
                             context.attributes.integers("output_padding"));
  const std::size_t axes = window.size.size();
  if (extra.empty()) extra.assign(axes, 0);
  const bool small = std::ranges::all_of(extra, [](std::int64_t e) { return e >= 0 && e < 1024; });
  if (extra.size() != axes || !small) {
    return invalid_argument("attribute \"output_padding\" is out of range");
  }
  TINYSPLIT_RETURN_IF_ERROR(pad_transposed(context, input, window, extra));
  make_two_dimensional(window);
  if (axes == 1) extra.insert(extra.begin(), 0);
  ConvTranspose2dOp op;
  op.spatial = spatial_of<2>(window);
  op.output_padding = {extra[0], extra[1]};
  TINYSPLIT_ASSIGN_OR_RETURN(op.groups, context.attributes.integer("group", 1));
  // [C,F/groups,KH,KW] to [KH,KW,F/groups,C]: the same exchange as for a convolution.
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand kernel, spatial_first(context, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0, Layout::kChannelsLast));
  std::vector<Operand> operands{x, kernel};
  TINYSPLIT_RETURN_IF_ERROR(append_bias(context, 2, operands));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(op, operands));
  context.set_output(0, std::move(y), Layout::kChannelsLast, input.rank());
  return ok_status();
}

}  // namespace tinysplit::onnx_format
