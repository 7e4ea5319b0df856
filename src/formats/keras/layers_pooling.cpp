#include "formats/keras/layers.h"
#include "formats/keras/window.h"

namespace tinysplit::keras {
namespace {

Result<ValueId> add_pooling(LayerContext& context, PoolKind kind, int axes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input(axes));
  TINYSPLIT_ASSIGN_OR_RETURN(const LayerOptions::Pair size,
                             context.options.pair("pool_size", axes, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d spatial,
                             parse_window(context.options, context.shape(x), axes, size, size));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(Pool2dOp{kind, size, spatial}, {x}));
  return context.from_image(y, axes);
}

Result<ValueId> add_pooling3d(LayerContext& context, PoolKind kind) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.spatial_input(3));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto size, parse_triple(context.options, "pool_size", 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial3d spatial,
                             parse_window3d(context.options, context.shape(x), size, size));
  return context.add(Pool3dOp{kind, size, spatial}, {x});
}

// Over all cells alike, so that any number of axes is an image.
Result<ValueId> add_global_pooling(LayerContext& context, PoolKind kind, int axes) {
  TINYSPLIT_ASSIGN_OR_RETURN(ValueId x, context.image_input(axes));
  if (axes == 3) {
    const Shape in = context.shape(x);
    TINYSPLIT_ASSIGN_OR_RETURN(x, context.reshape_dims(x, {in[0], in[1] * in[2], in[3], in[4]}));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const bool keep, context.options.flag("keepdims", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(GlobalPoolOp{kind}, {x}));
  if (!keep) return y;
  std::vector<std::int64_t> dims(static_cast<std::size_t>(axes) + 2, 1);
  dims.front() = context.shape(y)[0];
  dims.back() = context.shape(y)[1];
  return context.reshape_dims(y, dims);
}

}  // namespace

Result<ValueId> translate_max_pooling1d(LayerContext& context) {
  return add_pooling(context, PoolKind::kMax, 1);
}

Result<ValueId> translate_max_pooling2d(LayerContext& context) {
  return add_pooling(context, PoolKind::kMax, 2);
}

Result<ValueId> translate_max_pooling3d(LayerContext& context) {
  return add_pooling3d(context, PoolKind::kMax);
}

Result<ValueId> translate_average_pooling1d(LayerContext& context) {
  return add_pooling(context, PoolKind::kAverage, 1);
}

Result<ValueId> translate_average_pooling2d(LayerContext& context) {
  return add_pooling(context, PoolKind::kAverage, 2);
}

Result<ValueId> translate_average_pooling3d(LayerContext& context) {
  return add_pooling3d(context, PoolKind::kAverage);
}

Result<ValueId> translate_global_max_pooling1d(LayerContext& context) {
  return add_global_pooling(context, PoolKind::kMax, 1);
}

Result<ValueId> translate_global_max_pooling2d(LayerContext& context) {
  return add_global_pooling(context, PoolKind::kMax, 2);
}

Result<ValueId> translate_global_max_pooling3d(LayerContext& context) {
  return add_global_pooling(context, PoolKind::kMax, 3);
}

// With a mask the mean is that of the steps that count.
Result<ValueId> translate_global_average_pooling1d(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.spatial_input(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::optional<ValueId> mask, context.take_mask());
  if (!mask) return add_global_pooling(context, PoolKind::kAverage, 1);
  TINYSPLIT_ASSIGN_OR_RETURN(const bool keep, context.options.flag("keepdims", false));
  const Shape in = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId counts, context.reshape_dims(*mask, {in[0], in[1], 1}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId zero, context.filled(Shape{1}, 0.0f));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId counted, context.add(SelectOp{}, {counts, x, zero}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId ones, context.add(CastOp{DType::kFloat32}, {counts}));
  const ReduceOp sum{ReduceKind::kSum, {1}, keep};
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId total, context.add(sum, {counted}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId number, context.add(sum, {ones}));
  return context.add(BinaryOp{BinaryKind::kDivide}, {total, number});
}

Result<ValueId> translate_global_average_pooling2d(LayerContext& context) {
  return add_global_pooling(context, PoolKind::kAverage, 2);
}

Result<ValueId> translate_global_average_pooling3d(LayerContext& context) {
  return add_global_pooling(context, PoolKind::kAverage, 3);
}

}  // namespace tinysplit::keras
