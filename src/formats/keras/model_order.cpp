// The order in which the calls of a model's layers run, and what of them counts as one layer.
#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "formats/keras/model_config.h"

namespace tinysplit::keras {
namespace {

class Ordering {
 public:
  explicit Ordering(ModelConfig& model) : model_(model) {}

  Status run() {
    TINYSPLIT_RETURN_IF_ERROR(index_layers());
    std::vector<bool> split(model_.layers.size(), false);
    std::vector<std::size_t> stuck = sort(split);
    if (!stuck.empty()) {
      // Only layers on a cycle wait; one called several times may be taken apart.
      for (const std::size_t layer : stuck) split[layer] = model_.layers[layer].calls.size() > 1;
      stuck = sort(split);
    }
    if (stuck.empty()) return ok_status();
    return invalid_argument("layer " + model_.layers[stuck.front()].describe() +
                            " depends on itself: the layers form a cycle");
  }

 private:
  Status index_layers() {
    for (std::size_t i = 0; i < model_.layers.size(); ++i) {
      if (!index_.emplace(model_.layers[i].name, i).second) {
        return invalid_argument("two layers are named \"" + model_.layers[i].name + "\"");
      }
    }
    for (const LayerConfig& layer : model_.layers) {
      for (const CallConfig& call : layer.calls) {
        for (const TensorRef* input : tensors_of(call)) {
          TINYSPLIT_RETURN_IF_ERROR(check_source(layer, *input));
        }
      }
    }
    return ok_status();
  }

  Status check_source(const LayerConfig& layer, const TensorRef& input) const {
    const auto source = index_.find(input.layer);
    if (source == index_.end()) {
      return invalid_argument("layer " + layer.describe() + " reads \"" + input.layer +
                              "\", which is not a layer of the model");
    }
    const LayerConfig& from = model_.layers[source->second];
    // An input layer has an output without being called.
    const std::size_t calls = from.is_input() ? 1 : from.calls.size();
    if (input.call < calls) return ok_status();
    TINYSPLIT_RETURN_IF_ERROR(from.call.with_context("layer " + from.describe()));
    return invalid_argument("layer " + layer.describe() + " reads call " +
                            std::to_string(input.call) + " of layer " + from.describe() +
                            ", which is called " + std::to_string(calls) + " times");
  }

  static std::vector<const TensorRef*> tensors_of(const CallConfig& call) {
    std::vector<const TensorRef*> tensors;
    for (const TensorRef& input : call.inputs) {
      if (!input.constant) tensors.push_back(&input);
    }
    for (const auto& [key, named] : call.named) {
      for (const TensorRef& tensor : named) tensors.push_back(&tensor);
    }
    return tensors;
  }

  void add_entries(const std::vector<bool>& split) {
    model_.entries.clear();
    entry_of_.assign(model_.layers.size(), {});
    for (std::size_t i = 0; i < model_.layers.size(); ++i) {
      const LayerConfig& layer = model_.layers[i];
      const std::size_t calls = std::max<std::size_t>(layer.calls.size(), 1);
      for (std::size_t call = 0; call < calls; ++call) {
        if (call == 0 || split[i]) {
          const std::string suffix = call == 0 ? "" : ":" + std::to_string(call + 1);
          model_.entries.push_back({i, {}, layer.name + suffix});
        }
        entry_of_[i].push_back(model_.entries.size() - 1);
        if (call < layer.calls.size()) model_.entries.back().calls.push_back(call);
      }
    }
  }

  // Within an entry, a call may read an earlier one: dense(dense(x)).
  bool is_own_earlier_call(const LayerEntry& entry, std::size_t call,
                           const TensorRef& input) const {
    return index_.at(input.layer) == entry.layer && input.call < call;
  }

  // Returns the layers that wait for each other; none if all found a place.
  std::vector<std::size_t> sort(const std::vector<bool>& split) {
    add_entries(split);
    std::vector<std::vector<std::size_t>> readers(model_.entries.size());
    std::vector<std::size_t> waiting(model_.entries.size(), 0);
    for (std::size_t e = 0; e < model_.entries.size(); ++e) {
      const LayerEntry& entry = model_.entries[e];
      for (const std::size_t call : entry.calls) {
        for (const TensorRef* input : tensors_of(model_.layers[entry.layer].calls[call])) {
          const std::size_t source = entry_of_[index_.at(input->layer)][input->call];
          if (source == e && is_own_earlier_call(entry, call, *input)) continue;
          readers[source].push_back(e);
          ++waiting[e];
        }
      }
    }
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t e = 0; e < waiting.size(); ++e) {
      if (waiting[e] == 0) ready.push(e);
    }
    std::vector<LayerEntry> sorted;
    while (!ready.empty()) {
      const std::size_t next = ready.top();
      ready.pop();
      sorted.push_back(model_.entries[next]);
      for (const std::size_t reader : readers[next]) {
        if (--waiting[reader] == 0) ready.push(reader);
      }
    }
    std::vector<std::size_t> stuck;
    for (std::size_t e = 0; e < waiting.size(); ++e) {
      if (waiting[e] > 0) stuck.push_back(model_.entries[e].layer);
    }
    model_.entries = std::move(sorted);
    return stuck;
  }

  ModelConfig& model_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::vector<std::vector<std::size_t>> entry_of_;  // by layer and call
};

}  // namespace

Status order_layers(ModelConfig& model) { return Ordering(model).run(); }

}  // namespace tinysplit::keras
