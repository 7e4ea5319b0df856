#include "formats/onnx/node_order.h"

#include <string>
#include <unordered_map>

#include "formats/onnx/subgraphs.h"

namespace tinysplit::onnx_format {

void order_nodes(google::protobuf::RepeatedPtrField<::onnx::NodeProto>& nodes,
                 std::vector<int>& opsets) {
  std::unordered_map<std::string, int> makers;
  for (int i = 0; i < nodes.size(); ++i) {
    for (const std::string& name : nodes[i].output()) makers.try_emplace(name, i);
  }
  // The nodes that each one waits for.
  std::vector<std::vector<int>> needed(static_cast<std::size_t>(nodes.size()));
  bool ordered = true;
  for (int i = 0; i < nodes.size(); ++i) {
    for_each_read(nodes[i], [&](const std::string& name) {
      const auto maker = makers.find(name);
      if (maker == makers.end() || maker->second == i) return;
      needed[static_cast<std::size_t>(i)].push_back(maker->second);
      ordered = ordered && maker->second < i;
    });
  }
  if (ordered) return;
  std::vector<int> order;
  enum class State : std::uint8_t { kWaiting, kOpen, kPlaced };
  std::vector<State> states(needed.size(), State::kWaiting);
  std::vector<int> open;
  for (int i = 0; i < nodes.size(); ++i) {
    open.push_back(i);
    while (!open.empty()) {
      const int node = open.back();
      State& state = states[static_cast<std::size_t>(node)];
      const bool first = state == State::kWaiting;
      if (!first) {
        open.pop_back();
        if (state == State::kOpen) order.push_back(node);
        state = State::kPlaced;
        continue;
      }
      state = State::kOpen;
      const auto& makers_of = needed[static_cast<std::size_t>(node)];
      // A circle ends at a node that is open already; its reader is told of it.
      for (auto at = makers_of.rbegin(); at != makers_of.rend(); ++at) {
        if (states[static_cast<std::size_t>(*at)] == State::kWaiting) open.push_back(*at);
      }
    }
  }
  google::protobuf::RepeatedPtrField<::onnx::NodeProto> sorted;
  std::vector<int> sorted_opsets;
  for (const int node : order) {
    sorted.Add()->Swap(nodes.Mutable(node));
    sorted_opsets.push_back(opsets[static_cast<std::size_t>(node)]);
  }
  nodes.Swap(&sorted);
  opsets.swap(sorted_opsets);
}

}  // namespace tinysplit::onnx_format
