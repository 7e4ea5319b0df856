// Pooling and resizing of images.
#include <algorithm>
#include <limits>
#include <optional>

#include "formats/tflite/operator_writers.h"
#include "formats/tflite/write_window.h"
#include "kernels/resize.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;

// Below everything that the type can hold, so that no maximum sees it.
float lowest_of(const Value& value) {
  switch (value.dtype) {
    case DType::kInt8:
      return -128.0f;
    case DType::kUint8:
      return 0.0f;
    case DType::kInt16:
      return -32768.0f;
    default:
      return std::numeric_limits<float>::lowest();
  }
}

OperatorOptions pool_options(NodeWriter& writer, const Pool2dOp& op, schema::Padding padding,
                             schema::Activation activation) {
  return writer.options(schema::CreatePool2DOptions(
      writer.tables(), padding, static_cast<std::int32_t>(op.spatial.stride[1]),
      static_cast<std::int32_t>(op.spatial.stride[0]), static_cast<std::int32_t>(op.window[1]),
      static_cast<std::int32_t>(op.window[0]), activation));
}

std::int64_t cells_inside(const Pool2dOp& op, std::size_t axis, std::int64_t place,
                          std::int64_t extent) {
  const std::int64_t first = place * op.spatial.stride[axis] - op.spatial.pad_before[axis];
  const std::int64_t begin = std::max<std::int64_t>(first, 0);
  return std::max<std::int64_t>(std::min(first + op.window[axis], extent) - begin, 1);
}

// For each place of the window, its cells by those of them that lie inside of the image.
TensorId mean_corrections(NodeWriter& writer, const Pool2dOp& op) {
  const Shape& in = writer.in(0).shape;
  const Shape& out = writer.out().shape;
  Tensor factors(DType::kFloat32, Shape{1, out[1], out[2], 1});
  const float cells = static_cast<float>(op.window[0] * op.window[1]);
  std::size_t at = 0;
  for (std::int64_t row = 0; row < out[1]; ++row) {
    for (std::int64_t column = 0; column < out[2]; ++column) {
      const std::int64_t inside =
          cells_inside(op, 0, row, in[1]) * cells_inside(op, 1, column, in[2]);
      factors.as<float>()[at++] = cells / static_cast<float>(inside);
    }
  }
  return writer.constant("factors", DType::kFloat32, factors.view());
}

bool keeps_ratio(const ResizeOp& op, const Shape& in) {
  for (int i = 0; i < 2; ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    const float ratio = static_cast<float>(op.size[at]) / static_cast<float>(in[i + 1]);
    if (op.scale[at] > 0.0f && op.scale[at] != ratio) return false;
  }
  return true;
}

struct ResizeFlags {
  bool align_corners;
  bool half_pixel_centers;
};

std::optional<ResizeFlags> bilinear_flags(const ResizeOp& op) {
  const bool one_cell = op.size[0] == 1 || op.size[1] == 1;
  switch (op.coordinates) {
    case ResizeCoordinates::kHalfPixel:
      return ResizeFlags{false, true};
    case ResizeCoordinates::kPytorchHalfPixel:
      if (one_cell) return std::nullopt;
      return ResizeFlags{false, true};
    case ResizeCoordinates::kAlignCorners:
      return ResizeFlags{true, false};
    case ResizeCoordinates::kAsymmetric:
      return ResizeFlags{false, false};
    case ResizeCoordinates::kHalfPixelFloor:
      return std::nullopt;
  }
  return std::nullopt;
}

// The flags with which RESIZE_NEAREST_NEIGHBOR reads the same cells.
std::optional<ResizeFlags> nearest_flags(const ResizeOp& op, const Shape& in) {
  struct Candidate {
    ResizeFlags flags;
    ResizeCoordinates coordinates;
    ResizeRounding rounding;
  };
  for (const Candidate& candidate :
       {Candidate{{false, false}, ResizeCoordinates::kAsymmetric, ResizeRounding::kFloor},
        Candidate{{false, true}, ResizeCoordinates::kHalfPixelFloor, ResizeRounding::kFloor},
        Candidate{
            {true, false}, ResizeCoordinates::kAlignCorners, ResizeRounding::kRoundPreferCeil}}) {
    const bool named = op.coordinates == candidate.coordinates && op.rounding == candidate.rounding;
    if (named && keeps_ratio(op, in)) return candidate.flags;
  }
  for (const Candidate& candidate :
       {Candidate{{false, false}, ResizeCoordinates::kAsymmetric, ResizeRounding::kFloor},
        Candidate{{false, true}, ResizeCoordinates::kHalfPixelFloor, ResizeRounding::kFloor}}) {
    ResizeOp known = op;
    known.coordinates = candidate.coordinates;
    known.rounding = candidate.rounding;
    known.scale = {0.0f, 0.0f};
    if (nearest_cells(known, 0, in[1]) == nearest_cells(op, 0, in[1]) &&
        nearest_cells(known, 1, in[2]) == nearest_cells(op, 1, in[2])) {
      return candidate.flags;
    }
  }
  return std::nullopt;
}

// Rows, then columns, by their numbers.
Status write_gathers(NodeWriter& writer, const ResizeOp& op) {
  const TensorId x = writer.input(0);
  Shape shape = writer.shape(x);
  const TensorId rows = writer.integers(nearest_cells(op, 0, shape[1]));
  const TensorId columns = writer.integers(nearest_cells(op, 1, shape[2]));
  const auto along = [&](std::int32_t axis) {
    return writer.options(schema::CreateGatherOptions(writer.tables(), axis));
  };
  shape[1] = op.size[0];
  const TensorId tall = writer.add(Code::GATHER, {x, rows}, writer.type(x), shape, along(1));
  return writer.finish(Code::GATHER, {tall, columns}, along(2));
}

}  // namespace

Status write_operation(NodeWriter& writer, const ResizeOp& op) {
  const TensorId x = writer.input(0);
  const Shape& in = writer.in(0).shape;
  const NodeWriter::Tensors inputs{x, writer.integers(op.size)};
  // The versions that know the flags.
  constexpr int kFlags = 3;
  if (op.kind == ResizeKind::kNearest) {
    const auto flags = nearest_flags(op, in);
    if (!flags) return write_gathers(writer, op);
    const bool any = flags->align_corners || flags->half_pixel_centers;
    const auto table = schema::CreateResizeNearestNeighborOptions(
        writer.tables(), flags->align_corners, flags->half_pixel_centers);
    return writer.finish(Code::RESIZE_NEAREST_NEIGHBOR, inputs, writer.options(table),
                         any ? kFlags : 1);
  }
  const auto flags = bilinear_flags(op);
  if (!flags || !keeps_ratio(op, in)) {
    return unimplemented("TensorFlow Lite does not interpolate at these coordinates");
  }
  const auto table = schema::CreateResizeBilinearOptions(writer.tables(), flags->align_corners,
                                                         flags->half_pixel_centers);
  return writer.finish(Code::RESIZE_BILINEAR, inputs, writer.options(table),
                       flags->half_pixel_centers ? kFlags : 1);
}

Status write_operation(NodeWriter& writer, const Pool2dOp& op) {
  if (op.spatial.dilation != Pair{1, 1}) return unimplemented("pooling has no dilation");
  const Value& x = writer.in(0);
  const bool maximum = op.kind == PoolKind::kMax;
  const bool padded = op.spatial.pad_before != Pair{0, 0} || op.spatial.pad_after != Pair{0, 0};
  // SAME never counts the border, a border of its own always counts.
  if (!maximum && op.count_padding && padded) {
    const std::vector<std::int64_t> before{0, op.spatial.pad_before[0], op.spatial.pad_before[1],
                                           0};
    const std::vector<std::int64_t> after{0, op.spatial.pad_after[0], op.spatial.pad_after[1], 0};
    const TensorId bordered =
        pad(writer, writer.input(0), before, after, pad_value_of({x.dtype, x.quantization}));
    return writer.finish(Code::AVERAGE_POOL_2D, {bordered},
                         pool_options(writer, op, schema::Padding::VALID, writer.step.activation));
  }
  const float border = maximum ? lowest_of(x) : pad_value_of({x.dtype, x.quantization});
  const PaddedImage image = pad_for_window(writer, op.spatial, op.window, border);
  const Code code = maximum ? Code::MAX_POOL_2D : Code::AVERAGE_POOL_2D;
  const bool corrects = !maximum && image.tensor != writer.input(0);
  if (!corrects) {
    return writer.finish(code, {image.tensor},
                         pool_options(writer, op, image.padding, writer.step.activation));
  }
  if (writer.is_quantized()) {
    return unimplemented(
        "an average over quantised cells inside of a border that is neither SAME "
        "nor VALID has no operator");
  }
  const TensorId sums =
      writer.add(code, {image.tensor}, x.dtype, writer.out().shape,
                 pool_options(writer, op, image.padding, schema::Activation::NONE));
  const auto table = schema::CreateMulOptions(writer.tables(), writer.step.activation);
  return writer.finish(Code::MUL, {sums, mean_corrections(writer, op)}, writer.options(table));
}

Status write_operation(NodeWriter&, const Pool3dOp&) {
  return unimplemented("pooling of volumes cannot be written as TensorFlow Lite");
}

Status write_operation(NodeWriter& writer, const GlobalPoolOp& op) {
  const std::vector<std::int64_t> axes{1, 2};
  const auto table = schema::CreateReducerOptions(writer.tables(), false);
  const Code code = op.kind == PoolKind::kMax ? Code::REDUCE_MAX : Code::MEAN;
  return writer.finish(code, {writer.input(0), writer.integers(axes)}, writer.options(table));
}

}  // namespace tinysplit::tflite
