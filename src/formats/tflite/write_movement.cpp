// Operations that put elements into other places.
#include <algorithm>

#include "formats/tflite/operator_writers.h"
#include "formats/tflite/write_window.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;
using Numbers = std::vector<std::int64_t>;

bool pads(const PadOp& op, std::size_t axis) { return op.before[axis] > 0 || op.after[axis] > 0; }

// The border repeated: a GATHER along each axis that has one.
Status write_edges(NodeWriter& writer, const PadOp& op) {
  TensorId x = writer.input(0);
  std::size_t left = 0;
  for (std::size_t axis = 0; axis < op.before.size(); ++axis) left += pads(op, axis) ? 1 : 0;
  if (left == 0) return writer.finish_reshape(x);
  for (std::size_t axis = 0; axis < op.before.size(); ++axis) {
    if (!pads(op, axis)) continue;
    Shape shape = writer.shape(x);
    const std::int64_t extent = shape[static_cast<int>(axis)];
    Numbers indices;
    for (std::int64_t i = -op.before[axis]; i < extent + op.after[axis]; ++i) {
      indices.push_back(std::clamp<std::int64_t>(i, 0, extent - 1));
    }
    const NodeWriter::Tensors inputs{x, writer.integers(indices)};
    const auto options = writer.options(
        schema::CreateGatherOptions(writer.tables(), static_cast<std::int32_t>(axis)));
    if (--left == 0) return writer.finish(Code::GATHER, inputs, options);
    shape[static_cast<int>(axis)] = static_cast<std::int64_t>(indices.size());
    x = writer.add(Code::GATHER, inputs, writer.type(x), shape, options);
  }
  return ok_status();
}

// What GATHER of constant indices reads, counted from the front.
TensorId indices_of(NodeWriter& writer, std::int64_t extent) {
  const Value& indices = writer.in(1);
  if (!indices.is_constant()) return writer.input(1);
  const auto counts_back = [](auto index) { return index < 0; };
  const Tensor& data = *indices.data;
  const bool negative = data.dtype() == DType::kInt32
                            ? std::ranges::any_of(data.as<std::int32_t>(), counts_back)
                            : std::ranges::any_of(data.as<std::int64_t>(), counts_back);
  if (!negative) return writer.input(1);
  Tensor counted = data.clone();
  const auto from_front = [extent](auto& index) {
    if (index < 0) index = static_cast<std::remove_reference_t<decltype(index)>>(index + extent);
  };
  if (data.dtype() == DType::kInt32) std::ranges::for_each(counted.as<std::int32_t>(), from_front);
  if (data.dtype() == DType::kInt64) std::ranges::for_each(counted.as<std::int64_t>(), from_front);
  return writer.constant("indices", data.dtype(), counted.view());
}

}  // namespace

Status write_operation(NodeWriter& writer, const ConcatOp& op) {
  NodeWriter::Tensors inputs;
  const ElementType type(writer.out().dtype, writer.out().quantization);
  for (int i = 0; i < writer.num_inputs(); ++i) {
    inputs.push_back(writer.input(i));
    // CONCATENATION of int8 refuses to rescale.
    if (type.dtype == DType::kInt8 && !have_same_type(writer.in(i), writer.out())) {
      inputs.back() = writer.add(Code::QUANTIZE, {inputs.back()}, type, writer.in(i).shape);
    }
  }
  const auto table = schema::CreateConcatenationOptions(writer.tables(), op.axis);
  return writer.finish(Code::CONCATENATION, inputs, writer.options(table));
}

Status write_operation(NodeWriter& writer, const ReshapeOp&) {
  return writer.finish_reshape(writer.input(0));
}

Status write_operation(NodeWriter& writer, const TransposeOp& op) {
  const Numbers permutation(op.permutation.begin(), op.permutation.end());
  return writer.finish(Code::TRANSPOSE, {writer.input(0), writer.integers(permutation)});
}

Status write_operation(NodeWriter& writer, const PadOp& op) {
  if (op.mode == PadMode::kEdge) return write_edges(writer, op);
  const TensorId x = writer.input(0);
  const TensorId borders = paddings(writer, op.before, op.after);
  if (op.mode == PadMode::kConstant) {
    const ElementType type = writer.type(x);
    if (op.value == pad_value_of(type)) return writer.finish(Code::PAD, {x, borders});
    return writer.finish(Code::PADV2, {x, borders, stored_number(writer, type, op.value)});
  }
  const auto mode = op.mode == PadMode::kReflect ? schema::MirrorPadMode::REFLECT
                                                 : schema::MirrorPadMode::SYMMETRIC;
  const auto table = schema::CreateMirrorPadOptions(writer.tables(), mode);
  return writer.finish(Code::MIRROR_PAD, {x, borders}, writer.options(table));
}

Status write_operation(NodeWriter& writer, const SliceOp& op) {
  const TensorId x = writer.input(0);
  const auto steps_by_one = [&](std::size_t i) { return op.stride[i] == 1 || op.size[i] == 1; };
  bool plain = true;
  for (std::size_t i = 0; i < op.size.size(); ++i) plain = plain && steps_by_one(i);
  if (plain) {
    return writer.finish(Code::SLICE, {x, writer.integers(op.begin), writer.integers(op.size)});
  }
  Numbers ends, strides;
  std::int32_t open_ends = 0;
  for (std::size_t i = 0; i < op.size.size(); ++i) {
    const std::int64_t stride = op.size[i] == 1 ? 1 : op.stride[i];
    const std::int64_t last = op.begin[i] + (op.size[i] - 1) * stride;
    strides.push_back(stride);
    ends.push_back(stride > 0 ? last + 1 : last - 1);
    // One before the first cell would count from the back.
    if (ends.back() < 0) open_ends |= std::int32_t{1} << i;
  }
  const auto table = schema::CreateStridedSliceOptions(writer.tables(), 0, open_ends);
  return writer.finish(
      Code::STRIDED_SLICE,
      {x, writer.integers(op.begin), writer.integers(ends), writer.integers(strides)},
      writer.options(table));
}

Status write_operation(NodeWriter& writer, const GatherOp& op) {
  const TensorId x = writer.input(0);
  const auto table = schema::CreateGatherOptions(writer.tables(), op.axis);
  return writer.finish(Code::GATHER, {x, indices_of(writer, writer.shape(x)[op.axis])},
                       writer.options(table));
}

Status write_operation(NodeWriter& writer, const TileOp& op) {
  return writer.finish(Code::TILE, {writer.input(0), writer.integers(op.repeats)});
}

Status write_operation(NodeWriter& writer, const BroadcastOp& op) {
  return writer.finish(Code::BROADCAST_TO, {writer.input(0), writer.integers(op.shape.dims())});
}

}  // namespace tinysplit::tflite
