// Layers that only move values: padding, cropping, repeating, reshaping.
#include <algorithm>

#include "core/limits.h"
#include "formats/keras/layers.h"
#include "formats/keras/window.h"

namespace tinysplit::keras {
namespace {

Result<ValueId> add_padding(LayerContext& context, int axes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.spatial_input(axes));
  TINYSPLIT_ASSIGN_OR_RETURN(Border border, parse_border(context.options, "padding", axes));
  return context.add(PadOp{std::move(border.before), std::move(border.after)}, {x});
}

Result<ValueId> add_cropping(LayerContext& context, int axes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.spatial_input(axes));
  TINYSPLIT_ASSIGN_OR_RETURN(Border border, parse_border(context.options, "cropping", axes));
  const Shape& in = context.shape(x);
  SliceOp slice;
  for (std::size_t i = 0; i < border.before.size(); ++i) {
    slice.stride.push_back(1);
    slice.size.push_back(in[static_cast<int>(i)] - border.before[i] - border.after[i]);
  }
  slice.begin = std::move(border.before);
  return context.add(std::move(slice), {x});
}

// Each cell of an image [N,H,W,C] repeated.
Result<ValueId> repeat_cells(LayerContext& context, ValueId x, std::int64_t rows,
                             std::int64_t columns) {
  const Shape& in = context.shape(x);
  ResizeOp resize;
  resize.coordinates = ResizeCoordinates::kAsymmetric;
  resize.size = {in[1] * rows, in[2] * columns};
  return context.add(resize, {x});
}

}  // namespace

Result<ValueId> translate_zero_padding1d(LayerContext& context) { return add_padding(context, 1); }
Result<ValueId> translate_zero_padding2d(LayerContext& context) { return add_padding(context, 2); }
Result<ValueId> translate_zero_padding3d(LayerContext& context) { return add_padding(context, 3); }

Result<ValueId> translate_cropping1d(LayerContext& context) { return add_cropping(context, 1); }
Result<ValueId> translate_cropping2d(LayerContext& context) { return add_cropping(context, 2); }
Result<ValueId> translate_cropping3d(LayerContext& context) { return add_cropping(context, 3); }

Result<ValueId> translate_up_sampling1d(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input(1));
  TINYSPLIT_ASSIGN_OR_RETURN(const LayerOptions::Pair factor, context.options.pair("size", 1, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, repeat_cells(context, x, 1, factor[1]));
  return context.from_image(y, 1);
}

Result<ValueId> translate_up_sampling2d(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input(2));
  TINYSPLIT_ASSIGN_OR_RETURN(const LayerOptions::Pair factor, context.options.pair("size", 2, 2));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const std::string kind,
      context.options.word("interpolation", {"nearest", "bilinear"}, "nearest"));
  if (kind == "nearest") return repeat_cells(context, x, factor[0], factor[1]);
  const Shape& in = context.shape(x);
  ResizeOp resize;
  resize.kind = ResizeKind::kBilinear;
  resize.size = {in[1] * factor[0], in[2] * factor[1]};
  return context.add(resize, {x});
}

// Depth first, then height and width, each time under the shape of an image.
Result<ValueId> translate_up_sampling3d(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.spatial_input(3));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto factor, parse_triple(context.options, "size", 2));
  const Shape in = context.shape(x);
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId slices,
                             context.reshape_dims(x, {in[0], in[1], 1, in[2] * in[3] * in[4]}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId deep, repeat_cells(context, slices, factor[0], 1));
  const std::int64_t depth = in[1] * factor[0];
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId images,
                             context.reshape_dims(deep, {in[0] * depth, in[2], in[3], in[4]}));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId y, repeat_cells(context, images, factor[1], factor[2]));
  return context.reshape_dims(y, {in[0], depth, in[2] * factor[1], in[3] * factor[2], in[4]});
}

Result<ValueId> translate_repeat_vector(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  const Shape in = context.shape(x);
  if (in.rank() != 2) return invalid_argument("its input " + in.to_string() + " is not [N,F]");
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t times,
                             context.options.integer("n", 1, LayerOptions::kMaxOption));
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId row, context.reshape_dims(x, {in[0], 1, in[1]}));
  return context.add(TileOp{{1, times, 1}}, {row});
}

Result<ValueId> translate_flatten(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  const std::int64_t batch = context.shape(x)[0];
  return context.reshape_dims(x, {batch, context.shape(x).num_elements() / batch});
}

Result<ValueId> translate_reshape(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> dims,
                             context.options.integers("target_shape", -1, limits::kMaxElements));
  if (std::ranges::count(dims, -1) > 1 || std::ranges::count(dims, 0) > 0) {
    return context.options.wrong("target_shape", "sizes of 1 or more and at most one -1");
  }
  dims.insert(dims.begin(), context.shape(x)[0]);
  if (const auto open = std::ranges::find(dims, -1); open != dims.end()) {
    *open = 1;
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape known, Shape::create(dims));
    // Whether it divides is for the builder to say.
    *open = context.shape(x).num_elements() / known.num_elements();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape to, Shape::create(dims));
  return context.reshape(x, to);
}

Result<ValueId> translate_permute(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  const int rank = context.shape(x).rank();
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> dims,
                             context.options.integers("dims", 1, rank - 1));
  // Keras leaves the batch out and counts the rest from 1.
  std::vector<int> permutation{0};
  for (const std::int64_t dim : dims) permutation.push_back(static_cast<int>(dim));
  return context.add(TransposeOp{std::move(permutation)}, {x});
}

Result<ValueId> translate_identity(LayerContext& context) { return context.single_input(); }

}  // namespace tinysplit::keras
