#include <cmath>

#include "formats/onnx/ops.h"

namespace tinysplit::onnx_format {
namespace {

Result<ResizeCoordinates> coordinates_of(NodeContext& context, const std::string& fallback) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string name,
                             context.attributes.word("coordinate_transformation_mode", fallback));
  if (name == "half_pixel") return ResizeCoordinates::kHalfPixel;
  if (name == "pytorch_half_pixel") return ResizeCoordinates::kPytorchHalfPixel;
  if (name == "align_corners") return ResizeCoordinates::kAlignCorners;
  if (name == "asymmetric") return ResizeCoordinates::kAsymmetric;
  if (name == "tf_half_pixel_for_nn") return ResizeCoordinates::kHalfPixelFloor;
  return context.attributes.unsupported("coordinate_transformation_mode");
}

Result<ResizeRounding> rounding_of(NodeContext& context, const std::string& fallback) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string name,
                             context.attributes.word("nearest_mode", fallback));
  if (name == "floor") return ResizeRounding::kFloor;
  if (name == "ceil") return ResizeRounding::kCeil;
  if (name == "round_prefer_floor") return ResizeRounding::kRoundPreferFloor;
  if (name == "round_prefer_ceil") return ResizeRounding::kRoundPreferCeil;
  return context.attributes.unsupported("nearest_mode");
}

Result<ResizeKind> kind_of(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string mode, context.attributes.word("mode", "nearest"));
  if (mode == "nearest") return ResizeKind::kNearest;
  if (mode == "linear" || mode == "bilinear") return ResizeKind::kBilinear;
  return context.attributes.unsupported("mode");
}

// Adds the operation; one of `scales` and `sizes` has an entry for each axis.
Status add_resize(NodeContext& context, ResizeOp op, const std::vector<float>& scales,
                  const std::vector<std::int64_t>& sizes) {
  const Shape shape = context.shape(0);
  const int rank = shape.rank();
  if (rank != 3 && rank != 4) {
    return unimplemented("its input has shape " + shape.to_string() +
                         "; 1 or 2 spatial axes are supported");
  }
  const std::size_t entries = sizes.empty() ? scales.size() : sizes.size();
  if (static_cast<int>(entries) != rank) {
    return invalid_argument("has " + std::to_string(entries) + " scales or sizes for " +
                            shape.to_string());
  }
  for (int axis = 0; axis < rank; ++axis) {
    const std::size_t i = static_cast<std::size_t>(axis);
    if (sizes.empty() && !(scales[i] > 0.0f && scales[i] <= 4096.0f)) {
      return invalid_argument("has the scale " + std::to_string(scales[i]));
    }
    const std::int64_t size =
        sizes.empty() ? static_cast<std::int64_t>(
                            std::floor(static_cast<double>(shape[axis]) * double{scales[i]}))
                      : sizes[i];
    if (axis < 2) {
      if (size != shape[axis]) return unimplemented("resizes the batch or the channels");
      continue;
    }
    // The reference takes the size before it is rounded down, which the operation does not know.
    const bool whole =
        !sizes.empty() || static_cast<double>(shape[axis]) * double{scales[i]} == double(size);
    if (op.coordinates == ResizeCoordinates::kAlignCorners && !whole) {
      return unimplemented("aligns the corners of an image whose size is not a whole number");
    }
    const std::size_t k = i - (rank == 3 ? 1 : 2);
    op.size[k] = size;
    op.scale[k] = sizes.empty() ? scales[i] : 0.0f;
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const Operand x, context.input(0, Layout::kChannelsLast));
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.add(op, {x}));
  context.set_output(0, std::move(y), Layout::kChannelsLast, rank);
  return ok_status();
}

Result<bool> has_entries(const NodeContext& context, int input) {
  return context.has_input(input) && context.shape(input).num_elements() > 0;
}

}  // namespace

Status translate_resize(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 4));
  Attributes& attributes = context.attributes;
  for (const char* name : {"cubic_coeff_a", "extrapolation_value"}) attributes.ignore(name);
  TINYSPLIT_ASSIGN_OR_RETURN(const bool exclude, attributes.flag("exclude_outside", false));
  if (exclude) return attributes.unsupported("exclude_outside");
  TINYSPLIT_ASSIGN_OR_RETURN(const bool antialias, attributes.flag("antialias", false));
  if (antialias) return attributes.unsupported("antialias");
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string policy,
                             attributes.word("keep_aspect_ratio_policy", "stretch"));
  if (policy != "stretch") return attributes.unsupported("keep_aspect_ratio_policy");
  const bool old = context.opset < 11;
  ResizeOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.kind, kind_of(context));
  TINYSPLIT_ASSIGN_OR_RETURN(op.coordinates,
                             coordinates_of(context, old ? "asymmetric" : "half_pixel"));
  TINYSPLIT_ASSIGN_OR_RETURN(op.rounding,
                             rounding_of(context, old ? "floor" : "round_prefer_floor"));
  std::vector<float> scales;
  std::vector<std::int64_t> sizes;
  const int scale_input = old ? 1 : 2;
  TINYSPLIT_ASSIGN_OR_RETURN(const bool has_scales, has_entries(context, scale_input));
  TINYSPLIT_ASSIGN_OR_RETURN(const bool has_sizes, has_entries(context, 3));
  if (has_scales) {
    TINYSPLIT_ASSIGN_OR_RETURN(scales, context.reals(scale_input, "its scales"));
  }
  if (has_sizes) {
    TINYSPLIT_ASSIGN_OR_RETURN(sizes, context.integers(3, "its sizes"));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::int64_t> given, attributes.integers("axes"));
  if (!given.empty()) {
    // Scales and sizes of these axes only; the others stay.
    const Shape shape = context.shape(0);
    std::vector<float> all_scales(static_cast<std::size_t>(shape.rank()), 1.0f);
    std::vector<std::int64_t> all_sizes(shape.dims().begin(), shape.dims().end());
    for (std::size_t i = 0; i < given.size(); ++i) {
      TINYSPLIT_ASSIGN_OR_RETURN(const int axis, context.axis(given[i], shape.rank()));
      if (i < scales.size()) all_scales[static_cast<std::size_t>(axis)] = scales[i];
      if (i < sizes.size()) all_sizes[static_cast<std::size_t>(axis)] = sizes[i];
    }
    if (!scales.empty()) scales = all_scales;
    if (!sizes.empty()) sizes = all_sizes;
  }
  return add_resize(context, op, scales, sizes);
}

Status translate_upsample(NodeContext& context) {
  TINYSPLIT_RETURN_IF_ERROR(context.expect_inputs(1, 2));
  ResizeOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.kind, kind_of(context));
  op.coordinates = ResizeCoordinates::kAsymmetric;
  op.rounding = ResizeRounding::kFloor;
  TINYSPLIT_ASSIGN_OR_RETURN(std::vector<float> scales, context.attributes.reals("scales"));
  if (context.has_input(1)) {
    TINYSPLIT_ASSIGN_OR_RETURN(scales, context.reals(1, "its scales"));
  }
  return add_resize(context, op, scales, {});
}

}  // namespace tinysplit::onnx_format
