#include "device_cuts.h"

#include <variant>

#include "graph/fusion.h"

namespace tinysplit {

std::vector<int> distinct_cuts(const Graph& graph) {
  const int num_layers = graph.num_layers();
  std::vector<bool> distinct(static_cast<std::size_t>(num_layers) + 1, false);
  for (std::size_t node = 0; node < graph.nodes().size(); ++node) {
    if (std::holds_alternative<ReshapeOp>(graph.nodes()[node].op)) continue;
    distinct[static_cast<std::size_t>(graph.layer_of_node(static_cast<int>(node))) + 1] = true;
  }
  const std::vector<int> roots = find_fusion_roots(graph);
  for (std::size_t node = 0; node < roots.size(); ++node) {
    const int last = graph.layer_of_node(static_cast<int>(node));
    for (int cut = graph.layer_of_node(roots[node]) + 1; cut <= last; ++cut) {
      distinct[static_cast<std::size_t>(cut)] = false;
    }
  }
  distinct[0] = true;
  distinct[static_cast<std::size_t>(num_layers)] = true;
  std::vector<int> cuts;
  for (int cut = 0; cut <= num_layers; ++cut) {
    if (distinct[static_cast<std::size_t>(cut)]) cuts.push_back(cut);
  }
  return cuts;
}

std::string describe_cut(const Graph& graph, int cut) {
  if (cut == 0) return "(edge only)";
  if (cut == graph.num_layers()) return "(device only)";
  return graph.layers()[static_cast<std::size_t>(cut) - 1].name;
}

}  // namespace tinysplit
