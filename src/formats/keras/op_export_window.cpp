// Operations that slide a window: convolutions and pooling; and Dense, which shares their weights.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "formats/keras/op_export.h"
#include "formats/keras/window.h"

namespace tinysplit::keras {
namespace {

template <std::size_t Axes>
using Sizes = std::array<std::int64_t, Axes>;

template <std::size_t Axes>
Json list_of(const Sizes<Axes>& numbers) {
  Json list = Json::array();
  for (const std::int64_t number : numbers) list.push_back(number);
  return list;
}

template <std::size_t Axes>
bool all_equal(const Sizes<Axes>& numbers) {
  return std::ranges::all_of(numbers, [&](std::int64_t each) { return each == numbers.front(); });
}

std::string class_of(const std::string& name, std::size_t axes, const std::string& rest = "") {
  return name + std::to_string(axes) + "D" + rest;
}

// The border of each axis of [N,...,C], in front or behind.
template <std::size_t Axes>
std::vector<std::int64_t> border(const Sizes<Axes>& spatial) {
  std::vector<std::int64_t> all{0};
  all.insert(all.end(), spatial.begin(), spatial.end());
  all.push_back(0);
  return all;
}

// What a layer slides its window over, and the border that it adds itself.
struct Padded {
  KerasTensor x;
  const char* padding = "valid";
};

// Leaves the border to the layer where it is what "same" gives, else adds it in front.
template <std::size_t Axes>
Result<Padded> pad_input(ExportContext& context, const KerasTensor& x, const Spatial<Axes>& spatial,
                         const Sizes<Axes>& size) {
  if (spatial.pad_before == Sizes<Axes>{} && spatial.pad_after == Sizes<Axes>{}) return Padded{x};
  Spatial<Axes> same = spatial;
  pad_same(same, x.shape, size);
  if (same.pad_before == spatial.pad_before && same.pad_after == spatial.pad_after) {
    return Padded{x, "same"};
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor padded,
                             context.pad(x, border(spatial.pad_before), border(spatial.pad_after)));
  return Padded{padded};
}

SavedWeight weight(const char* name, const Tensor& tensor) { return {name, tensor.view()}; }

SavedWeight weight(const char* name, const Tensor& tensor, const Shape& shape) {
  SavedWeight saved{name, tensor.view()};
  saved.value.shape = shape;
  return saved;
}

// The kernel's weight with the bias behind it, if the operation has one.
Result<std::vector<SavedWeight>> with_bias(const ExportContext& context, SavedWeight kernel) {
  std::vector<SavedWeight> weights{std::move(kernel)};
  if (context.num_inputs() > 2) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* bias, context.constant(2));
    weights.push_back(weight("bias", *bias));
  }
  return weights;
}

template <std::size_t Axes>
Sizes<Axes> kernel_size(const Tensor& kernel) {
  Sizes<Axes> size;
  for (std::size_t i = 0; i < Axes; ++i) size[i] = kernel.shape()[static_cast<int>(i)];
  return size;
}

template <std::size_t Axes>
Exported export_convolution(ExportContext& context, const Spatial<Axes>& spatial,
                            std::int64_t groups) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* kernel, context.constant(1));
  const Sizes<Axes> size = kernel_size<Axes>(*kernel);
  const bool strided = spatial.stride != Spatial<Axes>().stride;
  const bool dilated = spatial.dilation != Spatial<Axes>().dilation;
  if (strided && dilated) return unimplemented("Keras has no strides together with dilation");
  TINYSPLIT_ASSIGN_OR_RETURN(const Padded padded, pad_input(context, x, spatial, size));
  Json options{{"kernel_size", list_of(size)},
               {"strides", list_of(spatial.stride)},
               {"dilation_rate", list_of(spatial.dilation)},
               {"padding", padded.padding},
               {"data_format", "channels_last"},
               {"activation", "linear"},
               {"use_bias", context.num_inputs() > 2}};
  const std::int64_t channels = x.shape[x.shape.rank() - 1];
  const std::int64_t filters = context.output()[context.output().rank() - 1];
  // TensorFlow strides depthwise windows alike along both axes only.
  if (Axes == 2 && groups > 1 && groups == channels && all_equal(spatial.stride)) {
    options["depth_multiplier"] = filters / channels;
    TINYSPLIT_ASSIGN_OR_RETURN(
        std::vector<SavedWeight> weights,
        with_bias(context, weight("kernel", *kernel,
                                  Shape{size[0], size[1], channels, filters / channels})));
    return context.add("DepthwiseConv2D", std::move(options), padded.x, context.output(),
                       std::move(weights));
  }
  options["filters"] = filters;
  options["groups"] = groups;
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<SavedWeight> weights,
                             with_bias(context, weight("kernel", *kernel)));
  return context.add(class_of("Conv", Axes), std::move(options), padded.x, context.output(),
                     std::move(weights));
}

// How Keras says what a transposed convolution cuts off; "valid" and a crop if it cannot.
struct Transposed {
  const char* padding = nullptr;
  std::optional<Sizes<2>> extra;  // output_padding
};

bool same_border(const ConvTranspose2dOp& a, const ConvTranspose2dOp& b, std::size_t axis) {
  return a.spatial.pad_before[axis] == b.spatial.pad_before[axis] &&
         a.spatial.pad_after[axis] == b.spatial.pad_after[axis] &&
         a.output_padding[axis] == b.output_padding[axis];
}

bool fits(const ConvTranspose2dOp& op, const Shape& in, const Sizes<2>& size, bool same,
          std::size_t axis, std::optional<std::int64_t> extra) {
  ConvTranspose2dOp made = op;
  pad_transposed(made, axis, in[static_cast<int>(axis) + 1], size[axis], same, extra);
  return same_border(made, op, axis);
}

std::optional<Transposed> find_padding(const ConvTranspose2dOp& op, const Shape& in,
                                       const Sizes<2>& size) {
  for (const bool same : {false, true}) {
    const char* padding = same ? "same" : "valid";
    if (fits(op, in, size, same, 0, {}) && fits(op, in, size, same, 1, {})) {
      return Transposed{padding, {}};
    }
    Sizes<2> extra{-1, -1};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      for (std::int64_t own = 0; own < op.spatial.stride[axis] && extra[axis] < 0; ++own) {
        if (fits(op, in, size, same, axis, own)) extra[axis] = own;
      }
    }
    if (extra[0] >= 0 && extra[1] >= 0) return Transposed{padding, extra};
  }
  return std::nullopt;
}

template <std::size_t Axes>
Exported export_pooling(ExportContext& context, PoolKind kind, const Sizes<Axes>& window,
                        const Spatial<Axes>& spatial, bool count_padding) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  if (spatial.dilation != Spatial<Axes>().dilation) {
    return unimplemented("Keras has no dilated pooling");
  }
  Spatial<Axes> same = spatial;
  pad_same(same, x.shape, window);
  const bool padded_at_all =
      spatial.pad_before != Sizes<Axes>{} || spatial.pad_after != Sizes<Axes>{};
  const bool like_same =
      same.pad_before == spatial.pad_before && same.pad_after == spatial.pad_after;
  const bool average = kind == PoolKind::kAverage;
  Padded padded{x, padded_at_all ? "same" : "valid"};
  if (padded_at_all && (!like_same || (average && count_padding))) {
    // Zeros in front count as an average that counts its border; they are no larger than what a
    // maximum reads where nothing is below zero.
    if (average ? !count_padding : !context.input_is_positive()) {
      return unimplemented("Keras has no pooling with this border");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(
        padded.x, context.pad(x, border(spatial.pad_before), border(spatial.pad_after)));
    padded.padding = "valid";
  }
  const Json options{{"pool_size", list_of(window)},
                     {"strides", list_of(spatial.stride)},
                     {"padding", padded.padding},
                     {"data_format", "channels_last"}};
  return context.add(class_of(average ? "AveragePooling" : "MaxPooling", Axes), options, padded.x,
                     context.output());
}

}  // namespace

Exported export_op(const Conv2dOp& op, ExportContext& context) {
  return export_convolution<2>(context, op.spatial, op.groups);
}

Exported export_op(const Conv3dOp& op, ExportContext& context) {
  return export_convolution<3>(context, op.spatial, op.groups);
}

Exported export_op(const ConvTranspose2dOp& op, ExportContext& context) {
  if (op.groups != 1) return unimplemented("Keras has no transposed convolutions in groups");
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* kernel, context.constant(1));
  const Sizes<2> size = kernel_size<2>(*kernel);
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<SavedWeight> weights,
                             with_bias(context, weight("kernel", *kernel)));
  const std::optional<Transposed> found = find_padding(op, x.shape, size);
  Json options{{"kernel_size", list_of(size)},
               {"strides", list_of(op.spatial.stride)},
               {"dilation_rate", list_of(op.spatial.dilation)},
               {"padding", found ? found->padding : "valid"},
               {"data_format", "channels_last"},
               {"activation", "linear"},
               {"filters", context.output()[3]},
               {"use_bias", context.num_inputs() > 2}};
  if (found) {
    if (found->extra) options["output_padding"] = list_of(*found->extra);
    return context.add("Conv2DTranspose", std::move(options), x, context.output(),
                       std::move(weights));
  }
  Shape whole = context.output();
  for (std::size_t axis = 0; axis < 2; ++axis) {
    ConvTranspose2dOp valid = op;
    pad_transposed(valid, axis, x.shape[static_cast<int>(axis) + 1], size[axis], false, {});
    if (op.output_padding[axis] != 0 || op.spatial.pad_before[axis] < 0 ||
        op.spatial.pad_after[axis] < 0 || valid.output_padding[axis] != 0) {
      return unimplemented("Keras has no transposed convolution with this border");
    }
    whole[static_cast<int>(axis) + 1] += op.spatial.pad_before[axis] + op.spatial.pad_after[axis];
  }
  const KerasTensor all =
      context.add("Conv2DTranspose", std::move(options), x, whole, std::move(weights));
  return context.crop(all, border(op.spatial.pad_before), border(op.spatial.pad_after));
}

Exported export_op(const DenseOp&, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* kernel, context.constant(1));
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<SavedWeight> weights,
                             with_bias(context, weight("kernel", *kernel)));
  const Json options{{"units", kernel->shape()[1]},
                     {"activation", "linear"},
                     {"use_bias", context.num_inputs() > 2}};
  return context.add("Dense", options, x, context.output(), std::move(weights));
}

Exported export_op(const Pool2dOp& op, ExportContext& context) {
  return export_pooling<2>(context, op.kind, op.window, op.spatial, op.count_padding);
}

Exported export_op(const Pool3dOp& op, ExportContext& context) {
  return export_pooling<3>(context, op.kind, op.window, op.spatial, op.count_padding);
}

Exported export_op(const GlobalPoolOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  const bool average = op.kind == PoolKind::kAverage;
  return context.add(average ? "GlobalAveragePooling2D" : "GlobalMaxPooling2D",
                     {{"keepdims", false}, {"data_format", "channels_last"}}, x, context.output());
}

}  // namespace tinysplit::keras
