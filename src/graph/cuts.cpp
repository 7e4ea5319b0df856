#include "graph/cuts.h"

#include <algorithm>

#include "graph/fusion.h"
#include "graph/input_exposure.h"

namespace tinysplit {
namespace {

// Layers by which a value is made and last read. Graph inputs are made "by layer -1".
struct Lifetime {
  int made_by = -1;
  int last_read_by = -1;
};

std::vector<Lifetime> find_lifetimes(const Graph& graph) {
  std::vector<Lifetime> lifetimes(graph.values().size());
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    const int layer = graph.layer_of_node(static_cast<int>(i));
    lifetimes[static_cast<std::size_t>(node.output)].made_by = layer;
    for (const ValueId input : node.inputs) {
      int& last = lifetimes[static_cast<std::size_t>(input)].last_read_by;
      last = std::max(last, layer);
    }
  }
  return lifetimes;
}

}  // namespace

std::vector<Cut> find_cuts(const Graph& graph) {
  const std::vector<Lifetime> lifetimes = find_lifetimes(graph);
  const std::vector<bool> exposed = find_exposed_values(graph);
  std::vector<Cut> cuts(static_cast<std::size_t>(graph.num_layers()) + 1);
  for (std::size_t c = 0; c < cuts.size(); ++c) cuts[c].cut = static_cast<int>(c);
  for (std::size_t id = 0; id < lifetimes.size(); ++id) {
    const Value& value = graph.values()[id];
    if (value.is_constant()) continue;
    for (int c = lifetimes[id].made_by + 1; c <= lifetimes[id].last_read_by; ++c) {
      Cut& cut = cuts[static_cast<std::size_t>(c)];
      cut.live_tensors.push_back(static_cast<ValueId>(id));
      cut.live_bytes += static_cast<std::int64_t>(value.num_bytes());
      cut.reveals_input = cut.reveals_input || exposed[id];
    }
  }
  const std::vector<int> roots = find_fusion_roots(graph);
  for (std::size_t node = 0; node < roots.size(); ++node) {
    if (!std::holds_alternative<ChannelAffineOp>(graph.nodes()[node].op)) continue;
    const int root_layer = graph.layer_of_node(roots[node]);
    for (int c = root_layer + 1; c <= graph.layer_of_node(static_cast<int>(node)); ++c) {
      cuts[static_cast<std::size_t>(c)].splits_fusion = true;
    }
  }
  return cuts;
}

std::vector<ValueId> live_tensors(const Graph& graph, int cut) {
  const std::vector<Lifetime> lifetimes = find_lifetimes(graph);
  std::vector<ValueId> live;
  for (std::size_t id = 0; id < lifetimes.size(); ++id) {
    if (!graph.values()[id].is_constant() && lifetimes[id].made_by < cut &&
        lifetimes[id].last_read_by >= cut) {
      live.push_back(static_cast<ValueId>(id));
    }
  }
  return live;
}

std::vector<ValueId> outputs_made_by(const Graph& graph, int begin, int end) {
  std::vector<ValueId> made;
  for (const ValueId output : graph.outputs()) {
    const int producer = graph.producer(output);
    const int layer = producer < 0 ? 0 : graph.layer_of_node(producer);
    if (layer >= begin && layer < end) made.push_back(output);
  }
  return made;
}

}  // namespace tinysplit
