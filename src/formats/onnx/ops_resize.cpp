#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/limits.h"
#include "formats/onnx/ops.h"
#include "formats/onnx/resize_matrix.h"

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

// Whether the operation does it; what else there is, is done axis by axis.
bool is_plain(const Shape& shape, const std::string& mode, const std::string& coordinates,
              bool antialias) {
  const bool image = shape.rank() == 3 || shape.rank() == 4;
  return image && mode != "cubic" && !antialias && coordinates != "half_pixel_symmetric";
}

Result<ResizeKind> kind_of(NodeContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string mode, context.attributes.word("mode", "nearest"));
  if (mode == "nearest") return ResizeKind::kNearest;
  if (mode == "linear" || mode == "bilinear") return ResizeKind::kBilinear;
  return context.attributes.unsupported("mode");
}

// The sizes that the axes get. Errors: INVALID_ARGUMENT.
Result<std::vector<std::int64_t>> sizes_of(const Shape& shape, const std::vector<float>& scales,
                                           const std::vector<std::int64_t>& sizes) {
  if (shape.num_elements() == 0) return invalid_argument("resizes nothing");
  const std::size_t entries = sizes.empty() ? scales.size() : sizes.size();
  if (static_cast<int>(entries) != shape.rank()) {
    return invalid_argument("has " + std::to_string(entries) + " scales or sizes for " +
                            shape.to_string());
  }
  std::vector<std::int64_t> result = sizes;
  for (std::size_t i = 0; sizes.empty() && i < scales.size(); ++i) {
    if (!(scales[i] > 0.0f && scales[i] <= 4096.0f)) {
      return invalid_argument("has the scale " + std::to_string(scales[i]));
    }
    result.push_back(static_cast<std::int64_t>(
        std::floor(static_cast<double>(shape[static_cast<int>(i)]) * double{scales[i]})));
  }
  for (const std::int64_t size : result) {
    if (size < 1 || size > limits::kMaxElements) {
      return invalid_argument("has an output of size " + std::to_string(size));
    }
  }
  return result;
}

// Corners are aligned with those of the output: the format's reference takes its size before it is
// rounded down, ONNX Runtime and PyTorch after it.
Status check_corners(const Shape& shape, const std::vector<float>& scales,
                     const std::vector<std::int64_t>& sizes) {
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const double exact = static_cast<double>(shape[static_cast<int>(i)]) * double{scales[i]};
    if (exact == static_cast<double>(sizes[i])) continue;
    return unimplemented(
        "aligns the corners of an image whose size is not a whole number; export the model with "
        "sizes in the place of scales");
  }
  return ok_status();
}

// Each axis that changes is multiplied by a matrix of weights, or gathered.
Status add_by_axes(NodeContext& context, AxisResize how, const std::string& mode,
                   const std::string& rounding, const std::vector<float>& scales,
                   const std::vector<std::int64_t>& given) {
  const Shape shape = context.shape(0);
  TINYSPLIT_ASSIGN_OR_RETURN(const auto sizes, sizes_of(shape, scales, given));
  if (how.coordinates == "align_corners" && mode != "nearest" && given.empty()) {
    TINYSPLIT_RETURN_IF_ERROR(check_corners(shape, scales, sizes));
  }
  how.cubic = mode == "cubic";
  TINYSPLIT_RETURN_IF_ERROR(Shape::create(sizes).status());
  TINYSPLIT_ASSIGN_OR_RETURN(Operand y, context.input(0));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    const std::size_t i = static_cast<std::size_t>(axis);
    how.from = shape[axis];
    how.to = sizes[i];
    how.scale =
        given.empty() ? scales[i] : static_cast<float>(how.to) / static_cast<float>(how.from);
    if (how.from == how.to && how.scale == 1.0f) continue;
    if (mode == "nearest") {
      TINYSPLIT_ASSIGN_OR_RETURN(const auto elements, nearest_elements(how, rounding));
      Tensor list(DType::kInt64, Shape{how.to});
      std::ranges::copy(elements, list.as<std::int64_t>().begin());
      TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(GatherOp{axis}, {y, operand_of(std::move(list))}));
      continue;
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape weights, Shape::create(std::array{how.from, how.to}));
    // A weight takes as long to compute as several elements take to move.
    constexpr std::int64_t kElementsOfWeight = 8;
    TINYSPLIT_RETURN_IF_ERROR(context.graph().spend(kElementsOfWeight * weights.num_elements()));
    TINYSPLIT_ASSIGN_OR_RETURN(Tensor matrix, resize_matrix(how));
    std::vector<int> exchanged;
    for (int k = 0; k < shape.rank(); ++k) exchanged.push_back(k);
    std::swap(exchanged[i], exchanged.back());
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.graph().transpose(y, exchanged));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.add(DenseOp{}, {y, operand_of(std::move(matrix))}));
    TINYSPLIT_ASSIGN_OR_RETURN(y, context.graph().transpose(y, exchanged));
  }
  context.set_output(0, std::move(y));
  return ok_status();
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
  TINYSPLIT_ASSIGN_OR_RETURN(const auto all, sizes_of(shape, scales, sizes));
  if (op.coordinates == ResizeCoordinates::kAlignCorners) {
    TINYSPLIT_RETURN_IF_ERROR(check_corners(shape, scales, all));
  }
  for (int axis = 0; axis < rank; ++axis) {
    const std::size_t i = static_cast<std::size_t>(axis);
    const std::int64_t size = all[i];
    if (axis < 2) {
      if (size != shape[axis]) return unimplemented("resizes the batch or the channels");
      continue;
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
  attributes.ignore("extrapolation_value");
  AxisResize how;
  TINYSPLIT_ASSIGN_OR_RETURN(how.exclude_outside, attributes.flag("exclude_outside", false));
  TINYSPLIT_ASSIGN_OR_RETURN(how.antialias, attributes.flag("antialias", false));
  TINYSPLIT_ASSIGN_OR_RETURN(how.cubic_a, attributes.real("cubic_coeff_a", -0.75f));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string policy,
                             attributes.word("keep_aspect_ratio_policy", "stretch"));
  if (policy != "stretch") return attributes.unsupported("keep_aspect_ratio_policy");
  const bool old = context.opset < 11;
  const std::string coordinates = old ? "asymmetric" : "half_pixel";
  const std::string nearest = old ? "floor" : "round_prefer_floor";
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
  TINYSPLIT_ASSIGN_OR_RETURN(how.coordinates,
                             attributes.word("coordinate_transformation_mode", coordinates));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string mode, attributes.word("mode", "nearest"));
  if (!is_plain(context.shape(0), mode, how.coordinates, how.antialias)) {
    if (mode != "nearest" && mode != "linear" && mode != "cubic") {
      return attributes.unsupported("mode");
    }
    TINYSPLIT_RETURN_IF_ERROR(rounding_of(context, nearest).status());
    TINYSPLIT_ASSIGN_OR_RETURN(const std::string rounding,
                               attributes.word("nearest_mode", nearest));
    return add_by_axes(context, how, mode, rounding, scales, sizes);
  }
  ResizeOp op;
  TINYSPLIT_ASSIGN_OR_RETURN(op.kind, kind_of(context));
  TINYSPLIT_ASSIGN_OR_RETURN(op.coordinates, coordinates_of(context, coordinates));
  TINYSPLIT_ASSIGN_OR_RETURN(op.rounding, rounding_of(context, nearest));
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
