#include "graph/metrics.h"

#include <algorithm>

#include "graph/fusion.h"
#include "graph/op_traits.h"
#include "graph/shape_inference.h"

namespace tinysplit {
namespace {

// The last node that reads each value; nodes.size() for graph outputs, -1 for what nothing reads.
std::vector<int> find_last_readers(const Graph& graph) {
  std::vector<int> last(graph.values().size(), -1);
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    for (const ValueId input : graph.nodes()[i].inputs) {
      last[static_cast<std::size_t>(input)] = static_cast<int>(i);
    }
  }
  for (const ValueId output : graph.outputs()) {
    last[static_cast<std::size_t>(output)] = static_cast<int>(graph.nodes().size());
  }
  return last;
}

// Whether a node's result takes the place of its input: it is computed together with the node
// before, or only renames memory. Both have the same number of bytes.
std::vector<bool> find_in_place(const Graph& graph) {
  const std::vector<int> roots = find_fusion_roots(graph);
  std::vector<bool> in_place(roots.size());
  for (std::size_t i = 0; i < roots.size(); ++i) {
    in_place[i] = roots[i] != static_cast<int>(i) || traits_of(graph.nodes()[i].op).renames;
  }
  return in_place;
}

}  // namespace

std::vector<std::int64_t> layer_macs(const Graph& graph) {
  std::vector<std::int64_t> macs(graph.layers().size(), 0);
  std::vector<const Value*> inputs;
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    inputs.clear();
    for (const ValueId input : node.inputs) inputs.push_back(&graph.value(input));
    macs[static_cast<std::size_t>(graph.layer_of_node(static_cast<int>(i)))] +=
        count_macs(node.op, inputs, graph.value(node.output).shape);
  }
  return macs;
}

std::vector<std::int64_t> layer_output_bytes(const Graph& graph) {
  std::vector<std::int64_t> bytes;
  for (const Layer& layer : graph.layers()) {
    std::int64_t sum = 0;
    for (const ValueId output : layer.outputs) {
      sum += static_cast<std::int64_t>(graph.value(output).num_bytes());
    }
    bytes.push_back(sum);
  }
  return bytes;
}

std::vector<std::int64_t> head_peak_ram_bytes(const Graph& graph) {
  const std::vector<int> last = find_last_readers(graph);
  const std::vector<bool> in_place = find_in_place(graph);
  const auto bytes_of = [&](ValueId id) {
    return static_cast<std::int64_t>(graph.value(id).num_bytes());
  };
  std::int64_t alive = 0;
  for (const ValueId input : graph.inputs()) alive += bytes_of(input);
  std::int64_t peak = alive;
  std::vector<std::int64_t> peaks = {peak};
  // What is live at a cut is still alive here, because its last reader comes later: freeing by last
  // reader serves every head at once.
  for (const Layer& layer : graph.layers()) {
    for (int i = layer.first_node; i < layer.end_node; ++i) {
      const Node& node = graph.nodes()[static_cast<std::size_t>(i)];
      const bool dies_here = last[static_cast<std::size_t>(node.inputs[0])] == i;
      alive += bytes_of(node.output);
      const bool shared = in_place[static_cast<std::size_t>(i)] && dies_here;
      peak = std::max(peak, shared ? alive - bytes_of(node.inputs[0]) : alive);
      std::vector<ValueId> seen;
      for (const ValueId input : node.inputs) {
        const bool dies = last[static_cast<std::size_t>(input)] == i;
        if (!dies || graph.value(input).is_constant() || std::ranges::count(seen, input) > 0) {
          continue;
        }
        seen.push_back(input);
        alive -= bytes_of(input);
      }
      if (last[static_cast<std::size_t>(node.output)] < 0) alive -= bytes_of(node.output);
    }
    peaks.push_back(peak);
  }
  return peaks;
}

std::vector<std::int64_t> head_weight_bytes(const Graph& graph) {
  std::vector<std::int64_t> bytes = {0};
  for (const Layer& layer : graph.layers()) bytes.push_back(bytes.back() + layer.weight_bytes);
  return bytes;
}

}  // namespace tinysplit
