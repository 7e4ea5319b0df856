#include "quantization/fold_plan.h"

#include <algorithm>
#include <cmath>

#include "core/numeric.h"
#include "engine/steps.h"
#include "graph/op_traits.h"

namespace tinysplit {
namespace {

bool is_clip(const Op& op) {
  const auto* activation = std::get_if<ActivationOp>(&op);
  return activation != nullptr && activation->kind == ActivationKind::kClip;
}

// Operations whose 8-bit output is rounded into a range of its own: clipped to the range of what
// follows, it needs no second rounding.
bool takes_clip(const Op& op) {
  if (const auto* pool = std::get_if<GlobalPoolOp>(&op)) return pool->kind == PoolKind::kAverage;
  if (const auto* reduce = std::get_if<ReduceOp>(&op)) {
    return reduce->kind == ReduceKind::kMean || reduce->kind == ReduceKind::kSum;
  }
  if (const auto* binary = std::get_if<BinaryOp>(&op)) {
    return binary->kind == BinaryKind::kAdd || binary->kind == BinaryKind::kSubtract ||
           binary->kind == BinaryKind::kMultiply;
  }
  return traits_of(op).has_weights || std::holds_alternative<ChannelAffineOp>(op) ||
         std::holds_alternative<MatmulOp>(op);
}

// For each value the nodes that read it, each as often as it does.
std::vector<std::vector<int>> find_readers(const Graph& graph) {
  std::vector<std::vector<int>> readers(graph.values().size());
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    for (const ValueId input : graph.nodes()[i].inputs) {
      readers[usize(input)].push_back(static_cast<int>(i));
    }
  }
  return readers;
}

bool is_output(const Graph& graph, ValueId id) {
  return std::ranges::find(graph.outputs(), id) != graph.outputs().end();
}

bool pads(const Op& op) {
  const auto* conv = std::get_if<Conv2dOp>(&op);
  const auto is_zero = [](std::int64_t cells) { return cells == 0; };
  return conv != nullptr && (!std::ranges::all_of(conv->spatial.pad_before, is_zero) ||
                             !std::ranges::all_of(conv->spatial.pad_after, is_zero));
}

// Whether `reader` can take y = a * x + b, its first input, into its weights. What it pads with is
// 0 of y, which is 0 of x only without b.
bool takes_before(const Graph& graph, const Node& reader, ValueId y, bool shifts) {
  const bool forward =
      std::holds_alternative<Conv2dOp>(reader.op) || std::holds_alternative<DenseOp>(reader.op);
  return forward && has_foldable_weights(graph, reader) && reader.inputs[0] == y &&
         !(shifts && pads(reader.op));
}

bool can_go_forward(const Graph& graph, const Node& node, const std::vector<int>& readers) {
  if (!std::holds_alternative<ChannelAffineOp>(node.op) || is_output(graph, node.output)) {
    return false;
  }
  const auto scale = graph.value(node.inputs[1]).data->as<float>();
  const auto shift = graph.value(node.inputs[2]).data->as<float>();
  // Unlike factors would spread over a kernel whose channels share a scale.
  const bool uniform = std::ranges::all_of(scale, [&](float a) { return a == scale[0]; });
  if (!uniform || !std::isfinite(scale[0]) || scale[0] == 0.0f || readers.empty()) return false;
  const bool shifts = std::ranges::any_of(shift, [](float b) { return b != 0.0f; });
  return std::ranges::all_of(readers, [&](int reader) {
    return takes_before(graph, graph.nodes()[usize(reader)], node.output, shifts);
  });
}

}  // namespace

bool has_foldable_weights(const Graph& graph, const Node& node) {
  if (!traits_of(node.op).has_weights) return false;
  return std::all_of(node.inputs.begin() + 1, node.inputs.end(), [&](ValueId id) {
    return graph.value(id).is_constant() && graph.value(id).dtype == DType::kFloat32;
  });
}

FoldPlan plan_folding(const Graph& graph) {
  const std::size_t count = graph.nodes().size();
  const auto readers = find_readers(graph);
  FoldPlan plan{std::vector<int>(count, -1), std::vector<int>(count, -1),
                std::vector<bool>(count, false), std::vector<bool>(count, false)};
  std::vector<int> roots(count);
  for (std::size_t i = 0; i < count; ++i) {
    roots[i] = static_cast<int>(i);
    const Node& node = graph.nodes()[i];
    const int before = graph.producer(node.inputs[0]);
    const bool alone = readers[usize(node.inputs[0])].size() == 1;
    if (before < 0 || !alone || is_output(graph, node.inputs[0])) continue;
    const int root = roots[usize(before)];
    const Node& first = graph.nodes()[usize(root)];
    if (plan.clip[usize(root)] >= 0) continue;
    const bool affine = std::holds_alternative<ChannelAffineOp>(node.op) &&
                        plan.affine[usize(root)] < 0 && has_foldable_weights(graph, first);
    if (!affine && !(is_clip(node.op) && takes_clip(first.op))) continue;
    (affine ? plan.affine : plan.clip)[usize(root)] = static_cast<int>(i);
    plan.is_absorbed[i] = true;
    roots[i] = root;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (plan.is_absorbed[i] || plan.clip[i] >= 0) continue;
    const Node& node = graph.nodes()[i];
    plan.goes_forward[i] = can_go_forward(graph, node, readers[usize(node.output)]);
  }
  return plan;
}

}  // namespace tinysplit
