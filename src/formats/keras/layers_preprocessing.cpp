// Layers that prepare images inside of a model.
#include "formats/keras/layers.h"
#include "formats/keras/resizing.h"

namespace tinysplit::keras {
namespace {

Result<Resizing> parse_size(const LayerOptions& options) {
  Resizing resizing;
  TINYSPLIT_ASSIGN_OR_RETURN(resizing.height,
                             options.integer("height", 1, LayerOptions::kMaxOption));
  TINYSPLIT_ASSIGN_OR_RETURN(resizing.width, options.integer("width", 1, LayerOptions::kMaxOption));
  return resizing;
}

Result<ValueId> real_image(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.spatial_input(2));
  if (context.value(x).dtype == DType::kFloat32) return x;
  return context.add(CastOp{DType::kFloat32}, {x});
}

}  // namespace

Result<ValueId> translate_resizing(LayerContext& context) {
  const LayerOptions& options = context.options;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, real_image(context));
  TINYSPLIT_ASSIGN_OR_RETURN(Resizing resizing, parse_size(options));
  const Json& interpolation = options.at("interpolation");
  if (!interpolation.is_null()) resizing.interpolation = text_of(interpolation);
  TINYSPLIT_ASSIGN_OR_RETURN(resizing.crop, options.flag("crop_to_aspect_ratio", false));
  TINYSPLIT_ASSIGN_OR_RETURN(resizing.pad, options.flag("pad_to_aspect_ratio", false));
  TINYSPLIT_RETURN_IF_ERROR(options.word("fill_mode", {"constant"}, "constant").status());
  TINYSPLIT_ASSIGN_OR_RETURN(resizing.fill, options.number("fill_value", 0.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool antialias, options.flag("antialias", false));
  if (antialias) return options.unsupported("antialias");
  return add_resizing(context, x, resizing);
}

// The middle of images that are large enough, else what Resizing does with proportions kept.
Result<ValueId> translate_center_crop(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, real_image(context));
  TINYSPLIT_ASSIGN_OR_RETURN(Resizing to, parse_size(context.options));
  const std::int64_t rows = context.shape(x)[1] - to.height;
  const std::int64_t columns = context.shape(x)[2] - to.width;
  if (rows >= 0 && columns >= 0) {
    return add_crop(context, x, rows / 2, columns / 2, to.height, to.width);
  }
  to.crop = true;
  return add_resizing(context, x, to);
}

// Nothing is random when a model is run. Keras 3 then hands images on as they are, Keras 2 resizes
// the largest part in the middle that has the proportions.
Result<ValueId> translate_random_crop(LayerContext& context) {
  if (context.keras_major == 3) return context.single_input();
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, real_image(context));
  TINYSPLIT_ASSIGN_OR_RETURN(Resizing to, parse_size(context.options));
  to.crop = true;
  return add_resizing(context, x, to);
}

// Steps all of whose features are the masked value become zero; the mask goes its own way.
Result<ValueId> translate_masking(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  TINYSPLIT_ASSIGN_OR_RETURN(const float masked, context.options.number("mask_value", 0.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId any, add_any_other(context, x, masked));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId ones, context.add(CastOp{DType::kFloat32}, {any}));
  const Shape in = context.shape(x);
  std::vector<std::int64_t> dims(in.dims().begin(), in.dims().end());
  dims.back() = 1;
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId factors, context.reshape_dims(ones, dims));
  return context.add(BinaryOp{BinaryKind::kMultiply}, {x, factors});
}

}  // namespace tinysplit::keras
