#include "engine/steps.h"

#include <unordered_map>

#include "graph/op_traits.h"
#include "kernels/weight_folding.h"

namespace tinysplit {
namespace {

const Node& node_at(const Graph& graph, int index) {
  return graph.nodes()[static_cast<std::size_t>(index)];
}

}  // namespace

std::vector<Step> plan_steps(const Graph& graph, const std::vector<int>& fusion_roots, int begin,
                             int end) {
  std::vector<Step> steps;
  if (begin >= end) return steps;
  const int first = graph.layers()[static_cast<std::size_t>(begin)].first_node;
  const int last = graph.layers()[static_cast<std::size_t>(end - 1)].end_node;
  std::unordered_map<int, std::size_t> step_of_root;
  for (int i = first; i < last; ++i) {
    const Node& node = node_at(graph, i);
    if (shares_memory(graph, node)) continue;
    const int root = fusion_roots[static_cast<std::size_t>(i)];
    const auto fused_into = step_of_root.find(root);
    if (root == i || fused_into == step_of_root.end()) {
      // A node whose root lies before the segment starts a step of its own. What was to follow it
      // into the same root then stays separate too, so that every cut computes the same values.
      step_of_root[i] = steps.size();
      steps.push_back({i, -1, -1, node.output});
      continue;
    }
    Step& step = steps[fused_into->second];
    const bool affine = std::holds_alternative<ChannelAffineOp>(node.op);
    (affine ? step.affine : step.clip) = i;
    step.output = node.output;
  }
  return steps;
}

bool shares_memory(const Graph& graph, const Node& node) {
  return traits_of(node.op).renames && !graph.value(node.inputs[0]).is_constant();
}

PreparedWeights prepare_weights(const Graph& graph, const Step& step) {
  return fold_weights(graph, node_at(graph, step.root),
                      step.affine < 0 ? nullptr : &node_at(graph, step.affine));
}

std::optional<Clip> clip_of(const Graph& graph, const Step& step) {
  if (step.clip < 0) return std::nullopt;
  const auto& activation = std::get<ActivationOp>(node_at(graph, step.clip).op);
  return Clip{activation.alpha, activation.beta};
}

}  // namespace tinysplit
