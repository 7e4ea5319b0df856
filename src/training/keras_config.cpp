#include "training/keras_config.h"

#include <algorithm>
#include <numeric>

namespace tinysplit::training {
namespace {

using Json = KerasConfig::Json;

Json with_batch(const std::vector<std::int64_t>& shape) {
  Json dims = Json::array({nullptr});
  for (const std::int64_t dim : shape) dims.push_back(dim);
  return dims;
}

// The keys by which Keras finds a class.
Json object(const char* module, const std::string& class_name, Json config) {
  Json json;
  json["module"] = module;
  json["class_name"] = class_name;
  json["config"] = std::move(config);
  json["registered_name"] = nullptr;
  return json;
}

}  // namespace

Feature KerasConfig::add_input(const std::string& name, std::vector<std::int64_t> shape) {
  Json options;
  options["batch_shape"] = with_batch(shape);
  options["dtype"] = "float32";
  return add("InputLayer", name, std::move(options), {}, std::move(shape));
}

Feature KerasConfig::add(const std::string& class_name, const std::string& name, Json options,
                         const std::vector<Feature>& inputs, std::vector<std::int64_t> shape) {
  options["name"] = name;
  layers_.push_back({class_name, name, std::move(options), inputs});
  return {layers_.size() - 1, std::move(shape)};
}

Json KerasConfig::layer_json(const Entry& entry) const {
  return object("keras.layers", entry.class_name, entry.options);
}

std::string KerasConfig::functional(const Feature& output) const {
  // How many layers there are at most from a layer to the output. Inputs come before their readers.
  std::vector<std::size_t> depth(layers_.size(), 0);
  for (std::size_t i = layers_.size(); i-- > 0;) {
    for (const Feature& input : layers_[i].inputs) {
      depth[input.layer] = std::max(depth[input.layer], depth[i] + 1);
    }
  }
  std::vector<std::size_t> order(layers_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return depth[i]; });

  Json layers = Json::array();
  for (const std::size_t i : order) {
    const Entry& entry = layers_[i];
    Json layer = layer_json(entry);
    layer["name"] = entry.name;
    layer["inbound_nodes"] = Json::array();
    Json tensors = Json::array();
    for (const Feature& input : entry.inputs) {
      Json tensor;
      tensor["class_name"] = "__keras_tensor__";
      tensor["config"]["shape"] = with_batch(input.shape);
      tensor["config"]["dtype"] = "float32";
      tensor["config"]["keras_history"] = Json::array({layers_[input.layer].name, 0, 0});
      tensors.push_back(std::move(tensor));
    }
    if (!tensors.empty()) {
      Json node;
      // A layer of several inputs takes them as one list.
      node["args"] = tensors.size() == 1 ? std::move(tensors) : Json::array({std::move(tensors)});
      node["kwargs"] = Json::object();
      layer["inbound_nodes"].push_back(std::move(node));
    }
    layers.push_back(std::move(layer));
  }
  Json config;
  config["name"] = name_;
  config["trainable"] = true;
  config["layers"] = std::move(layers);
  config["input_layers"] = Json::array({Json::array({layers_.front().name, 0, 0})});
  config["output_layers"] = Json::array({Json::array({layers_[output.layer].name, 0, 0})});
  Json model = object("keras.src.models.functional", "Functional", std::move(config));
  model["registered_name"] = "Functional";
  return model.dump();
}

std::string KerasConfig::sequential() const {
  Json layers = Json::array();
  for (const Entry& entry : layers_) layers.push_back(layer_json(entry));
  Json config;
  config["name"] = name_;
  config["trainable"] = true;
  config["layers"] = std::move(layers);
  return object("keras", "Sequential", std::move(config)).dump();
}

}  // namespace tinysplit::training
