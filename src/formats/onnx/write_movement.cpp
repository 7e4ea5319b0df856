#include <algorithm>
#include <limits>

#include "formats/onnx/node_writer.h"

// Operations that move elements: on stored numbers as on real ones.
namespace tinysplit::onnx_format {
namespace {

// The only input of an operation whose axes mean the same in both orders.
Order order_of(const NodeWriter& node) {
  return node.file.is_channels_first(node.id(0)) ? Order::kChannelsFirst : Order::kGraph;
}

// One entry for each axis, in that order.
template <typename T>
std::vector<T> in_order(const std::vector<T>& values, Order order) {
  const int rank = static_cast<int>(values.size());
  std::vector<T> moved(values.size());
  for (int axis = 0; axis < rank; ++axis) {
    moved[static_cast<std::size_t>(axis_in(order, axis, rank))] =
        values[static_cast<std::size_t>(axis)];
  }
  return moved;
}

// A tensor of one number of the type of `like`.
Result<Tensor> number(float value, DType dtype) {
  Tensor tensor(dtype, Shape{});
  switch (dtype) {
    case DType::kFloat32:
      tensor.as<float>()[0] = value;
      return tensor;
    case DType::kInt8:
      tensor.as<std::int8_t>()[0] = static_cast<std::int8_t>(value);
      return tensor;
    case DType::kUint8:
    case DType::kBool:
      tensor.as<std::uint8_t>()[0] = static_cast<std::uint8_t>(value);
      return tensor;
    case DType::kInt32:
      tensor.as<std::int32_t>()[0] = static_cast<std::int32_t>(value);
      return tensor;
    case DType::kInt64:
      tensor.as<std::int64_t>()[0] = static_cast<std::int64_t>(value);
      return tensor;
    default:
      return unimplemented("pads " + std::string(dtype_name(dtype)));
  }
}

}  // namespace

Status write(NodeWriter& node, const ConcatOp& op) {
  const int rank = node.output().shape.rank();
  const int axis = op.axis < 0 ? op.axis + rank : op.axis;
  const Order order = node.common_order();
  std::vector<std::string> parts;
  for (int i = 0; i < node.num_inputs(); ++i) parts.push_back(node.real(i, order));
  node.set(node.file.add("Concat", parts, {attribute("axis", axis_in(order, axis, rank))}), order);
  return ok_status();
}

// Where no axis but one is longer than 1, channels first and last are the same numbers.
Status write(NodeWriter& node, const ReshapeOp& op) {
  const Shape& from = node.shape(0);
  const bool flat =
      has_channels_first(from.rank()) && from.num_elements() == from[0] * from[from.rank() - 1];
  const Order order = flat ? order_of(node) : Order::kGraph;
  node.set_stored(node.file.add(
      "Reshape", {node.stored(0, order), node.file.integers(dims_of(op.shape), "shape")}));
  return ok_status();
}

Status write(NodeWriter& node, const TransposeOp& op) {
  node.set_stored(node.file.transpose(node.stored(0), op.permutation));
  return ok_status();
}

Status write(NodeWriter& node, const PadOp& op) {
  const char* mode = op.mode == PadMode::kConstant  ? "constant"
                     : op.mode == PadMode::kReflect ? "reflect"
                                                    : "edge";
  if (op.mode == PadMode::kSymmetric) {
    return unimplemented("pads symmetrically, which ONNX does not have before operator set 18");
  }
  const Order order = order_of(node);
  std::vector<std::int64_t> pads = in_order(op.before, order);
  const std::vector<std::int64_t> after = in_order(op.after, order);
  pads.insert(pads.end(), after.begin(), after.end());
  std::vector<std::string> inputs{node.stored(0, order), node.file.integers(pads, "pads")};
  if (op.mode == PadMode::kConstant) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Tensor value, number(op.value, node.output().dtype));
    inputs.push_back(node.file.constant(value, "value"));
  }
  node.set_stored(node.file.add("Pad", inputs, {attribute("mode", std::string_view(mode))}), order);
  return ok_status();
}

// Only the axes that are cut.
Status write(NodeWriter& node, const SliceOp& op) {
  const Shape& from = node.shape(0);
  const Order order = order_of(node);
  std::vector<std::int64_t> starts, ends, axes, steps;
  for (int axis = 0; axis < from.rank(); ++axis) {
    const std::size_t i = static_cast<std::size_t>(axis);
    const std::int64_t begin = op.begin[i], step = op.stride[i], size = op.size[i];
    if (begin == 0 && step == 1 && size == from[axis]) continue;
    const std::int64_t end = begin + step * (size - 1) + (step > 0 ? 1 : -1);
    starts.push_back(begin);
    // In front of the first: below zero would count from the end.
    ends.push_back(end < 0 ? -from[axis] - 1 : end);
    axes.push_back(axis_in(order, axis, from.rank()));
    steps.push_back(step);
  }
  if (axes.empty()) {
    node.set_stored(node.file.add("Identity", {node.stored(0, order)}), order);
    return ok_status();
  }
  node.set_stored(
      node.file.add("Slice", {node.stored(0, order), node.file.integers(starts, "starts"),
                              node.file.integers(ends, "ends"), node.file.integers(axes, "axes"),
                              node.file.integers(steps, "steps")}),
      order);
  return ok_status();
}

Status write(NodeWriter& node, const GatherOp& op) {
  node.set_stored(
      node.file.add("Gather", {node.stored(0), node.stored(1)}, {attribute("axis", op.axis)}));
  return ok_status();
}

Status write(NodeWriter& node, const TileOp& op) {
  const Order order = order_of(node);
  node.set_stored(
      node.file.add("Tile", {node.stored(0, order),
                             node.file.integers(in_order(op.repeats, order), "repeats")}),
      order);
  return ok_status();
}

Status write(NodeWriter& node, const BroadcastOp& op) {
  node.set_stored(
      node.file.add("Expand", {node.stored(0), node.file.integers(dims_of(op.shape), "shape")}));
  return ok_status();
}

}  // namespace tinysplit::onnx_format
