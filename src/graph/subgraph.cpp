#include "graph/subgraph.h"

#include <algorithm>

#include "graph/cuts.h"

namespace tinysplit {
namespace {

constexpr ValueId kAbsent = -1;

}  // namespace

std::vector<ValueId> segment_inputs(const Graph& graph, int begin) {
  return begin == 0 ? graph.inputs() : live_tensors(graph, begin);
}

std::vector<ValueId> segment_outputs(const Graph& graph, int begin, int end) {
  std::vector<ValueId> outputs = live_tensors(graph, end);
  for (const ValueId made : outputs_made_by(graph, begin, end)) {
    if (std::ranges::count(outputs, made) == 0) outputs.push_back(made);
  }
  return outputs;
}

// Copies what was checked when the whole graph was built; only the numbers change.
class LayerExtraction {
 public:
  LayerExtraction(const Graph& whole, int begin, int end)
      : whole_(whole), begin_(begin), end_(end), numbers_(whole.values().size(), kAbsent) {}

  std::shared_ptr<const Graph> run(const std::vector<ValueId>& inputs,
                                   const std::vector<ValueId>& outputs) {
    first_node_ = layer(begin_).first_node;
    end_node_ = layer(end_ - 1).end_node;
    copy_values(inputs);
    copy_nodes();
    copy_layers();
    part_->name_ = whole_.name_;
    part_->inputs_ = numbers_of(inputs);
    part_->outputs_ = numbers_of(outputs);
    return part_;
  }

 private:
  const Layer& layer(int index) const { return whole_.layers()[static_cast<std::size_t>(index)]; }
  const Node& node(int index) const { return whole_.nodes()[static_cast<std::size_t>(index)]; }
  ValueId& number(ValueId id) { return numbers_[static_cast<std::size_t>(id)]; }

  // In the order of the whole graph, which is that in which live tensors are listed.
  void copy_values(const std::vector<ValueId>& inputs) {
    std::vector<ValueId> kept = inputs;
    for (int i = first_node_; i < end_node_; ++i) {
      kept.push_back(node(i).output);
      for (const ValueId input : node(i).inputs) {
        if (whole_.value(input).is_constant()) kept.push_back(input);
      }
    }
    std::ranges::sort(kept);
    kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
    for (const ValueId id : kept) {
      number(id) = static_cast<ValueId>(part_->values_.size());
      part_->values_.push_back(whole_.value(id));
    }
    part_->producers_.assign(part_->values_.size(), -1);
  }

  void copy_nodes() {
    for (int i = first_node_; i < end_node_; ++i) {
      const Node copy{node(i).op, numbers_of(node(i).inputs), number(node(i).output)};
      part_->producers_[static_cast<std::size_t>(copy.output)] = i - first_node_;
      part_->nodes_.push_back(copy);
      part_->node_layers_.push_back(whole_.layer_of_node(i) - begin_);
    }
  }

  void copy_layers() {
    for (int i = begin_; i < end_; ++i) {
      Layer copy = layer(i);
      copy.first_node -= first_node_;
      copy.end_node -= first_node_;
      // A layer may hand on what an earlier one made, and nobody reads any more.
      std::erase_if(copy.outputs, [this](ValueId id) { return number(id) == kAbsent; });
      copy.outputs = numbers_of(copy.outputs);
      part_->layers_.push_back(std::move(copy));
    }
  }

  std::vector<ValueId> numbers_of(const std::vector<ValueId>& ids) {
    std::vector<ValueId> numbers;
    for (const ValueId id : ids) numbers.push_back(number(id));
    return numbers;
  }

  const Graph& whole_;
  int begin_;
  int end_;
  int first_node_ = 0;
  int end_node_ = 0;
  std::vector<ValueId> numbers_;  // in the part, by number in the whole graph
  std::shared_ptr<Graph> part_{new Graph()};
};

Result<std::shared_ptr<const Graph>> extract_layers(const Graph& graph, int begin, int end) {
  const std::string what = "layers [" + std::to_string(begin) + ", " + std::to_string(end) + ")";
  if (begin < 0 || begin >= end || end > graph.num_layers()) {
    return out_of_range(what + " are no part of a model with " +
                        std::to_string(graph.num_layers()) + " layers");
  }
  const std::vector<ValueId> inputs = segment_inputs(graph, begin);
  if (inputs.empty()) {
    return invalid_argument(what +
                            " read nothing of the layers before them: no graph of their own");
  }
  const std::vector<ValueId> outputs = segment_outputs(graph, begin, end);
  if (outputs.empty()) {
    return invalid_argument(what + " make nothing that is used: every output is made before them");
  }
  return LayerExtraction(graph, begin, end).run(inputs, outputs);
}

}  // namespace tinysplit
