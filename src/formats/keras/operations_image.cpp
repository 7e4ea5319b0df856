// Operations on tensors that are images.
#include <algorithm>
#include <cctype>

#include "formats/keras/operations.h"
#include "formats/keras/resizing.h"
#include "formats/keras/window.h"

namespace tinysplit::keras {
namespace {

Status expect_channels_last(OperationContext& context) {
  if (!context.has("data_format")) return ok_status();
  const std::string format = text_of(context.raw("data_format"));
  const bool last = format == "channels_last" ||
                    (format.size() > 2 && format.back() == 'C' && format.starts_with('N'));
  return last ? ok_status() : context.unsupported("data_format");
}

// TensorFlow may list the batch and the channels too.
Result<Json> spatial_sizes(OperationContext& context, const std::string& name, int axes) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> sizes, context.integers(name));
  if (std::ssize(sizes) == axes + 2) {
    if (sizes.front() != 1 || sizes.back() != 1) return context.unsupported(name);
    sizes = {sizes.begin() + 1, sizes.end() - 1};
  }
  if (sizes.size() == 1) return Json(sizes.front());
  return Json(sizes);
}

// [N,H,W,C] as blocks [N,H/b,b,W/b,b,C] and the like.
struct Blocks {
  ValueId x = -1;
  std::int64_t size = 1;
};

Result<Blocks> parse_blocks(OperationContext& context) {
  Blocks blocks;
  TINYSPLIT_ASSIGN_OR_RETURN(blocks.x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(blocks.size, context.integer("block_size"));
  TINYSPLIT_RETURN_IF_ERROR(expect_channels_last(context));
  if (context.shape(blocks.x).rank() != 4) return context.wrong("x", "images [N,H,W,C]");
  if (blocks.size < 1 || blocks.size > LayerOptions::kMaxOption) {
    return context.wrong("block_size", "1 or more");
  }
  return blocks;
}

}  // namespace

Result<ValueId> translate_resize_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.tensor("x"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> size, context.integers("size"));
  TINYSPLIT_RETURN_IF_ERROR(expect_channels_last(context));
  if (size.size() != 2 || size[0] < 1 || size[1] < 1) return context.wrong("size", "two sizes");
  Resizing resizing;
  resizing.height = size[0];
  resizing.width = size[1];
  if (context.has("interpolation")) {
    resizing.interpolation = text_of(context.raw("interpolation"));
    std::ranges::transform(resizing.interpolation, resizing.interpolation.begin(),
                           [](unsigned char c) { return std::tolower(c); });
  }
  TINYSPLIT_ASSIGN_OR_RETURN(resizing.crop, context.flag("crop_to_aspect_ratio", false));
  TINYSPLIT_ASSIGN_OR_RETURN(resizing.pad, context.flag("pad_to_aspect_ratio", false));
  TINYSPLIT_RETURN_IF_ERROR(context.expect_only("fill_mode", "constant"));
  TINYSPLIT_ASSIGN_OR_RETURN(const double fill, context.number("fill_value", 0.0));
  resizing.fill = static_cast<float>(fill);
  TINYSPLIT_ASSIGN_OR_RETURN(const bool antialias, context.flag("antialias", false));
  if (antialias) return context.unsupported("antialias");
  return add_resizing(context.layer(), x, resizing);
}

// Padding by the words of Keras or of TensorFlow.
Result<ValueId> translate_pool_operation(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.real("x"));
  TINYSPLIT_RETURN_IF_ERROR(expect_channels_last(context));
  const int axes = context.shape(x).rank() - 2;
  if (axes < 1 || axes > 3) return context.wrong("x", "a sequence, images or volumes");
  Json json = Json::object();
  TINYSPLIT_ASSIGN_OR_RETURN(json["pool_size"], spatial_sizes(context, "pool_size", axes));
  json["strides"] = json["pool_size"];
  if (context.has("strides")) {
    TINYSPLIT_ASSIGN_OR_RETURN(json["strides"], spatial_sizes(context, "strides", axes));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(std::string padding,
                             context.word("padding", {"valid", "same", "VALID", "SAME"}, "valid"));
  json["padding"] = padding.starts_with('v') || padding.starts_with('V') ? "valid" : "same";
  const LayerOptions options(json);
  const PoolKind kind = context.kind<bool>() ? PoolKind::kMax : PoolKind::kAverage;
  if (axes == 3) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto size, parse_triple(options, "pool_size"));
    TINYSPLIT_ASSIGN_OR_RETURN(const Spatial3d spatial,
                               parse_window3d(options, context.shape(x), size, size));
    return context.add(Pool3dOp{kind, size, spatial}, {x});
  }
  const Shape in = context.shape(x);
  if (axes == 1) {
    TINYSPLIT_ASSIGN_OR_RETURN(x, context.reshape(x, {in[0], 1, in[1], in[2]}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const LayerOptions::Pair size, options.pair("pool_size", axes));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d spatial,
                             parse_window(options, context.shape(x), axes, size, size));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(Pool2dOp{kind, size, spatial}, {x}));
  if (axes == 2) return y;
  const Shape out = context.shape(y);
  return context.reshape(y, {out[0], out[2], out[3]});
}

Result<ValueId> translate_depth_to_space(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Blocks blocks, parse_blocks(context));
  const Shape in = context.shape(blocks.x);
  const std::int64_t b = blocks.size;
  if (in[3] % (b * b) != 0) return context.wrong("block_size", "one whose square divides channels");
  const std::int64_t channels = in[3] / (b * b);
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId apart,
                             context.reshape(blocks.x, {in[0], in[1], in[2], b, b, channels}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId turned, context.transpose(apart, {0, 1, 3, 2, 4, 5}));
  return context.reshape(turned, {in[0], in[1] * b, in[2] * b, channels});
}

Result<ValueId> translate_space_to_depth(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Blocks blocks, parse_blocks(context));
  const Shape in = context.shape(blocks.x);
  const std::int64_t b = blocks.size;
  if (in[1] % b != 0 || in[2] % b != 0) {
    return context.wrong("block_size", "a divisor of height and width");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId apart,
                             context.reshape(blocks.x, {in[0], in[1] / b, b, in[2] / b, b, in[3]}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId turned, context.transpose(apart, {0, 1, 3, 2, 4, 5}));
  return context.reshape(turned, {in[0], in[1] / b, in[2] / b, b * b * in[3]});
}

// The luma of ITU-R BT.601, with the digits that Keras and TensorFlow use.
Result<ValueId> translate_rgb_to_grayscale(OperationContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.real("x"));
  TINYSPLIT_RETURN_IF_ERROR(expect_channels_last(context));
  const Shape in = context.shape(x);
  if (in.rank() < 3 || in[in.rank() - 1] != 3) return context.wrong("x", "images of 3 channels");
  Tensor weights(DType::kFloat32, Shape{3, 1});
  constexpr float kWeights[] = {0.2989f, 0.5870f, 0.1140f};
  std::ranges::copy(kWeights, weights.as<float>().begin());
  const ValueId kernel = context.layer().constant(std::move(weights));
  return context.add(DenseOp{}, {x, kernel});
}

}  // namespace tinysplit::keras
