#include "formats/keras/resizing.h"

#include <algorithm>

namespace tinysplit::keras {
namespace {

// The extent along one axis that has the proportions wanted, as TensorFlow computes it.
std::int64_t in_proportion(std::int64_t other, std::int64_t wanted, std::int64_t wanted_other) {
  const auto product = static_cast<float>(other * wanted);
  return static_cast<std::int64_t>(product / static_cast<float>(wanted_other));
}

Result<ValueId> add_crop_to_proportions(LayerContext& context, ValueId x, const Resizing& to) {
  const std::int64_t height = context.shape(x)[1], width = context.shape(x)[2];
  const std::int64_t rows =
      std::max<std::int64_t>(std::min(height, in_proportion(width, to.height, to.width)), 1);
  const std::int64_t columns =
      std::max<std::int64_t>(std::min(width, in_proportion(height, to.width, to.height)), 1);
  return add_crop(context, x, (height - rows) / 2, (width - columns) / 2, rows, columns);
}

Result<ValueId> add_pad_to_proportions(LayerContext& context, ValueId x, const Resizing& to) {
  const std::int64_t height = context.shape(x)[1], width = context.shape(x)[2];
  const std::int64_t rows = std::max(height, in_proportion(width, to.height, to.width));
  const std::int64_t columns = std::max(width, in_proportion(height, to.width, to.height));
  // As much on both sides, so that an odd cell is left out.
  const std::int64_t above = (rows - height) / 2, beside = (columns - width) / 2;
  if (above == 0 && beside == 0) return x;
  const std::vector<std::int64_t> border{0, above, beside, 0};
  return context.compute(PadOp{border, border, PadMode::kConstant, to.fill}, {x});
}

}  // namespace

Result<ValueId> add_crop(LayerContext& context, ValueId x, std::int64_t top, std::int64_t left,
                         std::int64_t height, std::int64_t width) {
  const Shape in = context.shape(x);
  if (in == Shape{in[0], height, width, in[3]}) return x;
  return context.compute(SliceOp{{0, top, left, 0}, {1, 1, 1, 1}, {in[0], height, width, in[3]}},
                         {x});
}

Result<ValueId> add_resizing(LayerContext& context, ValueId x, const Resizing& resizing) {
  if (context.shape(x).rank() != 4) {
    return invalid_argument("its input has shape " + context.shape(x).to_string() +
                            ", it takes [N,H,W,C]");
  }
  const bool nearest = resizing.interpolation == "nearest";
  if (!nearest && resizing.interpolation != "bilinear") {
    return unimplemented("it interpolates as \"" + resizing.interpolation.substr(0, 64) +
                         "\", only nearest and bilinear are supported");
  }
  if (!nearest && context.value(x).dtype != DType::kFloat32) {
    TINYSPLIT_ASSIGN_OR_RETURN(x, context.compute(CastOp{DType::kFloat32}, {x}));
  }
  if (resizing.crop) {
    TINYSPLIT_ASSIGN_OR_RETURN(x, add_crop_to_proportions(context, x, resizing));
  } else if (resizing.pad) {
    TINYSPLIT_ASSIGN_OR_RETURN(x, add_pad_to_proportions(context, x, resizing));
  }
  const Shape in = context.shape(x);
  if (in[1] == resizing.height && in[2] == resizing.width) return x;
  ResizeOp op;
  op.kind = nearest ? ResizeKind::kNearest : ResizeKind::kBilinear;
  op.coordinates = nearest ? ResizeCoordinates::kHalfPixelFloor : ResizeCoordinates::kHalfPixel;
  op.size = {resizing.height, resizing.width};
  return context.compute(op, {x});
}

}  // namespace tinysplit::keras
