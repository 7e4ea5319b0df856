#include "engine/steps.h"

#include <cstring>
#include <unordered_map>

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
  return std::holds_alternative<ReshapeOp>(node.op) && !graph.value(node.inputs[0]).is_constant();
}

bool has_weights(const Op& op) {
  return std::holds_alternative<Conv2dOp>(op) || std::holds_alternative<ConvTranspose2dOp>(op) ||
         std::holds_alternative<DenseOp>(op);
}

PreparedWeights prepare_weights(const Graph& graph, const Step& step) {
  const Node& root = node_at(graph, step.root);
  const Tensor& kernel = *graph.value(root.inputs[1]).data;
  const auto* transposed = std::get_if<ConvTranspose2dOp>(&root.op);
  const std::int64_t groups = transposed ? transposed->groups : 1;
  // A transposed kernel has [F/groups, C] last, any other [F].
  const int axis = kernel.shape().rank() - (transposed ? 2 : 1);
  const std::int64_t filters = kernel.shape()[axis] * groups;
  PreparedWeights prepared{kernel.clone(), Tensor(DType::kFloat32, Shape{filters})};
  const std::span<float> bias = prepared.bias.as<float>();
  if (root.inputs.size() > 2) {
    std::memcpy(bias.data(), graph.value(root.inputs[2]).data->data(), bias.size_bytes());
  }
  if (step.affine < 0) return prepared;

  const Node& affine = node_at(graph, step.affine);
  const auto scale = graph.value(affine.inputs[1]).data->as<float>();
  const auto shift = graph.value(affine.inputs[2]).data->as<float>();
  const std::span<float> weights = prepared.kernel.as<float>();
  const std::size_t inner = transposed ? static_cast<std::size_t>(kernel.shape()[axis + 1]) : 1;
  const std::size_t in_group = static_cast<std::size_t>(filters / groups);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::size_t group = i % inner * static_cast<std::size_t>(groups) / inner;
    weights[i] *= scale[group * in_group + i / inner % in_group];
  }
  for (std::size_t f = 0; f < bias.size(); ++f) bias[f] = bias[f] * scale[f] + shift[f];
  return prepared;
}

std::optional<Clip> clip_of(const Graph& graph, const Step& step) {
  if (step.clip < 0) return std::nullopt;
  const auto& activation = std::get<ActivationOp>(node_at(graph, step.clip).op);
  return Clip{activation.alpha, activation.beta};
}

}  // namespace tinysplit
