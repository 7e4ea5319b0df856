// Operations that move values, reduce them, or look them up.
#include <algorithm>

#include "formats/keras/op_export.h"
#include "formats/keras/op_export_operations.h"

namespace tinysplit::keras {
namespace {

constexpr std::int64_t kMaxCopies = 256;  // that one Concatenate lists

bool is_batch_moved(const TransposeOp& op) {
  return op.permutation.empty() || op.permutation.front() != 0;
}

// Copies of x side by side along `axis`.
Exported repeat(ExportContext& context, const KerasTensor& x, int axis, std::int64_t times) {
  if (times == 1) return x;
  if (axis == 0) return unimplemented("Keras does not repeat the batch");
  if (times > kMaxCopies) {
    return unimplemented("it repeats its input more than " + std::to_string(kMaxCopies) + " times");
  }
  Shape to = x.shape;
  to[axis] *= times;
  const std::vector<KerasTensor> copies(static_cast<std::size_t>(times), x);
  return context.model.add("Concatenate", Json::object({{"axis", axis}}), copies, to);
}

// Every `stride`-th cell along one axis: the maximum of windows of one cell.
Exported take_every(ExportContext& context, const KerasTensor& x, int axis, std::int64_t stride,
                    std::int64_t count) {
  if (stride == 1) return x;
  std::int64_t outer = 1, inner = 1;
  for (int i = 1; i < axis; ++i) outer *= x.shape[i];
  for (int i = axis + 1; i < x.shape.rank(); ++i) inner *= x.shape[i];
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor rows,
                             context.reshape(x, Shape{1, outer, x.shape[axis], inner}));
  const KerasTensor picked = context.add("MaxPooling2D",
                                         {{"pool_size", {1, 1}},
                                          {"strides", {1, stride}},
                                          {"padding", "valid"},
                                          {"data_format", "channels_last"}},
                                         rows, Shape{1, outer, count, inner});
  Shape to = x.shape;
  to[axis] = count;
  return context.reshape(picked, to);
}

bool is_whole(const SliceOp& op, const Shape& in, int axis) {
  const auto i = static_cast<std::size_t>(axis);
  return op.stride[i] == 1 && op.begin[i] == 0 && op.size[i] == in[axis];
}

// Of steps that Keras lists in the order in which a layer took them, or with a state behind.
Exported slice_steps(const SliceOp& op, const ExportedValue& from, ExportContext& context) {
  const KerasTensor& steps = from.tensor;
  const Shape& in = steps.shape;  // [1,T,F]
  const std::int64_t length = in[1];
  const Shape whole = context.input_value(0).shape;
  if (!is_whole(op, whole, 0) || !is_whole(op, whole, 2)) {
    return unimplemented("it cuts the states of a recurrent layer into parts");
  }
  const std::int64_t begin = op.begin[1], size = op.size[1], stride = op.stride[1];
  if (from.cell && begin == length && size == 1) return context.reshape(*from.cell, {1, 1, in[2]});
  const std::int64_t last = begin + (size - 1) * stride;
  if (std::max(begin, last) >= length) return unimplemented("it mixes steps with a final state");
  if (size > 1 && stride != 1 && stride != -1) return unimplemented("it skips steps");
  const bool reversed = from.reversed && (size > 1 && stride == 1);
  if (size > 1 && !from.reversed && stride == -1) return unimplemented("it reverses its input");
  const std::int64_t first = std::min(begin, last);
  const std::int64_t before = from.reversed ? length - first - size : first;
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor kept,
                             context.crop(steps, {0, before, 0}, {0, length - before - size, 0}));
  context.store({kept, reversed, {}});
  return kept;
}

// The mean over axes [first, last], which lie side by side, by pooling.
Exported pool_axes(ExportContext& context, const KerasTensor& x, const char* kind, int first,
                   int last, const Shape& to) {
  std::int64_t outer = 1, middle = 1, inner = 1;
  for (int i = 1; i < x.shape.rank(); ++i) {
    (i < first ? outer : i <= last ? middle : inner) *= x.shape[i];
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor rows,
                             context.reshape(x, Shape{1, outer, middle, inner}));
  const KerasTensor pooled = context.add(std::string(kind) + "Pooling2D",
                                         {{"pool_size", {std::int64_t{1}, middle}},
                                          {"strides", {std::int64_t{1}, middle}},
                                          {"padding", "valid"},
                                          {"data_format", "channels_last"}},
                                         rows, Shape{1, outer, 1, inner});
  return context.reshape(pooled, to);
}

}  // namespace

Exported export_op(const ConcatOp& op, ExportContext& context) {
  if (op.axis == 0) return unimplemented("Keras does not join batches");
  std::vector<KerasTensor> parts;
  for (std::size_t i = 0; i < context.num_inputs(); ++i) {
    TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor part, context.input(i));
    parts.push_back(part);
  }
  if (parts.size() == 1) return context.add("Identity", Json::object(), parts[0], parts[0].shape);
  return context.model.add("Concatenate", Json::object({{"axis", op.axis}}), parts,
                           context.output());
}

Exported export_op(const ReshapeOp&, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  return context.reshape(x, context.output());
}

Exported export_op(const TransposeOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  if (is_batch_moved(op)) return unimplemented("Keras does not move the batch");
  Json dims = Json::array();
  for (std::size_t i = 1; i < op.permutation.size(); ++i) dims.push_back(op.permutation[i]);
  return context.add("Permute", Json::object({{"dims", std::move(dims)}}), x, context.output());
}

Exported export_op(const PadOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  if (op.mode != PadMode::kConstant || op.value != 0.0f) return export_as_operation(op, context);
  return context.pad(x, op.before, op.after);
}

Exported export_op(const SliceOp& op, ExportContext& context) {
  if (context.is_constant(0)) return context.input(0);
  const ExportedValue& from = context.raw_input(0);
  if (from.reversed || from.cell) return slice_steps(op, from, context);
  KerasTensor x = from.tensor;
  if (context.input_value(0).dtype == DType::kBool) return export_as_operation(op, context);
  std::vector<std::int64_t> before, after;
  for (int axis = 0; axis < x.shape.rank(); ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    if (op.stride[i] < 1 && op.size[i] > 1) return export_as_operation(op, context);
    before.push_back(op.begin[i]);
    const std::int64_t last = op.begin[i] + (op.size[i] - 1) * op.stride[i];
    after.push_back(x.shape[axis] - 1 - last);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.crop(x, before, after));
  for (int axis = 1; axis < x.shape.rank(); ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    if (op.size[i] == 1) continue;
    TINYSPLIT_ASSIGN_OR_RETURN(x, take_every(context, x, axis, op.stride[i], op.size[i]));
  }
  return x;
}

Exported export_op(const GatherOp& op, ExportContext& context) {
  if (op.axis != 0 || !context.is_constant(0) || context.is_constant(1)) {
    return export_as_operation(op, context);
  }
  if (context.input_value(0).shape.rank() != 2) return export_as_operation(op, context);
  TINYSPLIT_ASSIGN_OR_RETURN(const Tensor* table, context.constant(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor rows, context.input(1));
  return context.add(
      "Embedding",
      {{"input_dim", table->shape()[0]}, {"output_dim", table->shape()[1]}, {"mask_zero", false}},
      rows, context.output(), {{"embeddings", table->view()}});
}

Exported export_op(const TileOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(KerasTensor x, context.input(0));
  if (std::ranges::max(op.repeats) > kMaxCopies) return export_as_operation(op, context);
  for (int axis = 0; axis < x.shape.rank(); ++axis) {
    TINYSPLIT_ASSIGN_OR_RETURN(
        x, repeat(context, x, axis, op.repeats[static_cast<std::size_t>(axis)]));
  }
  return x;
}

Exported export_op(const BroadcastOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(KerasTensor x, context.input(0));
  std::vector<std::int64_t> dims(x.shape.dims().begin(), x.shape.dims().end());
  dims.insert(dims.begin(), static_cast<std::size_t>(op.shape.rank()) - dims.size(), 1);
  TINYSPLIT_ASSIGN_OR_RETURN(const Shape aligned, Shape::create(dims));
  TINYSPLIT_ASSIGN_OR_RETURN(x, context.reshape(x, aligned));
  for (int axis = 0; axis < op.shape.rank(); ++axis) {
    TINYSPLIT_ASSIGN_OR_RETURN(x, repeat(context, x, axis, op.shape[axis] / x.shape[axis]));
  }
  return x;
}

Exported export_op(const ResizeOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  const std::int64_t rows = op.size[0] / x.shape[1], columns = op.size[1] / x.shape[2];
  const bool by_size = op.scale == std::array<float, 2>{0.0f, 0.0f};
  const bool whole = rows * x.shape[1] == op.size[0] && columns * x.shape[2] == op.size[1];
  const bool floors = op.kind == ResizeKind::kNearest && op.rounding == ResizeRounding::kFloor;
  const bool repeats = floors && op.coordinates == ResizeCoordinates::kAsymmetric;
  const bool nearest = floors && op.coordinates == ResizeCoordinates::kHalfPixelFloor;
  const bool bilinear =
      op.kind == ResizeKind::kBilinear && op.coordinates == ResizeCoordinates::kHalfPixel;
  if (by_size && whole && (repeats || bilinear)) {
    return context.add("UpSampling2D",
                       {{"size", {rows, columns}},
                        {"interpolation", repeats ? "nearest" : "bilinear"},
                        {"data_format", "channels_last"}},
                       x, context.output());
  }
  if (!by_size || (!nearest && !bilinear)) {
    return unimplemented(
        "Keras repeats cells, or takes those or interpolates between those whose centres are "
        "nearest, from one size to another");
  }
  return context.add("Resizing",
                     {{"height", op.size[0]},
                      {"width", op.size[1]},
                      {"interpolation", nearest ? "nearest" : "bilinear"},
                      {"data_format", "channels_last"}},
                     x, context.output());
}

Exported export_op(const ReduceOp& op, ExportContext& context) {
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor x, context.input(0));
  const bool side_by_side =
      !op.axes.empty() && op.axes.back() - op.axes.front() + 1 == std::ssize(op.axes);
  const bool real = context.input_value(0).dtype == DType::kFloat32;
  if (!side_by_side || op.axes.front() == 0 || !real) return export_as_operation(op, context);
  const int first = op.axes.front(), last = op.axes.back();
  if (op.kind == ReduceKind::kMax) {
    return pool_axes(context, x, "Max", first, last, context.output());
  }
  if (op.kind != ReduceKind::kMean && op.kind != ReduceKind::kSum) {
    return export_as_operation(op, context);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor mean,
                             pool_axes(context, x, "Average", first, last, context.output()));
  if (op.kind == ReduceKind::kMean) return mean;
  std::int64_t cells = 1;
  for (const int axis : op.axes) cells *= x.shape[axis];
  return context.rescale(mean, static_cast<float>(cells), 0.0f);
}

// [N,M,K] by [N,K,P]: the sum over one axis of each.
Exported export_op(const MatmulOp& op, ExportContext& context) {
  if (context.is_constant(0) || context.is_constant(1) ||
      context.input_value(0).shape.rank() != 3 || context.input_value(1).shape.rank() != 3) {
    return export_as_operation(op, context);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor a, context.input(0));
  TINYSPLIT_ASSIGN_OR_RETURN(const KerasTensor b, context.input(1));
  const Json axes = Json::array({op.transpose_a ? 1 : 2, op.transpose_b ? 2 : 1});
  return context.model.add("Dot", {{"axes", axes}, {"normalize", false}}, {a, b}, context.output());
}

}  // namespace tinysplit::keras
