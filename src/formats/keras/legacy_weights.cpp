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
  using ByPart = std::map<std::string_view, std::vector<NamedWeight>>;

  InnerWeights(Hdf5File& file, const std::vector<NamedWeight>& weights) : file_(file) {
    auto by_part = std::make_shared<ByPart>();
    for (const NamedWeight& weight : weights) {
      std::string_view rest = weight.name;
      while (true) {
        const std::size_t slash = rest.find('/');
        std::vector<NamedWeight>& list = (*by_part)[rest.substr(0, slash)];
        if (list.empty() || list.back().address != weight.address) list.push_back(weight);
        if (slash == rest.npos) break;
        rest.remove_prefix(slash + 1);
      }
    }
    by_part_ = std::move(by_part);
  }
  InnerWeights(Hdf5File& file, std::shared_ptr<const ByPart> by_part)
      : file_(file), by_part_(std::move(by_part)) {}

  Result<LayerWeights> weights_of(const LayerConfig& layer) override {
    const auto own = by_part_->find(layer.name);
    if (own == by_part_->end()) return LayerWeights();
    return open_weights(file_, own->second);
  }

  Result<std::unique_ptr<WeightFile>> inside(const LayerConfig&, const ModelConfig&) override {
    return std::unique_ptr<WeightFile>(std::make_unique<InnerWeights>(file_, by_part_));
  }

 private:
  Hdf5File& file_;
  std::shared_ptr<const ByPart> by_part_;  // one of the parts of the name between slashes
};

class LegacyWeights final : public WeightFile {
 public:
  LegacyWeights(Hdf5File& file, Address weights) : file_(file), weights_(weights) {}

  Result<LayerWeights> weights_of(const LayerConfig& layer) override {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto own, list_weights(file_, weights_, layer.name));
    return open_weights(file_, own);
  }

  Result<std::unique_ptr<WeightFile>> inside(const LayerConfig& layer,
                                             const ModelConfig&) override {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto all, list_weights(file_, weights_, layer.name));
    return std::unique_ptr<WeightFile>(std::make_unique<InnerWeights>(file_, all));
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
