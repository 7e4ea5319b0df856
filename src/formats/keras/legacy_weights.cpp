// The weights of a legacy .h5 file, by the names of layers.
#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "formats/keras/weights.h"

namespace tinysplit::keras {
namespace {

using Address = Hdf5File::Address;

struct NamedWeight {
  std::string_view name;  // "dense/kernel:0", in the bytes of the file
  Address address = 0;
};

Result<std::vector<NamedWeight>> list_weights(Hdf5File& file, Address weights,
                                              const std::string& layer) {
  std::vector<NamedWeight> found;
  TINYSPLIT_ASSIGN_OR_RETURN(const auto group, file.find(weights, layer));
  if (!group) return found;
  const auto names = long_attribute(file, *group, "weight_names");
  if (names.status().code() == StatusCode::kNotFound) return found;
  if (!names.ok()) return names.status();
  // Names may overlap in the file, so that its size does not bound them.
  constexpr std::size_t kMostNameBytes = 4 * limits::kMaxNameBytes;
  constexpr std::ptrdiff_t kMostSlashes = 32;
  if (names->size() > limits::kMaxNodes) {
    return resource_exhausted("it has " + std::to_string(names->size()) +
                              " weights in the file, at most " + std::to_string(limits::kMaxNodes) +
                              " are read");
  }
  for (const std::string_view name : *names) {
    if (name.size() > kMostNameBytes || std::ranges::count(name, '/') > kMostSlashes) {
      return resource_exhausted("one of its weights has a name of " + std::to_string(name.size()) +
                                " bytes or too many parts");
    }
    TINYSPLIT_ASSIGN_OR_RETURN(const auto object, file.find(*group, name));
    if (!object || name.empty()) {
      return invalid_argument("its weight \"" + std::string(name.substr(0, 256)) +
                              "\" is not in the file");
    }
    found.push_back({name, *object});
  }
  return found;
}

Result<LayerWeights> open_weights(Hdf5File& file, const std::vector<NamedWeight>& weights) {
  std::vector<Hdf5File::Dataset> datasets;
  for (const NamedWeight& weight : weights) {
    TINYSPLIT_ASSIGN_OR_RETURN(Hdf5File::Dataset dataset, file.dataset(weight.address));
    datasets.push_back(std::move(dataset));
  }
  return LayerWeights(file, std::move(datasets));
}

// Of a model used as a layer. Its weights stand in one list, all trainable ones first, so that a
// layer's do not lie side by side; their names say whose they are.
class InnerWeights final : public WeightFile {
 public:
  using ByLayer = std::map<const LayerConfig*, std::vector<NamedWeight>>;

  InnerWeights(Hdf5File& file, std::shared_ptr<const ByLayer> by_layer)
      : file_(file), by_layer_(std::move(by_layer)) {}

  Result<LayerWeights> weights_of(const LayerConfig& layer) override {
    const auto own = by_layer_->find(&layer);
    if (own == by_layer_->end()) return LayerWeights();
    return open_weights(file_, own->second);
  }

  Result<std::unique_ptr<WeightFile>> inside(const LayerConfig&, const ModelConfig&) override {
    return std::unique_ptr<WeightFile>(std::make_unique<InnerWeights>(file_, by_layer_));
  }

 private:
  Hdf5File& file_;
  std::shared_ptr<const ByLayer> by_layer_;
};

// Tells by the name of a weight ("base/block/conv/kernel:0") whose it is. The name of a layer,
// which may have slashes of its own, is some of its parts: the first of the layers that are there,
// of two that begin at one part the longer ("block/conv", not "block"). Layers of one name in
// several models are told apart by the names of these, where they stand before it.
class WeightOwners {
 public:
  explicit WeightOwners(const ModelConfig& model) { add_model(model); }

  std::shared_ptr<const InnerWeights::ByLayer> assign(
      const std::vector<NamedWeight>& weights) const {
    auto by_layer = std::make_shared<InnerWeights::ByLayer>();
    for (const NamedWeight& weight : weights) {
      for (const LayerConfig* owner : owners_of(weight.name)) {
        (*by_layer)[owner].push_back(weight);
      }
    }
    return by_layer;
  }

 private:
  struct Candidate {
    const LayerConfig* layer = nullptr;
    std::vector<std::string_view> models;  // around it
  };

  void add_model(const ModelConfig& model) {
    for (const LayerConfig& layer : model.layers) {
      const LayerConfig* inner = &layer;
      while (inner->wrapped) inner = inner->wrapped.get();
      if (inner->model) {
        path_.push_back(layer.name);
        add_model(*inner->model);
        path_.pop_back();
      } else {
        candidates_[layer.name].push_back({&layer, path_});
        most_parts_ = std::max(most_parts_, 1 + std::ranges::count(layer.name, '/'));
      }
    }
  }

  std::vector<const LayerConfig*> owners_of(std::string_view name) const {
    for (std::size_t begin = 0; begin < name.size(); begin = after_slash(name, begin)) {
      const std::vector<Candidate>* longest = nullptr;
      std::size_t end = begin;
      for (std::ptrdiff_t parts = 0; parts < most_parts_ && end < name.size(); ++parts) {
        end = after_slash(name, end);
        const auto found = candidates_.find(name.substr(begin, end - begin - 1));
        if (found != candidates_.end()) longest = &found->second;
      }
      if (longest != nullptr) return nearest(*longest, name.substr(0, begin));
    }
    return {};
  }

  // Behind the next slash; behind the end where there is none.
  static std::size_t after_slash(std::string_view name, std::size_t from) {
    const std::size_t slash = name.find('/', from);
    return (slash == name.npos ? name.size() : slash) + 1;
  }

  static std::vector<const LayerConfig*> nearest(const std::vector<Candidate>& candidates,
                                                 std::string_view before) {
    std::vector<const LayerConfig*> owners;
    std::ptrdiff_t most = -1;
    for (const Candidate& candidate : candidates) {
      const auto stands_before = [&](std::string_view model) {
        return ("/" + std::string(before)).find("/" + std::string(model) + "/") !=
               std::string::npos;
      };
      const std::ptrdiff_t fitting =
          candidates.size() == 1 ? 0 : std::ranges::count_if(candidate.models, stands_before);
      if (fitting > most) owners.clear();
      most = std::max(most, fitting);
      if (fitting == most) owners.push_back(candidate.layer);
    }
    return owners;
  }

  std::map<std::string_view, std::vector<Candidate>> candidates_;  // by name
  std::ptrdiff_t most_parts_ = 0;                                  // of a layer's name
  std::vector<std::string_view> path_;
};

class LegacyWeights final : public WeightFile {
 public:
  LegacyWeights(Hdf5File& file, Address weights) : file_(file), weights_(weights) {}

  Result<LayerWeights> weights_of(const LayerConfig& layer) override {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto own, list_weights(file_, weights_, layer.name));
    return open_weights(file_, own);
  }

  Result<std::unique_ptr<WeightFile>> inside(const LayerConfig& layer,
                                             const ModelConfig& model) override {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto all, list_weights(file_, weights_, layer.name));
    return std::unique_ptr<WeightFile>(
        std::make_unique<InnerWeights>(file_, WeightOwners(model).assign(all)));
  }

 private:
  Hdf5File& file_;
  Address weights_;
};

}  // namespace

Result<std::unique_ptr<WeightFile>> open_legacy_weights(Hdf5File& file) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto group, file.find(file.root(), "model_weights"));
  if (!group) return invalid_argument("the HDF5 file has no group \"model_weights\"");
  return std::unique_ptr<WeightFile>(std::make_unique<LegacyWeights>(file, *group));
}

}  // namespace tinysplit::keras
