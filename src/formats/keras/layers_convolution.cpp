// Layers with a kernel: convolutions and Dense.
#include <algorithm>

#include "formats/keras/layers.h"
#include "formats/keras/window.h"

namespace tinysplit::keras {
namespace {

using Pair = LayerOptions::Pair;
constexpr std::int64_t kMost = LayerOptions::kMaxOption;
constexpr Pair kOne{1, 1};

// Quantised and low-rank layers compute with weights that stand elsewhere.
Status check_plain_weights(const LayerOptions& options) {
  for (const char* key : {"quantization_config", "lora_rank"}) {
    if (!options.at(key).is_null()) return options.unsupported(key);
  }
  return ok_status();
}

// The operation with its bias, if the layer has one, and its activation.
Result<ValueId> add_with_bias(LayerContext& context, Op op, ValueId x, ValueId kernel,
                              std::int64_t filters) {
  TINYSPLIT_RETURN_IF_ERROR(check_plain_weights(context.options));
  std::vector<ValueId> operands{x, kernel};
  TINYSPLIT_ASSIGN_OR_RETURN(const bool use_bias, context.options.flag("use_bias", true));
  if (use_bias) {
    TINYSPLIT_ASSIGN_OR_RETURN(Tensor bias, context.weights.take(Shape{filters}, "bias"));
    operands.push_back(context.constant(std::move(bias)));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(std::move(op), std::move(operands)));
  return context.add_activation(y, context.options.at("activation"));
}

// A kernel [KH,KW,C,M] with the operation that gives each of C channels M outputs of its own.
Result<ValueId> take_depthwise_kernel(LayerContext& context, std::int64_t channels,
                                      const Pair& size) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t multiplier,
                             context.options.integer("depth_multiplier", 1, kMost, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(
      Tensor kernel,
      context.weights.take(Shape{size[0], size[1], channels, multiplier}, "depthwise kernel"));
  // Output m of channel c is filter c * M + m, which is the order in memory already.
  kernel.reshape(Shape{size[0], size[1], 1, channels * multiplier});
  return context.constant(std::move(kernel));
}

}  // namespace

Result<ValueId> translate_conv2d(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input());
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t filters, options.integer("filters", 1, kMost));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t groups, options.integer("groups", 1, kMost, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Pair size, options.pair("kernel_size"));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d spatial, parse_window(options, input, size, kOne));
  if (input[3] % groups != 0 || filters % groups != 0) {
    return invalid_argument("its " + std::to_string(groups) + " groups do not divide " +
                            std::to_string(input[3]) + " channels and " + std::to_string(filters) +
                            " filters");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(
      Tensor kernel,
      context.weights.take(Shape{size[0], size[1], input[3] / groups, filters}, "kernel"));
  const ValueId kernel_id = context.constant(std::move(kernel));
  return add_with_bias(context, Conv2dOp{spatial, groups}, x, kernel_id, filters);
}

Result<ValueId> translate_depthwise_conv2d(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input());
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const Pair size, context.options.pair("kernel_size"));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d spatial,
                             parse_window(context.options, input, size, kOne));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel, take_depthwise_kernel(context, input[3], size));
  const std::int64_t filters = context.shape(kernel)[3];
  return add_with_bias(context, Conv2dOp{spatial, input[3]}, x, kernel, filters);
}

Result<ValueId> translate_separable_conv2d(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input());
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t filters,
                             context.options.integer("filters", 1, kMost));
  TINYSPLIT_ASSIGN_OR_RETURN(const Pair size, context.options.pair("kernel_size"));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d spatial,
                             parse_window(context.options, input, size, kOne));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId depthwise,
                             take_depthwise_kernel(context, input[3], size));
  const std::int64_t middle = context.shape(depthwise)[3];
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y,
                             context.add(Conv2dOp{spatial, input[3]}, {x, depthwise}));
  TINYSPLIT_ASSIGN_OR_RETURN(
      Tensor pointwise, context.weights.take(Shape{1, 1, middle, filters}, "pointwise kernel"));
  const ValueId pointwise_id = context.constant(std::move(pointwise));
  return add_with_bias(context, Conv2dOp{}, y, pointwise_id, filters);
}

// The output is as long as that of the convolution would be wide whose gradient this is: TensorFlow
// pads that one, and an output that no window reaches is left to the bias.
Result<ValueId> translate_conv2d_transpose(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input());
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t filters, options.integer("filters", 1, kMost));
  TINYSPLIT_ASSIGN_OR_RETURN(const Pair size, options.pair("kernel_size"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t groups, options.integer("groups", 1, kMost, 1));
  if (groups != 1) return options.unsupported("groups");
  ConvTranspose2dOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.spatial.stride, options.pair("strides", kOne));
  TINYSPLIT_ASSIGN_OR_RETURN(op.spatial.dilation, options.pair("dilation_rate", kOne));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string padding,
                             options.word("padding", {"valid", "same"}, "valid"));
  std::vector<std::int64_t> extra;
  if (!options.at("output_padding").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(extra, options.integers("output_padding", 0, kMost));
    if (extra.empty() || extra.size() > 2)
      return options.wrong("output_padding", "one or two numbers");
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t stride = op.spatial.stride[i];
    const std::int64_t reach = (size[i] - 1) * op.spatial.dilation[i] + 1;
    const std::int64_t last = (input[static_cast<int>(i) + 1] - 1) * stride;
    const std::int64_t full = last + reach;
    std::int64_t length = 0;
    if (padding == "valid") {
      length = last + (extra.empty() ? std::max(reach, stride) : reach + extra[i % extra.size()]);
    } else {
      length = last + (extra.empty() ? stride : reach % 2 + extra[i % extra.size()]);
    }
    const std::int64_t surplus = std::max<std::int64_t>(full - length, 0);
    op.spatial.pad_before[i] = surplus / 2;
    op.spatial.pad_after[i] = surplus - surplus / 2;
    op.output_padding[i] = std::max<std::int64_t>(length - full, 0);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(
      Tensor kernel, context.weights.take(Shape{size[0], size[1], filters, input[3]}, "kernel"));
  const ValueId kernel_id = context.constant(std::move(kernel));
  return add_with_bias(context, op, x, kernel_id, filters);
}

Result<ValueId> translate_dense(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  const Shape input = context.shape(x);
  if (input.rank() < 2) return invalid_argument("its input has no features");
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t units, context.options.integer("units", 1, kMost));
  TINYSPLIT_ASSIGN_OR_RETURN(Tensor kernel,
                             context.weights.take(Shape{input[input.rank() - 1], units}, "kernel"));
  const ValueId kernel_id = context.constant(std::move(kernel));
  return add_with_bias(context, DenseOp{}, x, kernel_id, units);
}

}  // namespace tinysplit::keras
