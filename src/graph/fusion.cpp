#include "graph/fusion.h"

#include "graph/op_traits.h"

namespace tinysplit {
namespace {

bool same_type(const Value& a, const Value& b) {
  if (a.dtype != b.dtype || a.quantization.has_value() != b.quantization.has_value()) return false;
  return !a.quantization || (a.quantization->scale == b.quantization->scale &&
                             a.quantization->zero_point == b.quantization->zero_point);
}

// A clip that also rescales stored numbers rounds twice where a fused one would round once.
bool clips_only(const Graph& graph, const Node& node) {
  return is_relu(node.op) && same_type(graph.value(node.inputs[0]), graph.value(node.output));
}

bool takes_clip(const Graph& graph, const Node& node) {
  if (traits_of(node.op).has_weights) return true;
  const auto* binary = std::get_if<BinaryOp>(&node.op);
  return binary != nullptr && binary->kind == BinaryKind::kAdd &&
         graph.value(node.output).quantization.has_value();
}

std::vector<int> count_readers(const Graph& graph) {
  std::vector<int> readers(graph.values().size(), 0);
  for (const Node& node : graph.nodes()) {
    for (const ValueId input : node.inputs) ++readers[static_cast<std::size_t>(input)];
  }
  for (const ValueId output : graph.outputs()) ++readers[static_cast<std::size_t>(output)];
  return readers;
}

}  // namespace

std::vector<int> find_fusion_roots(const Graph& graph) {
  const std::vector<int> readers = count_readers(graph);
  const std::size_t count = graph.nodes().size();
  std::vector<int> roots(count);
  std::vector<bool> has_affine(count, false);
  std::vector<bool> has_clip(count, false);
  for (std::size_t i = 0; i < count; ++i) {
    roots[i] = static_cast<int>(i);
    const Node& node = graph.nodes()[i];
    const int before = graph.producer(node.inputs[0]);
    if (before < 0 || readers[static_cast<std::size_t>(node.inputs[0])] != 1) continue;
    const int root = roots[static_cast<std::size_t>(before)];
    const std::size_t at = static_cast<std::size_t>(root);
    const Node& fused = graph.nodes()[at];
    if (!takes_clip(graph, fused) || has_clip[at]) continue;
    if (std::holds_alternative<ChannelAffineOp>(node.op) && !has_affine[at] &&
        traits_of(fused.op).has_weights && !graph.value(fused.output).quantization) {
      has_affine[at] = true;
      roots[i] = root;
    } else if (clips_only(graph, node)) {
      has_clip[at] = true;
      roots[i] = root;
    }
  }
  return roots;
}

}  // namespace tinysplit
