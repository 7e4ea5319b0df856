#include "graph/fusion.h"

namespace tinysplit {
namespace {

bool takes_affine(const Op& op) {
  return std::holds_alternative<Conv2dOp>(op) || std::holds_alternative<ConvTranspose2dOp>(op) ||
         std::holds_alternative<DenseOp>(op);
}

// relu, relu6 and their like: exact in any order, so a fused and a separate run agree bit for bit.
bool is_clip(const Op& op) {
  const auto* activation = std::get_if<ActivationOp>(&op);
  return activation != nullptr && activation->kind == ActivationKind::kClip &&
         activation->alpha == 0.0f;
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
    if (!takes_affine(graph.nodes()[at].op) || has_clip[at]) continue;
    if (std::holds_alternative<ChannelAffineOp>(node.op) && !has_affine[at]) {
      has_affine[at] = true;
      roots[i] = root;
    } else if (is_clip(node.op)) {
      has_clip[at] = true;
      roots[i] = root;
    }
  }
  return roots;
}

}  // namespace tinysplit
