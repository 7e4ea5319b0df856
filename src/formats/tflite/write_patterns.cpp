#include "formats/tflite/write_patterns.h"

#include <algorithm>

#include "graph/op.h"

namespace tinysplit::tflite {
namespace {

using Code = schema::BuiltinOperator;
using Numbers = std::vector<std::int64_t>;

const Node& node_at(const Graph& graph, int index) {
  return graph.nodes()[static_cast<std::size_t>(index)];
}

template <typename T>
const T* op_at(const Graph& graph, int index) {
  if (index >= static_cast<int>(graph.nodes().size())) return nullptr;
  return std::get_if<T>(&node_at(graph, index).op);
}

// Whether node `index` is all that reads the output of the node before it.
bool follows(const Graph& graph, const std::vector<int>& readers, int index) {
  const ValueId before = node_at(graph, index - 1).output;
  return node_at(graph, index).inputs[0] == before &&
         readers[static_cast<std::size_t>(before)] == 1;
}

bool is_not_equal(const Graph& graph, const std::vector<int>& readers, int first) {
  const auto* equal = op_at<BinaryOp>(graph, first);
  const auto* negated = op_at<UnaryOp>(graph, first + 1);
  return equal != nullptr && equal->kind == BinaryKind::kEqual && negated != nullptr &&
         negated->kind == UnaryKind::kNot && follows(graph, readers, first + 1);
}

bool is_scaled_softmax(const Graph& graph, const std::vector<int>& readers, int first) {
  const auto* line = op_at<ActivationOp>(graph, first);
  const auto* softmax = op_at<SoftmaxOp>(graph, first + 1);
  if (line == nullptr || softmax == nullptr || !follows(graph, readers, first + 1)) return false;
  const Value& x = graph.value(node_at(graph, first).inputs[0]);
  return line->kind == ActivationKind::kLinear && line->beta == 0.0f && line->alpha > 0.0f &&
         x.dtype == DType::kFloat32 && !softmax->logarithm && softmax->axis == x.shape.rank() - 1;
}

// Side of the blocks of cells that become channels, or are made of them; 0 for no such pattern.
struct Blocks {
  std::int64_t to_depth = 0;
  std::int64_t to_space = 0;
};

Blocks blocks_at(const Graph& graph, int first) {
  const auto* split = op_at<ReshapeOp>(graph, first);
  const auto* order = op_at<TransposeOp>(graph, first + 1);
  const auto* joined = op_at<ReshapeOp>(graph, first + 2);
  if (split == nullptr || order == nullptr || joined == nullptr) return {};
  const Shape in = graph.value(node_at(graph, first).inputs[0]).shape;
  if (in.rank() != 4 || split->shape.rank() != 6 ||
      order->permutation != std::vector<int>{0, 1, 3, 2, 4, 5}) {
    return {};
  }
  const std::int64_t b = split->shape[4];
  if (in[1] % b == 0 && in[2] % b == 0 &&
      split->shape == Shape{in[0], in[1] / b, b, in[2] / b, b, in[3]} &&
      joined->shape == Shape{in[0], in[1] / b, in[2] / b, b * b * in[3]}) {
    return {b, 0};
  }
  if (in[3] % (b * b) == 0 && split->shape == Shape{in[0], in[1], in[2], b, b, in[3] / (b * b)} &&
      joined->shape == Shape{in[0], in[1] * b, in[2] * b, in[3] / (b * b)}) {
    return {0, b};
  }
  return {};
}

// The axis along which a slice picks [begin, begin + size), all else being whole; -1 for another.
int sliced_axis(const SliceOp& op, const Shape& in) {
  int axis = -1;
  for (int i = 0; i < in.rank(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    if (op.size[at] == in[i]) continue;
    if (axis >= 0 || (op.stride[at] != 1 && op.size[at] != 1)) return -1;
    axis = i;
  }
  return axis;
}

// Nodes from `first` on that slice one value along one axis from its first cell to its last.
int count_parts(const Graph& graph, int first) {
  const auto* slice = op_at<SliceOp>(graph, first);
  if (slice == nullptr) return 0;
  const ValueId x = node_at(graph, first).inputs[0];
  const Shape& in = graph.value(x).shape;
  const int axis = sliced_axis(*slice, in);
  std::int64_t taken = 0;
  int parts = 0;
  while (slice != nullptr && axis >= 0 && node_at(graph, first + parts).inputs[0] == x &&
         sliced_axis(*slice, in) == axis && slice->begin[static_cast<std::size_t>(axis)] == taken) {
    taken += slice->size[static_cast<std::size_t>(axis)];
    ++parts;
    if (taken == in[axis]) return parts;
    slice = op_at<SliceOp>(graph, first + parts);
  }
  return 0;
}

Status write_blocks(NodeWriter& writer) {
  const Blocks blocks = blocks_at(writer.graph(), writer.step.node);
  const TensorId x = writer.input(0);
  if (blocks.to_depth > 0) {
    const auto table = schema::CreateSpaceToDepthOptions(
        writer.tables(), static_cast<std::int32_t>(blocks.to_depth));
    return writer.finish(Code::SPACE_TO_DEPTH, {x}, writer.options(table));
  }
  const auto table = schema::CreateDepthToSpaceOptions(writer.tables(),
                                                       static_cast<std::int32_t>(blocks.to_space));
  return writer.finish(Code::DEPTH_TO_SPACE, {x}, writer.options(table));
}

Status write_softmax(NodeWriter& writer) {
  const float beta = std::get<ActivationOp>(writer.node.op).alpha;
  const auto table = schema::CreateSoftmaxOptions(writer.tables(), beta);
  return writer.finish(Code::SOFTMAX, {writer.input(0)}, writer.options(table));
}

Status write_parts(NodeWriter& writer) {
  const auto& first = std::get<SliceOp>(writer.node.op);
  const int axis = sliced_axis(first, writer.in(0).shape);
  Numbers sizes;
  std::vector<ValueId> outputs;
  for (int i = 0; i < writer.step.nodes; ++i) {
    const Node& node = node_at(writer.graph(), writer.step.node + i);
    sizes.push_back(std::get<SliceOp>(node.op).size[static_cast<std::size_t>(axis)]);
    outputs.push_back(node.output);
  }
  const std::int32_t parts = writer.step.nodes;
  const TensorId x = writer.input(0);
  if (std::ranges::count(sizes, sizes[0]) == parts) {
    const auto table = schema::CreateSplitOptions(writer.tables(), parts);
    return writer.finish(Code::SPLIT, {writer.integer(axis), x}, outputs, writer.options(table));
  }
  const auto table = schema::CreateSplitVOptions(writer.tables(), parts);
  return writer.finish(Code::SPLIT_V, {x, writer.integers(sizes), writer.integer(axis)}, outputs,
                       writer.options(table));
}

}  // namespace

std::optional<WriteStep> match_pattern(const Graph& graph, const std::vector<int>& readers,
                                       int first) {
  const auto step = [&](WritePattern pattern, int nodes) {
    WriteStep made;
    made.node = first;
    made.pattern = pattern;
    made.nodes = nodes;
    made.output = node_at(graph, first + nodes - 1).output;
    return made;
  };
  if (is_not_equal(graph, readers, first)) return step(WritePattern::kNotEqual, 2);
  if (is_scaled_softmax(graph, readers, first)) return step(WritePattern::kScaledSoftmax, 2);
  const Blocks blocks = blocks_at(graph, first);
  if ((blocks.to_depth > 0 || blocks.to_space > 0) && follows(graph, readers, first + 1) &&
      follows(graph, readers, first + 2)) {
    return step(WritePattern::kBlocks, 3);
  }
  if (const int parts = count_parts(graph, first); parts > 1) {
    return step(WritePattern::kParts, parts);
  }
  return std::nullopt;
}

Status write_pattern(NodeWriter& writer) {
  switch (writer.step.pattern) {
    case WritePattern::kNotEqual:
      return writer.finish(Code::NOT_EQUAL, {writer.input(0), writer.input(1)});
    case WritePattern::kScaledSoftmax:
      return write_softmax(writer);
    case WritePattern::kBlocks:
      return write_blocks(writer);
    case WritePattern::kParts:
      return write_parts(writer);
    case WritePattern::kNone:
      break;
  }
  return internal_error("a step without a pattern");
}

}  // namespace tinysplit::tflite
