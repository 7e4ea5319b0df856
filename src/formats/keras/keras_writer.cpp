#include "formats/keras/keras_writer.h"

#include <exception>
#include <map>
#include <new>
#include <set>
#include <utility>

#include "formats/keras/hdf5_writer.h"
#include "formats/keras/json_text.h"
#include "formats/keras/keras_order.h"
#include "formats/keras/model_config.h"
#include "formats/keras/weights.h"
#include "formats/keras/zip_writer.h"

namespace tinysplit::keras {
namespace {

// The first version that reads what is written here.
constexpr const char* kKerasVersion = "3.0.0";
constexpr const char* kBackend = "tensorflow";

// A layer of the configuration with its weights; none if it has none.
struct LayerToSave {
  const LayerConfig* config = nullptr;
  const std::vector<SavedWeight>* weights = nullptr;
};

struct ModelToSave {
  Json config;  // of the whole model, layers in Keras' order
  ModelConfig model;
  std::vector<LayerToSave> layers;  // those that Keras counts, in its order
};

Status check_flat(const LayerConfig& layer) {
  if (layer.model || (layer.wrapped && layer.wrapped->model)) {
    return unimplemented("layer " + layer.describe() + " is a model itself, which is not written");
  }
  if (layer.name.find('/') != std::string::npos) {
    return invalid_argument("layer " + layer.describe() +
                            " has '/' in its name, Keras allows none");
  }
  return ok_status();
}

// Puts the layers of the configuration into Keras' order.
Status sort_layers(Json& config, const ModelConfig& model) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::size_t> order, keras_order(model));
  Json& layers = config["config"]["layers"];
  Json sorted = Json::array();
  for (const std::size_t layer : order) sorted.push_back(std::move(layers[layer]));
  layers = std::move(sorted);
  return ok_status();
}

using WeightsByLayer = std::map<std::string_view, const std::vector<SavedWeight>*>;

Result<WeightsByLayer> index_weights(std::span<const SavedLayer> layers) {
  WeightsByLayer weights;
  for (const SavedLayer& layer : layers) {
    const std::string what = "layer \"" + layer.layer + "\"";
    if (!weights.emplace(layer.layer, &layer.weights).second) {
      return invalid_argument("the weights of " + what + " are given twice");
    }
    std::set<std::string_view> names;
    for (const SavedWeight& weight : layer.weights) {
      const bool bad = weight.name.empty() || weight.name.front() == '/' ||
                       weight.name.back() == '/' || weight.name.find('\0') != std::string::npos;
      if (bad) return invalid_argument(what + " has a weight without a proper name");
      if (!names.insert(weight.name).second) {
        return invalid_argument(what + " has two weights named \"" + weight.name + "\"");
      }
    }
  }
  return weights;
}

Result<ModelToSave> prepare(std::string_view config, std::span<const SavedLayer> layers) {
  ModelToSave save;
  TINYSPLIT_ASSIGN_OR_RETURN(save.config, parse_json(config));
  TINYSPLIT_ASSIGN_OR_RETURN(save.model, parse_model_config(save.config, kKerasVersion));
  for (const LayerConfig& layer : save.model.layers) TINYSPLIT_RETURN_IF_ERROR(check_flat(layer));
  if (text_of(member(save.config, "class_name")) != "Sequential") {
    TINYSPLIT_RETURN_IF_ERROR(sort_layers(save.config, save.model));
    TINYSPLIT_ASSIGN_OR_RETURN(save.model, parse_model_config(save.config, kKerasVersion));
  }
  TINYSPLIT_ASSIGN_OR_RETURN(WeightsByLayer weights, index_weights(layers));
  for (const LayerConfig& layer : save.model.layers) {
    const auto own = weights.find(layer.name);
    if (layer.is_operation()) continue;
    save.layers.push_back({&layer, own == weights.end() ? nullptr : own->second});
    if (own != weights.end()) weights.erase(own);
  }
  if (weights.empty()) return save;
  return invalid_argument("weights are given for layer \"" + std::string(weights.begin()->first) +
                          "\", which the configuration does not have");
}

// "layers/<class in snake case>_<number>/<part>/vars/<i>", see open_archive_weights().
void add_archive_weights(const LayerToSave& layer, const std::string& group, Hdf5Writer& file) {
  file.add_group(group + "/vars");
  if (layer.weights == nullptr) return;
  std::map<std::string, int> counts;  // of each part of the layer that has weights
  for (const SavedWeight& weight : *layer.weights) {
    const std::size_t slash = weight.name.rfind('/');
    const std::string part = slash == std::string::npos ? "" : "/" + weight.name.substr(0, slash);
    file.add_floats(group + part + "/vars/" + std::to_string(counts[part]++), weight.value);
  }
}

Result<std::string> archive_weights(const ModelToSave& save) {
  Hdf5Writer file;
  std::map<std::string, int> numbers;  // of the layers of each class
  for (const LayerToSave& layer : save.layers) {
    std::string group = "layers/" + snake_case(layer.config->class_name);
    const int number = numbers[group]++;
    if (number > 0) group += "_" + std::to_string(number);
    add_archive_weights(layer, group, file);
  }
  return file.finish();
}

Result<std::string> write_archive(std::string_view config, std::span<const SavedLayer> layers) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelToSave save, prepare(config, layers));
  TINYSPLIT_ASSIGN_OR_RETURN(std::string weights, archive_weights(save));
  const Json metadata{{"keras_version", kKerasVersion}, {"date_saved", "1980-01-01@00:00:00"}};
  return write_zip({{"metadata.json", metadata.dump()},
                    {"config.json", save.config.dump()},
                    {"model.weights.h5", std::move(weights)}});
}

Result<std::string> write_hdf5(std::string_view config, std::span<const SavedLayer> layers) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelToSave save, prepare(config, layers));
  Hdf5Writer file;
  const std::string weights_group = "model_weights";
  file.add_text("/", "keras_version", kKerasVersion);
  file.add_text("/", "backend", kBackend);
  file.add_text("/", "model_config", save.config.dump());
  file.add_group(weights_group);
  file.add_text(weights_group, "keras_version", kKerasVersion);
  file.add_text(weights_group, "backend", kBackend);
  std::vector<std::string> layer_names;
  for (const LayerToSave& layer : save.layers) {
    const std::string& name = layer.config->name;
    const std::string group = weights_group + "/" + name;
    layer_names.push_back(name);
    file.add_group(group);
    std::vector<std::string> weight_names;
    if (layer.weights != nullptr) {
      for (const SavedWeight& weight : *layer.weights) {
        weight_names.push_back(std::string(name).append("/").append(weight.name));
        file.add_floats(group + "/" + weight_names.back(), weight.value);
      }
    }
    file.add_texts(group, "weight_names", weight_names);
  }
  file.add_texts(weights_group, "layer_names", layer_names);
  file.add_group(weights_group + "/top_level_model_weights");
  file.add_texts(weights_group + "/top_level_model_weights", "weight_names", {});
  return file.finish();
}

Result<std::string> run_safely(Result<std::string> (*write)(std::string_view,
                                                            std::span<const SavedLayer>),
                               std::string_view config, std::span<const SavedLayer> layers) {
  try {
    return write(config, layers);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("the model file does not fit in memory");
  } catch (const std::exception& error) {
    return internal_error("writing the model failed: " + std::string(error.what()));
  }
}

}  // namespace

Result<std::string> write_keras_archive(std::string_view config,
                                        std::span<const SavedLayer> layers) {
  return run_safely(write_archive, config, layers);
}

Result<std::string> write_keras_hdf5(std::string_view config, std::span<const SavedLayer> layers) {
  return run_safely(write_hdf5, config, layers);
}

}  // namespace tinysplit::keras
