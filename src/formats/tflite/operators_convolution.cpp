// Operators with a kernel: convolutions and matrix products.
#include <algorithm>

#include "core/limits.h"
#include "formats/tflite/operators.h"
#include "formats/tflite/window.h"

namespace tinysplit::tflite {
namespace {

using Pair = std::array<std::int64_t, 2>;

Status check_rank(const OperatorContext& context, ValueId kernel, int rank) {
  if (context.shape(kernel).rank() == rank) return ok_status();
  return invalid_argument("its kernel has shape " + context.shape(kernel).to_string());
}

Result<std::vector<ValueId>> with_bias(OperatorContext& context, ValueId x, ValueId kernel,
                                       int bias_input, std::int64_t filters) {
  std::vector<ValueId> operands{x, kernel};
  if (context.has_input(bias_input)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId bias, context.bias(bias_input, filters));
    operands.push_back(bias);
  }
  return operands;
}

}  // namespace

Status translate_convolution(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::Conv2DOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel, context.kernel(1, WeightLayout::kFirstToLast));
  TINYSPLIT_RETURN_IF_ERROR(check_rank(context, kernel, 4));
  const Shape size = context.shape(kernel);  // [KH,KW,C/groups,F]
  const Shape input = context.shape(x);
  if (size[2] < 1 || input[3] % size[2] != 0) {
    return invalid_argument("its kernel " + size.to_string() + " does not fit its input " +
                            input.to_string());
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d spatial,
                             make_window(options->padding(), input, {size[0], size[1]},
                                         Pair{options->stride_h(), options->stride_w()},
                                         Pair{options->dilation_h(), options->dilation_w()}));
  TINYSPLIT_ASSIGN_OR_RETURN(auto operands, with_bias(context, x, kernel, 2, size[3]));
  return context.finish(Conv2dOp{spatial, input[3] / size[2]}, std::move(operands),
                        options->fused_activation());
}

Status translate_depthwise_convolution(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::DepthwiseConv2DOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel, context.kernel(1, WeightLayout::kDepthwise));
  const Shape size = context.shape(kernel);  // [KH,KW,1,F]
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d spatial,
                             make_window(options->padding(), input, {size[0], size[1]},
                                         Pair{options->stride_h(), options->stride_w()},
                                         Pair{options->dilation_h(), options->dilation_w()}));
  TINYSPLIT_ASSIGN_OR_RETURN(auto operands, with_bias(context, x, kernel, 2, size[3]));
  return context.finish(Conv2dOp{spatial, input[3]}, std::move(operands),
                        options->fused_activation());
}

// Inputs: shape of the output, kernel [F,KH,KW,C], x, optional bias. It is the gradient of a
// convolution of that output, whose padding is what is cut off here.
Status translate_transposed_convolution(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::TransposeConvOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(const auto sizes, context.integers(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image(2));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel,
                             context.kernel(1, WeightLayout::kFirstBehindTwo));
  const Shape size = context.shape(kernel);  // [KH,KW,F,C]
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape output, Shape::create(sizes));
  if (output.rank() != 4 || output[3] != size[2]) {
    return invalid_argument("its output shape " + output.to_string() + " does not fit its kernel " +
                            size.to_string());
  }
  const Pair stride{options->stride_h(), options->stride_w()};
  TINYSPLIT_ASSIGN_OR_RETURN(
      const Spatial2d whole,
      make_window(options->padding(), output, {size[0], size[1]}, stride, Pair{1, 1}));
  ConvTranspose2dOp op;
  op.spatial.stride = stride;
  for (std::size_t i = 0; i < 2; ++i) {
    const int at = static_cast<int>(i);
    op.spatial.pad_before[i] = whole.pad_before[i];
    const std::int64_t made = (input[at + 1] - 1) * stride[i] + size[at] - whole.pad_before[i];
    op.spatial.pad_after[i] = std::max<std::int64_t>(made - output[at + 1], 0);
    op.output_padding[i] = std::max<std::int64_t>(output[at + 1] - made, 0);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(auto operands, with_bias(context, x, kernel, 3, size[2]));
  return context.finish(op, std::move(operands), options->fused_activation());
}

Status translate_fully_connected(OperatorContext& context) {
  const auto* options = context.options<schema::FullyConnectedOptions>();
  if (options != nullptr && options->weights_format() != 0) {
    return unimplemented("weights_format = " + std::to_string(options->weights_format()) +
                         " (shuffled) is not supported");
  }
  const bool keeps_rank = options != nullptr && options->keep_num_dims();
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel, context.kernel(1, WeightLayout::kFirstToLast));
  TINYSPLIT_RETURN_IF_ERROR(check_rank(context, kernel, 2));
  const std::int64_t features = context.shape(kernel)[0];
  const std::int64_t units = context.shape(kernel)[1];
  const Shape input = context.shape(x);
  const bool fits = keeps_rank ? input.rank() >= 1 && input[input.rank() - 1] == features
                               : features > 0 && input.num_elements() % features == 0;
  if (!fits) {
    return invalid_argument("its kernel " + context.shape(kernel).to_string() +
                            " does not fit its input " + input.to_string());
  }
  if (!keeps_rank || input.rank() < 2) {
    TINYSPLIT_ASSIGN_OR_RETURN(
        x, context.reshape(x, Shape{input.num_elements() / features, features}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(auto operands, with_bias(context, x, kernel, 2, units));
  const auto activation =
      options == nullptr ? schema::Activation::NONE : options->fused_activation();
  if (!keeps_rank || input.rank() >= 2) {
    return context.finish(DenseOp{}, std::move(operands), activation);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ElementType type, context.output_type());
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId y, context.add(DenseOp{}, std::move(operands), type));
  TINYSPLIT_ASSIGN_OR_RETURN(y, context.reshape(y, Shape{units}));
  return context.finish(y, activation);
}

Status translate_batch_matmul(OperatorContext& context) {
  const auto* options = context.options<schema::BatchMatMulOptions>();
  MatmulOp op;
  if (options != nullptr) op = {options->adj_x(), options->adj_y()};
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId a, context.input(0));
  auto b = context.is_stored(1) ? context.kernel(1, WeightLayout::kAsIs) : context.input(1);
  if (!b.ok()) return b.status();
  return context.finish(op, {a, *b});
}

}  // namespace tinysplit::tflite
