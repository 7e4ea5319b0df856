#include "kernels/weight_folding.h"

#include <cstring>

namespace tinysplit {

PreparedWeights fold_weights(const Graph& graph, const Node& root, const Node* affine) {
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
  if (affine == nullptr) return prepared;

  const auto scale = graph.value(affine->inputs[1]).data->as<float>();
  const auto shift = graph.value(affine->inputs[2]).data->as<float>();
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

}  // namespace tinysplit
