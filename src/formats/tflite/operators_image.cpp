// Pooling and resizing of images.
#include "formats/tflite/operators.h"
#include "formats/tflite/window.h"

namespace tinysplit::tflite {
namespace {

Result<ResizeOp> resize_to(OperatorContext& context, ResizeKind kind) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto size, context.integers(1));
  if (size.size() != 2) return invalid_argument("its size must be two numbers");
  ResizeOp op;
  op.kind = kind;
  op.size = {size[0], size[1]};
  return op;
}

template <typename Options>
Result<ResizeCoordinates> coordinates_of(const Options* options, ResizeCoordinates half_pixel) {
  if (options == nullptr) return ResizeCoordinates::kAsymmetric;
  if (options->align_corners() && options->half_pixel_centers()) {
    return unimplemented("align_corners together with half_pixel_centers is not supported");
  }
  if (options->align_corners()) return ResizeCoordinates::kAlignCorners;
  return options->half_pixel_centers() ? half_pixel : ResizeCoordinates::kAsymmetric;
}

}  // namespace

Status translate_pool(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto* options,
                             context.required_options<schema::Pool2DOptions>());
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image(0));
  Pool2dOp op;
  op.kind =
      context.code == schema::BuiltinOperator::MAX_POOL_2D ? PoolKind::kMax : PoolKind::kAverage;
  op.window = {options->filter_height(), options->filter_width()};
  TINYSPLIT_ASSIGN_OR_RETURN(op.spatial,
                             make_window(options->padding(), context.shape(x), op.window,
                                         {options->stride_h(), options->stride_w()}, {1, 1}));
  return context.finish(op, {x}, options->fused_activation());
}

Status translate_resize_bilinear(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image(0));
  TINYSPLIT_ASSIGN_OR_RETURN(ResizeOp op, resize_to(context, ResizeKind::kBilinear));
  TINYSPLIT_ASSIGN_OR_RETURN(op.coordinates,
                             coordinates_of(context.options<schema::ResizeBilinearOptions>(),
                                            ResizeCoordinates::kHalfPixel));
  return context.finish(op, {x});
}

Status translate_resize_nearest(OperatorContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image(0));
  TINYSPLIT_ASSIGN_OR_RETURN(ResizeOp op, resize_to(context, ResizeKind::kNearest));
  TINYSPLIT_ASSIGN_OR_RETURN(op.coordinates,
                             coordinates_of(context.options<schema::ResizeNearestNeighborOptions>(),
                                            ResizeCoordinates::kHalfPixelFloor));
  if (op.coordinates == ResizeCoordinates::kAlignCorners) {
    op.rounding = ResizeRounding::kRoundPreferCeil;
  }
  return context.finish(op, {x});
}

}  // namespace tinysplit::tflite
