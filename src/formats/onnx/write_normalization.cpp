#include <algorithm>
#include <numeric>

#include "formats/onnx/node_writer.h"

namespace tinysplit::onnx_format {
namespace {

std::string filled(NodeWriter& node, const Shape& shape, float value, std::string_view role) {
  Tensor tensor(DType::kFloat32, shape);
  std::ranges::fill(tensor.as<float>(), value);
  return node.file.constant(tensor, role);
}

// The order that a reduction works in: its input's, but where the axes that vanish would leave
// those that stay in another order than the graph's.
Order reduction_order(const NodeWriter& node, const std::vector<int>& axes, bool keep_dims) {
  const int rank = node.shape(0).rank();
  if (!node.file.is_channels_first(node.id(0))) return Order::kGraph;
  std::vector<int> spatial(static_cast<std::size_t>(rank - 2));
  std::iota(spatial.begin(), spatial.end(), 1);
  return keep_dims || axes == spatial ? Order::kChannelsFirst : Order::kGraph;
}

std::vector<std::int64_t> axes_in(Order order, const std::vector<int>& axes, int rank) {
  std::vector<std::int64_t> moved;
  for (const int axis : axes) moved.push_back(axis_in(order, axis, rank));
  std::ranges::sort(moved);
  return moved;
}

bool is_tail(const std::vector<int>& axes, int rank) {
  return !axes.empty() && axes.back() == rank - 1 &&
         axes.front() == rank - static_cast<int>(axes.size());
}

// (x - mean) / sqrt(variance + epsilon) over the last `count` of the axes.
std::string layer_normalized(NodeWriter& node, const std::string& x, const Shape& tail,
                             float epsilon) {
  const std::string ones = filled(node, tail, 1.0f, "scale");
  return node.file.add("LayerNormalization", {x, ones},
                       {attribute("axis", -tail.rank()), attribute("epsilon", epsilon)});
}

// Over any axes: they are brought to the end and back.
std::string normalized_anywhere(NodeWriter& node, const NormalizeOp& op) {
  const Shape& shape = node.shape(0);
  std::vector<int> there;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (std::ranges::count(op.axes, axis) == 0) there.push_back(axis);
  }
  there.insert(there.end(), op.axes.begin(), op.axes.end());
  std::vector<int> back(there.size());
  std::vector<std::int64_t> tail;
  for (std::size_t i = 0; i < there.size(); ++i) {
    back[static_cast<std::size_t>(there[i])] = static_cast<int>(i);
  }
  for (const int axis : op.axes) tail.push_back(shape[axis]);
  // The shape is part of that of a tensor that exists.
  const Shape tail_shape = std::move(Shape::create(tail)).value();
  const std::string moved = node.file.transpose(node.real(0), there);
  return node.file.transpose(layer_normalized(node, moved, tail_shape, op.epsilon), back);
}

// x / sqrt(max(sum of squares, epsilon)), or of their mean plus epsilon.
std::string divided_by_norm(NodeWriter& node, const NormalizeOp& op, const std::string& x) {
  const std::vector<std::int64_t> axes(op.axes.begin(), op.axes.end());
  const std::string squares = node.binary("Mul", x, x);
  std::string norm;
  if (op.kind == NormalizeKind::kL2) {
    norm = node.file.add("ReduceSum", {squares, node.file.integers(axes, "axes")},
                         {attribute("keepdims", 1)});
    norm = node.binary("Max", norm, node.file.scalar(op.epsilon));
  } else {
    norm =
        node.file.add("ReduceMean", {squares}, {attribute("axes", axes), attribute("keepdims", 1)});
    norm = node.scaled(norm, 1.0f, op.epsilon);
  }
  return node.binary("Div", x, node.file.add("Sqrt", {norm}));
}

}  // namespace

// A batch normalisation of mean 0 and variance 1.
Status write(NodeWriter& node, const ChannelAffineOp&) {
  const int rank = node.shape(0).rank();
  const std::int64_t channels = node.shape(1).num_elements();
  if (rank < 2 || rank > 5 || node.is_quantized()) {
    const std::string x = node.real(0);
    node.set(node.binary("Add", node.binary("Mul", x, node.real(1)), node.real(2)));
    return ok_status();
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string scale,
                             node.file.weights(node.id(1), Shape{channels}, {0}, 0, "scale"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string shift,
                             node.file.weights(node.id(2), Shape{channels}, {0}, 0, "shift"));
  const std::string mean = filled(node, Shape{channels}, 0.0f, "mean");
  const std::string variance = filled(node, Shape{channels}, 1.0f, "variance");
  std::string x = node.real(0, Order::kChannelsFirst);
  if (rank == 3) x = node.file.transpose(x, {0, 2, 1});
  std::string y = node.file.add("BatchNormalization", {x, scale, shift, mean, variance},
                                {attribute("epsilon", 0.0f)});
  if (rank == 3) y = node.file.transpose(y, {0, 2, 1});
  node.set(y, Order::kChannelsFirst);
  return ok_status();
}

Status write(NodeWriter& node, const NormalizeOp& op) {
  const Shape& shape = node.shape(0);
  const int rank = shape.rank();
  std::vector<int> spatial(static_cast<std::size_t>(std::max(rank - 2, 0)));
  std::iota(spatial.begin(), spatial.end(), 1);
  if (op.kind != NormalizeKind::kMeanVariance) {
    node.set(divided_by_norm(node, op, node.real(0)));
  } else if (has_channels_first(rank) && op.axes == spatial) {
    const Shape channels{shape[rank - 1]};
    node.set(
        node.file.add("InstanceNormalization",
                      {node.real(0, Order::kChannelsFirst), filled(node, channels, 1.0f, "scale"),
                       filled(node, channels, 0.0f, "shift")},
                      {attribute("epsilon", op.epsilon)}),
        Order::kChannelsFirst);
  } else if (is_tail(op.axes, rank)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Shape tail, Shape::create(shape.dims().last(op.axes.size())));
    node.set(layer_normalized(node, node.real(0), tail, op.epsilon));
  } else {
    node.set(normalized_anywhere(node, op));
  }
  return ok_status();
}

Status write(NodeWriter& node, const SoftmaxOp& op) {
  const int rank = node.shape(0).rank();
  const Order order = node.common_order();
  const int axis = axis_in(order, op.axis < 0 ? op.axis + rank : op.axis, rank);
  node.set(node.file.add(op.logarithm ? "LogSoftmax" : "Softmax", {node.real(0, order)},
                         {attribute("axis", axis)}),
           order);
  return ok_status();
}

Status write(NodeWriter& node, const ReduceOp& op) {
  static constexpr std::array<const char*, 10> kOperators{
      "ReduceMean", "ReduceSum", "ReduceMax",       "ReduceMin",    "ReduceProd",
      "ReduceL1",   "ReduceL2",  "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"};
  const Order order = reduction_order(node, op.axes, op.keep_dims);
  const std::vector<std::int64_t> axes = axes_in(order, op.axes, node.shape(0).rank());
  const std::string x = node.real(0, order);
  const auto keep = attribute("keepdims", op.keep_dims ? 1 : 0);
  const char* kind = kOperators[static_cast<std::size_t>(op.kind)];
  if (axes.empty()) {
    node.set(node.file.add("Identity", {x}), order);
  } else if (op.kind == ReduceKind::kSum) {
    node.set(node.file.add(kind, {x, node.file.integers(axes, "axes")}, {keep}), order);
  } else {
    node.set(node.file.add(kind, {x}, {attribute("axes", axes), keep}), order);
  }
  return ok_status();
}

// The largest stored number stands for the largest real one.
Status write(NodeWriter& node, const ArgReduceOp& op) {
  const Order order = op.keep_dims ? reduction_order(node, {op.axis}, true) : Order::kGraph;
  std::string index =
      node.file.add(op.smallest ? "ArgMin" : "ArgMax", {node.stored(0, order)},
                    {attribute("axis", axis_in(order, op.axis, node.shape(0).rank())),
                     attribute("keepdims", op.keep_dims ? 1 : 0),
                     attribute("select_last_index", op.last ? 1 : 0)});
  if (op.index_dtype == DType::kInt32) {
    index = node.file.add("Cast", {index}, {attribute("to", int{::onnx::TensorProto::INT32})});
  } else if (op.index_dtype != DType::kInt64) {
    return unimplemented("has indices of " + std::string(dtype_name(op.index_dtype)));
  }
  node.set_stored(index, order);
  return ok_status();
}

Status write(NodeWriter& node, const CumulativeSumOp& op) {
  const std::string axis = node.file.integers({op.axis}, "axis");
  node.set(node.file.add(
      "CumSum", {node.real(0), axis},
      {attribute("exclusive", op.exclusive ? 1 : 0), attribute("reverse", op.reverse ? 1 : 0)}));
  return ok_status();
}

}  // namespace tinysplit::onnx_format
