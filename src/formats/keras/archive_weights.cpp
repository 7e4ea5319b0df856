// The weights of a .keras file, by class and number.
#include <cctype>
#include <string_view>
#include <utility>

#include "formats/keras/weights.h"

namespace tinysplit::keras {
namespace {

// The groups below that of a layer which hold its weights, in the order of Keras' layer.weights.
// Where there are several ways to write one, each is tried.
struct WeightGroups {
  std::vector<std::vector<std::string>> choices;
};

bool is_recurrent(std::string_view class_name) {
  return class_name == "LSTM" || class_name == "GRU" || class_name == "SimpleRNN";
}

WeightGroups groups_of(const LayerConfig& layer) {
  if (layer.class_name == "TimeDistributed" && layer.wrapped) {
    WeightGroups groups = groups_of(*layer.wrapped);
    for (auto& choice : groups.choices) {
      for (std::string& group : choice) group.insert(0, "layer/");
    }
    return groups;
  }
  if (is_recurrent(layer.class_name)) return {{{"cell/"}}};
  if (layer.class_name == "Bidirectional") {
    return {{{"forward_layer/cell/"}, {"backward_layer/cell/"}}};
  }
  if (layer.class_name == "MultiHeadAttention") {
    WeightGroups groups;
    for (const char* part : {"query_dense/", "key_dense/", "value_dense/", "output_dense/"}) {
      groups.choices.push_back({part, std::string("_").append(part)});
    }
    return groups;
  }
  return {{{""}}};
}

class ArchiveWeights final : public WeightFile {
 public:
  ArchiveWeights(Hdf5File& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}

  // Numbers the layers of each class, as Keras does when it saves.
  Status number_layers(const std::vector<LayerConfig>& layers, bool may_count_double) {
    struct Numbering {
      int next = 0;
      bool twice = false;
    };
    std::map<std::string, Numbering> classes;
    for (const LayerConfig& layer : layers) {
      if (layer.is_operation()) continue;  // not in model.layers
      const std::string name = snake_case(layer.class_name);
      const auto [entry, is_new] = classes.try_emplace(name);
      Numbering& numbering = entry->second;
      if (is_new && may_count_double) {
        TINYSPLIT_ASSIGN_OR_RETURN(const bool first, has_weights(name + "_1"));
        TINYSPLIT_ASSIGN_OR_RETURN(const bool second, has_weights(name + "_2"));
        numbering.twice = !first && second;
      }
      const std::string group =
          numbering.next == 0 ? name : name + "_" + std::to_string(numbering.next);
      groups_[layer.name] = group;
      ++numbering.next;
      if (numbering.twice) {
        TINYSPLIT_ASSIGN_OR_RETURN(const bool weighted, has_weights(group));
        if (weighted) ++numbering.next;
      }
    }
    return ok_status();
  }

  Result<LayerWeights> weights_of(const LayerConfig& layer) override {
    const auto group = groups_.find(layer.name);
    std::vector<Hdf5File::Dataset> datasets;
    if (group == groups_.end()) return LayerWeights();
    for (const std::vector<std::string>& choice : groups_of(layer).choices) {
      for (const std::string& part : choice) {
        const std::string path = path_of(group->second + "/" + part);
        TINYSPLIT_ASSIGN_OR_RETURN(const auto vars, file_.find(file_.root(), path));
        if (!vars) continue;
        TINYSPLIT_RETURN_IF_ERROR(add_datasets(*vars, datasets));
        break;
      }
    }
    return LayerWeights(file_, std::move(datasets));
  }

  Result<std::unique_ptr<WeightFile>> inside(const LayerConfig& layer,
                                             const ModelConfig& model) override {
    const auto group = groups_.find(layer.name);
    std::string path = prefix_ + (group == groups_.end() ? std::string() : group->second);
    for (const LayerConfig* each = &layer; each->wrapped; each = each->wrapped.get()) {
      path += "/layer";
    }
    auto weights = std::make_unique<ArchiveWeights>(file_, path + "/layers/");
    TINYSPLIT_RETURN_IF_ERROR(weights->number_layers(model.layers, false));
    return std::unique_ptr<WeightFile>(std::move(weights));
  }

 private:
  // "0", "1", ... of a group.
  Status add_datasets(Hdf5File::Address vars, std::vector<Hdf5File::Dataset>& datasets) {
    TINYSPLIT_ASSIGN_OR_RETURN(const Hdf5File::Members* members, file_.members(vars));
    for (std::size_t i = 0; i < members->size(); ++i) {
      const auto found = members->find(std::to_string(i));
      if (found == members->end()) {
        return invalid_argument("weight " + std::to_string(i) + " of the layer is not in the file");
      }
      TINYSPLIT_ASSIGN_OR_RETURN(Hdf5File::Dataset dataset, file_.dataset(found->second));
      datasets.push_back(std::move(dataset));
    }
    return ok_status();
  }

  std::string path_of(const std::string& group) const { return prefix_ + group + "/vars"; }

  Result<bool> has_weights(const std::string& group) {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto first, file_.find(file_.root(), path_of(group) + "/0"));
    return first.has_value();
  }

  Hdf5File& file_;
  std::string prefix_;
  std::map<std::string, std::string> groups_;  // layer name -> class in snake case, numbered
};

bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool lower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

// Keras works in two passes of a regular expression each; the second sees what the first made.
std::string snake_case(std::string_view class_name) {
  std::string words;
  for (std::size_t i = 0; i < class_name.size();) {
    words += class_name[i++];
    if (i + 1 >= class_name.size() || !upper(class_name[i]) || !lower(class_name[i + 1])) continue;
    words += '_';
    words += class_name[i++];
    while (i < class_name.size() && lower(class_name[i])) words += class_name[i++];
  }
  std::string snake;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && lower(words[i - 1]) && upper(words[i])) snake += '_';
    snake += static_cast<char>(std::tolower(static_cast<unsigned char>(words[i])));
  }
  return snake;
}

Result<std::unique_ptr<WeightFile>> open_archive_weights(Hdf5File& file,
                                                         const std::vector<LayerConfig>& layers) {
  TINYSPLIT_ASSIGN_OR_RETURN(const Hdf5File::Members* top, file.members(file.root()));
  // Keras up to 2.12 walked a dictionary with two entries for each layer that has weights and so
  // numbered these twice. On Windows it joined the parts of a name with a backslash.
  constexpr std::string_view kContainer = "layers";
  constexpr std::string_view kOldContainer = "_layer_checkpoint_dependencies";
  for (const std::string_view container : {kContainer, kOldContainer}) {
    const std::string on_windows = std::string(container) + "\\";
    const auto windows_group = top->lower_bound(on_windows);
    std::string prefix;
    if (top->contains(container)) prefix = std::string(container) + "/";
    if (windows_group != top->end() && windows_group->first.starts_with(on_windows)) {
      prefix = on_windows;
    }
    if (prefix.empty()) continue;
    auto weights = std::make_unique<ArchiveWeights>(file, std::move(prefix));
    TINYSPLIT_RETURN_IF_ERROR(weights->number_layers(layers, container == kOldContainer));
    return std::unique_ptr<WeightFile>(std::move(weights));
  }
  return invalid_argument("model.weights.h5 has no group \"layers\"");
}

}  // namespace tinysplit::keras
