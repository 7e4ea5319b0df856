#include "engine/memory_plan.h"

#include <algorithm>
#include <unordered_map>

namespace tinysplit {
namespace {

// Kernels may read past a value's end, and want it aligned.
std::size_t padded(std::size_t bytes) {
  const std::size_t with_tail = bytes + Tensor::kTailPadding;
  return (with_tail + Tensor::kAlignment - 1) / Tensor::kAlignment * Tensor::kAlignment;
}

struct Block {
  ValueId value = -1;  // the first of the values that share these bytes by reshaping
  std::size_t bytes = 0;
  int first = 0;  // step that writes it; -1 for inputs
  int last = 0;   // last step that reads it
  std::size_t offset = 0;
};

class Planner {
 public:
  Planner(const Graph& graph, int begin, int end) : graph_(graph) {
    if (begin >= end) return;
    const int first = graph.layers()[static_cast<std::size_t>(begin)].first_node;
    const int last = graph.layers()[static_cast<std::size_t>(end - 1)].end_node;
    for (int i = first; i < last; ++i) {
      const Node& node = graph.nodes()[static_cast<std::size_t>(i)];
      if (shares_memory(graph, node)) sources_[node.output] = node.inputs[0];
    }
  }

  void touch(ValueId value, int step) {
    if (graph_.value(value).is_constant()) return;
    const ValueId source = resolve(value);
    const auto [at, made] = index_.try_emplace(source, blocks_.size());
    if (made) {
      blocks_.push_back({source, padded(graph_.value(source).num_bytes()), step, step, 0});
    }
    Block& block = blocks_[at->second];
    block.first = std::min(block.first, step);
    block.last = std::max(block.last, step);
  }

  // Places the largest first, each at the lowest offset that is free during its life.
  std::size_t place() {
    std::vector<Block*> order;
    for (Block& block : blocks_) order.push_back(&block);
    std::stable_sort(order.begin(), order.end(),
                     [](const Block* a, const Block* b) { return a->bytes > b->bytes; });
    std::size_t total = 0;
    std::vector<const Block*> placed;  // by offset
    for (Block* block : order) {
      std::size_t offset = 0;
      for (const Block* other : placed) {
        if (other->last < block->first || block->last < other->first) continue;
        if (other->offset >= offset + block->bytes) break;
        offset = std::max(offset, other->offset + other->bytes);
      }
      block->offset = offset;
      total = std::max(total, offset + block->bytes);
      const auto after =
          std::upper_bound(placed.begin(), placed.end(), block,
                           [](const Block* a, const Block* b) { return a->offset < b->offset; });
      placed.insert(after, block);
    }
    return total;
  }

  std::size_t offset_of(ValueId value) const {
    if (graph_.value(value).is_constant()) return MemoryPlan::kNowhere;
    const auto found = index_.find(resolve(value));
    return found == index_.end() ? MemoryPlan::kNowhere : blocks_[found->second].offset;
  }

 private:
  ValueId resolve(ValueId value) const {
    for (auto found = sources_.find(value); found != sources_.end(); found = sources_.find(value)) {
      value = found->second;
    }
    return value;
  }

  const Graph& graph_;
  std::unordered_map<ValueId, ValueId> sources_;
  std::unordered_map<ValueId, std::size_t> index_;
  std::vector<Block> blocks_;
};

}  // namespace

MemoryPlan plan_memory(const Graph& graph, const std::vector<Step>& steps, int begin, int end,
                       const std::vector<ValueId>& inputs, const std::vector<ValueId>& outputs) {
  Planner planner(graph, begin, end);
  for (const ValueId input : inputs) planner.touch(input, -1);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const int at = static_cast<int>(i);
    const Node& root = graph.nodes()[static_cast<std::size_t>(steps[i].root)];
    for (const ValueId input : root.inputs) planner.touch(input, at);
    planner.touch(steps[i].output, at);
  }
  for (const ValueId output : outputs) planner.touch(output, static_cast<int>(steps.size()));

  MemoryPlan plan;
  plan.total_bytes = planner.place();
  plan.offsets.reserve(graph.values().size());
  for (std::size_t id = 0; id < graph.values().size(); ++id) {
    plan.offsets.push_back(planner.offset_of(static_cast<ValueId>(id)));
  }
  return plan;
}

}  // namespace tinysplit
