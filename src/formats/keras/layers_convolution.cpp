// Layers with a kernel: convolutions and Dense. Those over one axis work on images of height 1.
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

// The operation with its bias, if the layer has one, and its activation, on `axes` spatial axes.
Result<ValueId> add_with_bias(LayerContext& context, Op op, ValueId x, ValueId kernel,
                              std::int64_t filters, int axes) {
  TINYSPLIT_RETURN_IF_ERROR(check_plain_weights(context.options));
  std::vector<ValueId> operands{x, kernel};
  TINYSPLIT_ASSIGN_OR_RETURN(const bool use_bias, context.options.flag("use_bias", true));
  if (use_bias) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ValueId bias, context.weight(Shape{filters}, "bias"));
    operands.push_back(bias);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId y, context.add(std::move(op), std::move(operands)));
  // Right behind the operation it can be fused; but one with an axis counts those of the layer.
  const Json& activation = context.options.at("activation");
  if (activation.is_object() && axes == 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.from_image(y, axes));
    return context.add_activation(y, activation);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(y, context.add_activation(y, activation));
  return context.from_image(y, axes);
}

// A shape as it stands in the file: without the height where there is one axis.
Shape in_file(const Pair& size, std::int64_t third, std::int64_t fourth, int axes) {
  return axes == 1 ? Shape{size[1], third, fourth} : Shape{size[0], size[1], third, fourth};
}

// A kernel [KH,KW,C,M] with the operation that gives each of C channels M outputs of its own.
// Output m of channel c is filter c * M + m, which is the order in memory already.
Result<ValueId> take_depthwise_kernel(LayerContext& context, std::int64_t channels,
                                      const Pair& size, int axes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t multiplier,
                             context.options.integer("depth_multiplier", 1, kMost, 1));
  return context.weight(in_file(size, channels, multiplier, axes), "depthwise kernel",
                        Shape{size[0], size[1], 1, channels * multiplier});
}

Status check_groups(std::int64_t groups, std::int64_t channels, std::int64_t filters) {
  if (channels % groups == 0 && filters % groups == 0) return ok_status();
  return invalid_argument("its " + std::to_string(groups) + " groups do not divide " +
                          std::to_string(channels) + " channels and " + std::to_string(filters) +
                          " filters");
}

Result<ValueId> add_convolution(LayerContext& context, int axes) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input(axes));
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t filters, options.integer("filters", 1, kMost));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t groups, options.integer("groups", 1, kMost, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Pair size, options.pair("kernel_size", axes));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d spatial,
                             parse_window(options, input, axes, size, kOne));
  TINYSPLIT_RETURN_IF_ERROR(check_groups(groups, input[3], filters));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const ValueId kernel,
      context.weight(in_file(size, input[3] / groups, filters, axes), "kernel",
                     Shape{size[0], size[1], input[3] / groups, filters}));
  return add_with_bias(context, Conv2dOp{spatial, groups}, x, kernel, filters, axes);
}

Result<ValueId> add_depthwise(LayerContext& context, int axes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input(axes));
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const Pair size, context.options.pair("kernel_size", axes));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d spatial,
                             parse_window(context.options, input, axes, size, kOne));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel,
                             take_depthwise_kernel(context, input[3], size, axes));
  const std::int64_t filters = context.shape(kernel)[3];
  return add_with_bias(context, Conv2dOp{spatial, input[3]}, x, kernel, filters, axes);
}

Result<ValueId> add_separable(LayerContext& context, int axes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input(axes));
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t filters,
                             context.options.integer("filters", 1, kMost));
  TINYSPLIT_ASSIGN_OR_RETURN(const Pair size, context.options.pair("kernel_size", axes));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d spatial,
                             parse_window(context.options, input, axes, size, kOne));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId depthwise,
                             take_depthwise_kernel(context, input[3], size, axes));
  const std::int64_t middle = context.shape(depthwise)[3];
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y,
                             context.add(Conv2dOp{spatial, input[3]}, {x, depthwise}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId pointwise,
                             context.weight(in_file(kOne, middle, filters, axes),
                                            "pointwise kernel", Shape{1, 1, middle, filters}));
  return add_with_bias(context, Conv2dOp{}, y, pointwise, filters, axes);
}

Result<ValueId> add_transposed(LayerContext& context, int axes) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input(axes));
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t filters, options.integer("filters", 1, kMost));
  TINYSPLIT_ASSIGN_OR_RETURN(const Pair size, options.pair("kernel_size", axes));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t groups, options.integer("groups", 1, kMost, 1));
  if (groups != 1) return options.unsupported("groups");
  ConvTranspose2dOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.spatial.stride, options.pair("strides", axes, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(op.spatial.dilation, options.pair("dilation_rate", axes, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string padding,
                             options.word("padding", {"valid", "same"}, "valid"));
  std::vector<std::int64_t> extra;
  if (!options.at("output_padding").is_null()) {
    TINYSPLIT_ASSIGN_OR_RETURN(extra, options.integers("output_padding", 0, kMost));
    if (extra.empty() || extra.size() > static_cast<std::size_t>(axes)) {
      return options.wrong("output_padding", "one number for each axis");
    }
  }
  const std::size_t first = axes == 1 ? 1 : 0;  // an image of height 1 stays one
  for (std::size_t i = first; i < 2; ++i) {
    std::optional<std::int64_t> own;
    if (!extra.empty()) own = extra[(i - first) % extra.size()];
    pad_transposed(op, i, input[static_cast<int>(i) + 1], size[i], padding == "same", own);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel,
                             context.weight(in_file(size, filters, input[3], axes), "kernel",
                                            Shape{size[0], size[1], filters, input[3]}));
  return add_with_bias(context, op, x, kernel, filters, axes);
}

}  // namespace

Result<ValueId> translate_conv1d(LayerContext& context) { return add_convolution(context, 1); }
Result<ValueId> translate_conv2d(LayerContext& context) { return add_convolution(context, 2); }

Result<ValueId> translate_depthwise_conv1d(LayerContext& context) {
  return add_depthwise(context, 1);
}
Result<ValueId> translate_depthwise_conv2d(LayerContext& context) {
  return add_depthwise(context, 2);
}

Result<ValueId> translate_separable_conv1d(LayerContext& context) {
  return add_separable(context, 1);
}
Result<ValueId> translate_separable_conv2d(LayerContext& context) {
  return add_separable(context, 2);
}

Result<ValueId> translate_conv1d_transpose(LayerContext& context) {
  return add_transposed(context, 1);
}
Result<ValueId> translate_conv2d_transpose(LayerContext& context) {
  return add_transposed(context, 2);
}

Result<ValueId> translate_conv3d(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.spatial_input(3));
  const Shape input = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t filters, options.integer("filters", 1, kMost));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t groups, options.integer("groups", 1, kMost, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto size, parse_triple(options, "kernel_size"));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial3d spatial,
                             parse_window3d(options, input, size, {1, 1, 1}));
  TINYSPLIT_RETURN_IF_ERROR(check_groups(groups, input[4], filters));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const ValueId kernel,
      context.weight(Shape{size[0], size[1], size[2], input[4] / groups, filters}, "kernel"));
  return add_with_bias(context, Conv3dOp{spatial, groups}, x, kernel, filters, 3);
}

Result<ValueId> translate_dense(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  const Shape input = context.shape(x);
  if (input.rank() < 2) return invalid_argument("its input has no features");
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t units, context.options.integer("units", 1, kMost));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId kernel,
                             context.weight(Shape{input[input.rank() - 1], units}, "kernel"));
  constexpr int kNoImage = 0;
  return add_with_bias(context, DenseOp{}, x, kernel, units, kNoImage);
}

}  // namespace tinysplit::keras
