#include "formats/keras/layers.h"
#include "formats/keras/window.h"

namespace tinysplit::keras {
namespace {

Result<ValueId> add_pooling(LayerContext& context, PoolKind kind) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input());
  TINYSPLIT_ASSIGN_OR_RETURN(const LayerOptions::Pair size,
                             context.options.pair("pool_size", LayerOptions::Pair{2, 2}));
  TINYSPLIT_ASSIGN_OR_RETURN(const Spatial2d spatial,
                             parse_window(context.options, context.shape(x), size, size));
  return context.add(Pool2dOp{kind, size, spatial}, {x});
}

Result<ValueId> add_global_pooling(LayerContext& context, PoolKind kind) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input());
  TINYSPLIT_ASSIGN_OR_RETURN(const bool keep, context.options.flag("keepdims", false));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, context.add(GlobalPoolOp{kind}, {x}));
  const std::int64_t channels = context.shape(y)[1];
  return keep ? context.reshape(y, Shape{1, 1, 1, channels}) : y;
}

}  // namespace

Result<ValueId> translate_max_pooling2d(LayerContext& context) {
  return add_pooling(context, PoolKind::kMax);
}

Result<ValueId> translate_average_pooling2d(LayerContext& context) {
  return add_pooling(context, PoolKind::kAverage);
}

Result<ValueId> translate_global_max_pooling2d(LayerContext& context) {
  return add_global_pooling(context, PoolKind::kMax);
}

Result<ValueId> translate_global_average_pooling2d(LayerContext& context) {
  return add_global_pooling(context, PoolKind::kAverage);
}

}  // namespace tinysplit::keras
