#include <algorithm>
#include <array>

#include "core/limits.h"
#include "graph/shape_inference.h"
#include "graph/shape_rules.h"

namespace tinysplit::shape_rules {
namespace {

template <std::size_t Axes>
Status check_spatial(const Spatial<Axes>& spatial) {
  for (std::size_t i = 0; i < Axes; ++i) {
    const bool positive = spatial.stride[i] >= 1 && spatial.dilation[i] >= 1;
    const bool padded = spatial.pad_before[i] >= 0 && spatial.pad_after[i] >= 0;
    const std::int64_t largest = std::max(
        {spatial.stride[i], spatial.dilation[i], spatial.pad_before[i], spatial.pad_after[i]});
    if (!positive || !padded || largest > kMaxParameter) {
      return invalid_argument("stride, dilation or padding is out of range");
    }
  }
  return ok_status();
}

// Number of places that a window of `size` cells (dilated) has on `extent` cells.
template <std::size_t Axes>
Result<std::int64_t> window_places(std::int64_t extent, std::int64_t size,
                                   const Spatial<Axes>& spatial, std::size_t axis) {
  const std::int64_t reach = (size - 1) * spatial.dilation[axis] + 1;
  const std::int64_t room = extent + spatial.pad_before[axis] + spatial.pad_after[axis] - reach;
  if (size < 1 || room < 0) {
    return invalid_argument("a window of " + std::to_string(reach) +
                            " does not fit on an input of " + std::to_string(extent) + " cells");
  }
  return room / spatial.stride[axis] + 1;
}

// x [N,spatial...,C], kernel [spatial...,C/groups,F].
template <std::size_t Axes>
Result<Shape> convolved(const Spatial<Axes>& spatial, std::int64_t groups, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 3));
  const Value& x = *inputs[0];
  const Value& kernel = *inputs[1];
  constexpr int kRank = static_cast<int>(Axes) + 2;
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(x, "its input", kRank));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(kernel, "its kernel", kRank));
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(kernel, "its kernel"));
  TINYSPLIT_RETURN_IF_ERROR(check_spatial(spatial));
  const std::int64_t channels = x.shape[kRank - 1];
  const std::int64_t filters = kernel.shape[kRank - 1];
  if (groups < 1 || channels % groups != 0 || filters % groups != 0 ||
      kernel.shape[kRank - 2] != channels / groups) {
    return invalid_argument("its kernel " + kernel.shape.to_string() + " with " +
                            std::to_string(groups) + " groups does not fit its input " +
                            x.shape.to_string());
  }
  if (inputs.size() == 3) {
    TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[2], "its bias", filters));
  }
  Shape out = x.shape;
  for (std::size_t i = 0; i < Axes; ++i) {
    const int axis = static_cast<int>(i) + 1;
    TINYSPLIT_ASSIGN_OR_RETURN(out[axis],
                               window_places(x.shape[axis], kernel.shape[axis - 1], spatial, i));
  }
  out[kRank - 1] = filters;
  return Shape::create(out.dims());
}

template <std::size_t Axes>
Result<Shape> pooled(const Spatial<Axes>& spatial, const std::array<std::int64_t, Axes>& window,
                     Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(*inputs[0], "its input", static_cast<int>(Axes) + 2));
  TINYSPLIT_RETURN_IF_ERROR(check_spatial(spatial));
  Shape out = inputs[0]->shape;
  for (std::size_t i = 0; i < Axes; ++i) {
    if (window[i] < 1 || window[i] > kMaxParameter) {
      return invalid_argument("its window is out of range");
    }
    const int axis = static_cast<int>(i) + 1;
    // A window that lies in the padding alone would have no cell to look at.
    const std::int64_t reach = (window[i] - 1) * spatial.dilation[i] + 1;
    if (spatial.pad_before[i] >= reach || spatial.pad_after[i] >= reach) {
      return invalid_argument("its padding is not smaller than its window");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(out[axis], window_places(out[axis], window[i], spatial, i));
  }
  return Shape::create(out.dims());
}

}  // namespace

Result<Shape> infer(const Conv2dOp& op, Inputs inputs) {
  return convolved(op.spatial, op.groups, inputs);
}

Result<Shape> infer(const Conv3dOp& op, Inputs inputs) {
  return convolved(op.spatial, op.groups, inputs);
}

Result<Shape> infer(const ConvTranspose2dOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 3));
  const Value& x = *inputs[0];
  const Value& kernel = *inputs[1];
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(x, "its input", 4));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(kernel, "its kernel", 4));
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(kernel, "its kernel"));
  TINYSPLIT_RETURN_IF_ERROR(check_spatial(op.spatial));
  if (kernel.shape[3] != x.shape[3] || op.groups < 1 || x.shape[3] % op.groups != 0) {
    return invalid_argument("its kernel " + kernel.shape.to_string() + " with " +
                            std::to_string(op.groups) + " groups does not fit its input " +
                            x.shape.to_string());
  }
  const std::int64_t filters = kernel.shape[2] * op.groups;
  if (inputs.size() == 3) {
    TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[2], "its bias", filters));
  }
  std::array<std::int64_t, 2> out{};
  for (std::size_t i = 0; i < 2; ++i) {
    const int axis = static_cast<int>(i);
    const std::int64_t extra = op.output_padding[i];
    out[i] = (x.shape[1 + axis] - 1) * op.spatial.stride[i] +
             (kernel.shape[axis] - 1) * op.spatial.dilation[i] + 1 - op.spatial.pad_before[i] -
             op.spatial.pad_after[i] + extra;
    if (extra < 0 || extra > kMaxParameter || out[i] < 1) {
      return invalid_argument("its padding leaves nothing of the output");
    }
  }
  return Shape::create(std::array{x.shape[0], out[0], out[1], filters});
}

Result<Shape> infer(const Pool2dOp& op, Inputs inputs) {
  return pooled(op.spatial, op.window, inputs);
}

Result<Shape> infer(const Pool3dOp& op, Inputs inputs) {
  return pooled(op.spatial, op.window, inputs);
}

Result<Shape> infer(const GlobalPoolOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(*inputs[0], "its input", 4));
  const Shape& x = inputs[0]->shape;
  return Shape{x[0], x[3]};
}

}  // namespace tinysplit::shape_rules
