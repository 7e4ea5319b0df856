#include "graph/shape_inference.h"

#include <algorithm>
#include <string>

namespace tinysplit {
namespace {

using Inputs = std::span<const Value* const>;

Status expect_inputs(Inputs inputs, std::size_t least, std::size_t most) {
  if (inputs.size() >= least && inputs.size() <= most) return ok_status();
  return invalid_argument("has " + std::to_string(inputs.size()) + " inputs, needs " +
                          std::to_string(least) +
                          (most == least ? "" : " to " + std::to_string(most)));
}

Status expect_rank(const Value& value, const char* what, int rank) {
  if (value.shape.rank() == rank) return ok_status();
  return invalid_argument(std::string(what) + " has shape " + value.shape.to_string() + ", needs " +
                          std::to_string(rank) + " dimensions");
}

Status expect_constant(const Value& value, const char* what) {
  if (value.is_constant()) return ok_status();
  return invalid_argument(std::string(what) + " must be a constant");
}

Status expect_vector(const Value& value, const char* what, std::int64_t size) {
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(value, what));
  if (value.shape.rank() == 1 && value.shape[0] == size) return ok_status();
  return invalid_argument(std::string(what) + " has shape " + value.shape.to_string() +
                          ", needs [" + std::to_string(size) + "]");
}

// Keeps every product below far inside 64 bits.
constexpr std::int64_t kMaxParameter = 1 << 20;

Status check_spatial(const Spatial2d& spatial) {
  for (std::size_t i = 0; i < 2; ++i) {
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
Result<std::int64_t> window_places(std::int64_t extent, std::int64_t size, const Spatial2d& spatial,
                                   std::size_t axis) {
  const std::int64_t reach = (size - 1) * spatial.dilation[axis] + 1;
  const std::int64_t room = extent + spatial.pad_before[axis] + spatial.pad_after[axis] - reach;
  if (size < 1 || room < 0) {
    return invalid_argument("a window of " + std::to_string(reach) +
                            " does not fit on an input of " + std::to_string(extent) + " cells");
  }
  return room / spatial.stride[axis] + 1;
}

Result<Shape> infer(const Conv2dOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 3));
  const Value& x = *inputs[0];
  const Value& kernel = *inputs[1];
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(x, "its input", 4));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(kernel, "its kernel", 4));
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(kernel, "its kernel"));
  TINYSPLIT_RETURN_IF_ERROR(check_spatial(op.spatial));
  const std::int64_t channels = x.shape[3];
  const std::int64_t filters = kernel.shape[3];
  if (op.groups < 1 || channels % op.groups != 0 || filters % op.groups != 0 ||
      kernel.shape[2] != channels / op.groups) {
    return invalid_argument("its kernel " + kernel.shape.to_string() + " with " +
                            std::to_string(op.groups) + " groups does not fit its input " +
                            x.shape.to_string());
  }
  if (inputs.size() == 3) {
    TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[2], "its bias", filters));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t height,
                             window_places(x.shape[1], kernel.shape[0], op.spatial, 0));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t width,
                             window_places(x.shape[2], kernel.shape[1], op.spatial, 1));
  return Shape::create(std::array{x.shape[0], height, width, filters});
}

Result<Shape> infer(const ConvTranspose2dOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 3));
  const Value& x = *inputs[0];
  const Value& kernel = *inputs[1];
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(x, "its input", 4));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(kernel, "its kernel", 4));
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(kernel, "its kernel"));
  TINYSPLIT_RETURN_IF_ERROR(check_spatial(op.spatial));
  if (kernel.shape[3] != x.shape[3]) {
    return invalid_argument("its kernel " + kernel.shape.to_string() + " does not fit its input " +
                            x.shape.to_string());
  }
  if (inputs.size() == 3) {
    TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[2], "its bias", kernel.shape[2]));
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
  return Shape::create(std::array{x.shape[0], out[0], out[1], kernel.shape[2]});
}

Result<Shape> infer(const DenseOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 3));
  const Value& x = *inputs[0];
  const Value& kernel = *inputs[1];
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(kernel, "its kernel", 2));
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(kernel, "its kernel"));
  if (x.shape.rank() < 2 || x.shape[x.shape.rank() - 1] != kernel.shape[0]) {
    return invalid_argument("its kernel " + kernel.shape.to_string() + " does not fit its input " +
                            x.shape.to_string());
  }
  if (inputs.size() == 3) {
    TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[2], "its bias", kernel.shape[1]));
  }
  Shape out = x.shape;
  out[out.rank() - 1] = kernel.shape[1];
  return Shape::create(out.dims());
}

Result<Shape> infer(const Pool2dOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  const Shape& x = inputs[0]->shape;
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(*inputs[0], "its input", 4));
  TINYSPLIT_RETURN_IF_ERROR(check_spatial(op.spatial));
  for (std::size_t i = 0; i < 2; ++i) {
    // A window that lies in the padding alone would have no cell to look at.
    if (op.spatial.pad_before[i] >= op.window[i] || op.spatial.pad_after[i] >= op.window[i]) {
      return invalid_argument("its padding is not smaller than its window");
    }
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t height,
                             window_places(x[1], op.window[0], op.spatial, 0));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::int64_t width,
                             window_places(x[2], op.window[1], op.spatial, 1));
  return Shape::create(std::array{x[0], height, width, x[3]});
}

Result<Shape> infer(const GlobalPoolOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(*inputs[0], "its input", 4));
  const Shape& x = inputs[0]->shape;
  return Shape{x[0], x[3]};
}

Result<Shape> infer(const ChannelAffineOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 3, 3));
  const Shape& x = inputs[0]->shape;
  if (x.rank() < 1) return invalid_argument("its input has no channels");
  TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[1], "its scale", x[x.rank() - 1]));
  TINYSPLIT_RETURN_IF_ERROR(expect_vector(*inputs[2], "its shift", x[x.rank() - 1]));
  return x;
}

Result<Shape> infer(const ActivationOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  return inputs[0]->shape;
}

Result<Shape> infer(const PreluOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 2));
  TINYSPLIT_RETURN_IF_ERROR(expect_constant(*inputs[1], "its slope"));
  const Result<Shape> both = broadcast_shapes(inputs[0]->shape, inputs[1]->shape);
  if (!both.ok() || !(*both == inputs[0]->shape)) {
    return invalid_argument("its slope " + inputs[1]->shape.to_string() +
                            " does not fit its input " + inputs[0]->shape.to_string());
  }
  return inputs[0]->shape;
}

Result<Shape> infer(const SoftmaxOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  if (op.axis < 1 || op.axis >= inputs[0]->shape.rank()) {
    return invalid_argument("has no axis " + std::to_string(op.axis) + " in " +
                            inputs[0]->shape.to_string());
  }
  return inputs[0]->shape;
}

Result<Shape> infer(const BinaryOp&, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 2, 2));
  return broadcast_shapes(inputs[0]->shape, inputs[1]->shape);
}

Result<Shape> infer(const ConcatOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, limits::kMaxNodes));
  Shape out = inputs[0]->shape;
  if (op.axis < 1 || op.axis >= out.rank()) {
    return invalid_argument("has no axis " + std::to_string(op.axis) + " in " + out.to_string());
  }
  for (const Value* input : inputs.subspan(1)) {
    Shape aligned = input->shape;
    if (aligned.rank() == out.rank()) aligned[op.axis] = out[op.axis];
    if (!(aligned == out)) {
      return invalid_argument("cannot join " + inputs[0]->shape.to_string() + " and " +
                              input->shape.to_string() + " along axis " + std::to_string(op.axis));
    }
    out[op.axis] += input->shape[op.axis];
  }
  return Shape::create(out.dims());
}

Result<Shape> infer(const ReshapeOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape out, Shape::create(op.shape.dims()));
  if (out.num_elements() != inputs[0]->shape.num_elements()) {
    return invalid_argument("cannot turn " + inputs[0]->shape.to_string() + " into " +
                            out.to_string());
  }
  return out;
}

Result<Shape> infer(const TransposeOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  Shape out = inputs[0]->shape;
  std::vector<int> sorted = op.permutation;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] != static_cast<int>(i)) return invalid_argument("is not given a permutation");
  }
  if (static_cast<int>(sorted.size()) != out.rank() || op.permutation.empty() ||
      op.permutation[0] != 0) {
    return invalid_argument("has a permutation that does not fit " + out.to_string());
  }
  for (int i = 0; i < out.rank(); ++i) {
    out[i] = inputs[0]->shape[op.permutation[static_cast<std::size_t>(i)]];
  }
  return out;
}

Result<Shape> resized(const Value& x, std::int64_t height, std::int64_t width) {
  if (height < 1 || width < 1) return invalid_argument("leaves nothing of its input");
  return Shape::create(std::array{x.shape[0], height, width, x.shape[3]});
}

Status check_border(const std::array<std::int64_t, 2>& before,
                    const std::array<std::int64_t, 2>& after) {
  for (std::size_t i = 0; i < 2; ++i) {
    if (before[i] < 0 || after[i] < 0 || before[i] > kMaxParameter || after[i] > kMaxParameter) {
      return invalid_argument("has a border that is out of range");
    }
  }
  return ok_status();
}

Result<Shape> infer(const Pad2dOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(*inputs[0], "its input", 4));
  TINYSPLIT_RETURN_IF_ERROR(check_border(op.before, op.after));
  const Shape& x = inputs[0]->shape;
  return resized(*inputs[0], x[1] + op.before[0] + op.after[0], x[2] + op.before[1] + op.after[1]);
}

Result<Shape> infer(const Crop2dOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(*inputs[0], "its input", 4));
  TINYSPLIT_RETURN_IF_ERROR(check_border(op.before, op.after));
  const Shape& x = inputs[0]->shape;
  return resized(*inputs[0], x[1] - op.before[0] - op.after[0], x[2] - op.before[1] - op.after[1]);
}

Result<Shape> infer(const Upsample2dOp& op, Inputs inputs) {
  TINYSPLIT_RETURN_IF_ERROR(expect_inputs(inputs, 1, 1));
  TINYSPLIT_RETURN_IF_ERROR(expect_rank(*inputs[0], "its input", 4));
  for (std::int64_t factor : op.factor) {
    if (factor < 1 || factor > kMaxParameter) return invalid_argument("has a factor out of range");
  }
  const Shape& x = inputs[0]->shape;
  return resized(*inputs[0], x[1] * op.factor[0], x[2] * op.factor[1]);
}

}  // namespace

Result<Shape> infer_shape(const Op& op, std::span<const Value* const> inputs) {
  return std::visit([&](const auto& concrete) { return infer(concrete, inputs); }, op);
}

std::int64_t count_macs(const Op& op, std::span<const Value* const> inputs, const Shape& output) {
  if (std::holds_alternative<Conv2dOp>(op)) {
    const Shape& kernel = inputs[1]->shape;
    return output.num_elements() * kernel[0] * kernel[1] * kernel[2];
  }
  if (std::holds_alternative<ConvTranspose2dOp>(op)) {
    const Shape& kernel = inputs[1]->shape;
    return inputs[0]->shape.num_elements() * kernel[0] * kernel[1] * kernel[2];
  }
  if (std::holds_alternative<DenseOp>(op)) {
    return output.num_elements() * inputs[1]->shape[0];
  }
  return 0;
}

Result<Shape> broadcast_shapes(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<std::int64_t> dims(static_cast<std::size_t>(rank));
  for (int i = 0; i < rank; ++i) {
    const int from_a = i - (rank - a.rank());
    const int from_b = i - (rank - b.rank());
    const std::int64_t in_a = from_a < 0 ? 1 : a[from_a];
    const std::int64_t in_b = from_b < 0 ? 1 : b[from_b];
    if (in_a != in_b && in_a != 1 && in_b != 1) {
      return invalid_argument("cannot broadcast " + a.to_string() + " and " + b.to_string());
    }
    dims[static_cast<std::size_t>(i)] = in_a == 1 ? in_b : in_a;
  }
  return Shape::create(dims);
}

}  // namespace tinysplit
