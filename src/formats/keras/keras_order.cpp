#include "formats/keras/keras_order.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <tuple>
#include <utility>

namespace tinysplit::keras {
namespace {

constexpr int kNone = -1;

// What keras/src/ops/function.py does in map_graph(), in words of its own.
class KerasOrder {
 public:
  explicit KerasOrder(const ModelConfig& model)
      : model_(model), met_(model.layers.size(), kNone), depth_(model.layers.size(), 0) {
    for (std::size_t i = 0; i < model.layers.size(); ++i) index_[model.layers[i].name] = i;
    for (const LayerConfig& layer : model.layers) {
      calls_.emplace_back(std::max<std::size_t>(layer.calls.size(), 1));
    }
  }

  Result<std::vector<std::size_t>> run() {
    for (const TensorRef& output : model_.outputs) walk(output);
    measure();
    std::vector<std::size_t> order(model_.layers.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (const std::size_t layer : order) {
      if (met_[layer] != kNone || model_.layers[layer].is_input()) continue;
      return invalid_argument("layer " + model_.layers[layer].describe() +
                              " leads to no output of the model");
    }
    const std::vector<int> inputs = numbers_of_inputs();
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      // Inputs that nothing reads come first of those of depth 0, as the model lists them.
      return std::tuple(-depth_[a], met_[a], inputs[a]) <
             std::tuple(-depth_[b], met_[b], inputs[b]);
    });
    return order;
  }

 private:
  struct Call {
    bool finished = false;
    int depth = 0;
  };
  using CallId = std::pair<std::size_t, std::size_t>;  // layer, call

  std::vector<CallId> read_by(const CallId& id) const {
    std::vector<CallId> read;
    const auto add = [&](const TensorRef& tensor) {
      if (!tensor.constant) read.emplace_back(index_.at(tensor.layer), tensor.call);
    };
    const LayerConfig& layer = model_.layers[id.first];
    if (id.second >= layer.calls.size()) return read;
    for (const TensorRef& tensor : layer.calls[id.second].inputs) add(tensor);
    for (const auto& [key, tensors] : layer.calls[id.second].named) {
      for (const TensorRef& tensor : tensors) add(tensor);
    }
    return read;
  }

  // Depth first from one output, without recursion: a chain may have 10,000 layers.
  void walk(const TensorRef& output) {
    struct Visit {
      CallId id;
      std::vector<CallId> inputs;
      std::size_t next = 0;
    };
    std::vector<Visit> path;
    const auto enter = [&](const CallId& id) {
      if (calls_[id.first][id.second].finished) return;
      if (met_[id.first] == kNone) met_[id.first] = num_met_++;
      path.push_back({id, read_by(id)});
    };
    enter({index_.at(output.layer), output.call});
    while (!path.empty()) {
      Visit& visit = path.back();
      if (visit.next < visit.inputs.size()) {
        const CallId read = visit.inputs[visit.next++];
        enter(read);  // invalidates `visit`
        continue;
      }
      calls_[visit.id.first][visit.id.second].finished = true;
      finished_.push_back(visit.id);
      path.pop_back();
    }
  }

  void measure() {
    for (auto id = finished_.rbegin(); id != finished_.rend(); ++id) {
      Call& call = calls_[id->first][id->second];
      call.depth = depth_[id->first] = std::max(call.depth, depth_[id->first]);
      for (const CallId& read : read_by(*id)) {
        int& before = calls_[read.first][read.second].depth;
        before = std::max(before, call.depth + 1);
      }
    }
  }

  std::vector<int> numbers_of_inputs() const {
    std::vector<int> numbers(model_.layers.size(), 0);
    int next = 0;
    for (const std::string& input : model_.inputs) numbers[index_.at(input)] = next++;
    return numbers;
  }

  const ModelConfig& model_;
  std::map<std::string_view, std::size_t> index_;
  std::vector<std::vector<Call>> calls_;  // by layer
  std::vector<int> met_;                  // when the walk first came to each layer
  std::vector<int> depth_;                // of each layer
  int num_met_ = 0;
  std::vector<CallId> finished_;
};

}  // namespace

Result<std::vector<std::size_t>> keras_order(const ModelConfig& model) {
  return KerasOrder(model).run();
}

}  // namespace tinysplit::keras
