// Layers that only move values: padding, cropping, enlarging, reshaping.
#include <algorithm>

#include "core/limits.h"
#include "formats/keras/layers.h"

namespace tinysplit::keras {
namespace {

struct Border {
  LayerOptions::Pair before{0, 0};
  LayerOptions::Pair after{0, 0};
};

// n, (height, width) or ((top, bottom), (left, right)).
Result<Border> parse_border(const LayerOptions& options, const char* key) {
  const Json& json = options.at(key);
  Border border;
  for (std::size_t i = 0; i < 2; ++i) {
    const Json* side = &json;
    if (json.is_array()) {
      if (json.size() != 2) break;
      side = &json[i];
    }
    const bool both = side->is_array() && side->size() == 2;
    const auto before = whole_number(both ? (*side)[0] : *side, 0, LayerOptions::kMaxOption);
    const auto after = whole_number(both ? (*side)[1] : *side, 0, LayerOptions::kMaxOption);
    if (!before || !after) break;
    border.before[i] = *before;
    border.after[i] = *after;
    if (i == 1) return border;
  }
  return options.wrong(key, "whole numbers: n, [h,w] or [[top,bottom],[left,right]]");
}

}  // namespace

Result<ValueId> translate_zero_padding2d(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input());
  TINYSPLIT_ASSIGN_OR_RETURN(const Border border, parse_border(context.options, "padding"));
  return context.add(
      PadOp{{0, border.before[0], border.before[1], 0}, {0, border.after[0], border.after[1], 0}},
      {x});
}

Result<ValueId> translate_cropping2d(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input());
  TINYSPLIT_ASSIGN_OR_RETURN(const Border border, parse_border(context.options, "cropping"));
  const Shape& in = context.shape(x);
  return context.add(SliceOp{{0, border.before[0], border.before[1], 0},
                             {1, 1, 1, 1},
                             {in[0], in[1] - border.before[0] - border.after[0],
                              in[2] - border.before[1] - border.after[1], in[3]}},
                     {x});
}

Result<ValueId> translate_up_sampling2d(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.image_input());
  TINYSPLIT_ASSIGN_OR_RETURN(const LayerOptions::Pair factor,
                             context.options.pair("size", LayerOptions::Pair{2, 2}));
  TINYSPLIT_ASSIGN_OR_RETURN(
      const std::string kind,
      context.options.word("interpolation", {"nearest", "bilinear"}, "nearest"));
  const Shape& in = context.shape(x);
  for (const std::int64_t each : factor) {
    if (each > limits::kMaxElements) return context.options.wrong("size", "a factor below 2^28");
  }
  ResizeOp resize;
  resize.size = {in[1] * factor[0], in[2] * factor[1]};
  if (kind == "nearest") {
    resize.coordinates = ResizeCoordinates::kAsymmetric;
  } else {
    resize.kind = ResizeKind::kBilinear;
  }
  return context.add(resize, {x});
}

Result<ValueId> translate_flatten(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  return context.reshape(x, Shape{1, context.shape(x).num_elements()});
}

Result<ValueId> translate_reshape(LayerContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ValueId x, context.single_input());
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<std::int64_t> dims,
                             context.options.integers("target_shape", -1, limits::kMaxElements));
  if (std::ranges::count(dims, -1) > 1 || std::ranges::count(dims, 0) > 0) {
    return context.options.wrong("target_shape", "sizes of 1 or more and at most one -1");
  }
  dims.insert(dims.begin(), 1);
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
