#include "training/networks.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

#include "core/random.h"

namespace tinysplit::training {
namespace {

Json input_layer(const std::vector<std::int64_t>& dims) {
  Json shape = Json::array({nullptr});
  for (const std::int64_t dim : dims) shape.push_back(dim);
  return layer("InputLayer", "input", {{"batch_shape", shape}, {"dtype", "float32"}});
}

Json tensor(const std::string& name) {
  return {{"class_name", "__keras_tensor__"},
          {"config", {{"keras_history", {name, 0, 0}}, {"dtype", "float32"}}}};
}

}  // namespace

Json layer(const std::string& class_name, const std::string& name, Json options) {
  options["name"] = name;
  return {{"class_name", class_name}, {"name", name}, {"config", std::move(options)}};
}

std::string sequential(const std::vector<std::int64_t>& dims, const std::vector<Json>& layers) {
  Json all = Json::array({input_layer(dims)});
  for (const Json& item : layers) all.push_back(item);
  const Json model = {{"class_name", "Sequential"},
                      {"config", {{"name", "model"}, {"layers", all}}}};
  return model.dump();
}

Json called_on(Json layer, const std::vector<std::string>& inputs) {
  Json tensors = Json::array();
  for (const std::string& name : inputs) tensors.push_back(tensor(name));
  const Json arguments = inputs.size() == 1 ? tensors : Json::array({tensors});
  layer["inbound_nodes"] = Json::array({{{"args", arguments}, {"kwargs", Json::object()}}});
  return layer;
}

std::string functional(const std::vector<std::int64_t>& dims, std::vector<Json> layers) {
  Json input = input_layer(dims);
  input["inbound_nodes"] = Json::array();
  const std::string last = layers.back()["name"];
  layers.insert(layers.begin(), std::move(input));
  const Json config = {{"name", "model"},
                       {"layers", layers},
                       {"input_layers", {{"input", 0, 0}}},
                       {"output_layers", {{last, 0, 0}}}};
  return Json{{"class_name", "Functional"}, {"config", config}}.dump();
}

Network make_network(const std::string& config, const NetworkOptions& options) {
  Result<Architecture> architecture = parse_architecture(config);
  if (!architecture.ok()) throw std::runtime_error(architecture.status().to_string());
  Result<Network> network =
      Network::create(std::make_shared<const Architecture>(std::move(*architecture)), options);
  if (!network.ok()) throw std::runtime_error(network.status().to_string());
  return std::move(*network);
}

void fill_batch(Network& network, std::uint64_t seed, double low, double high) {
  Random random(seed);
  for (std::size_t i = 0; i < network.architecture().inputs.size(); ++i) {
    for (float& x : network.input(i)) x = static_cast<float>(random.uniform(low, high));
  }
  const Shape& output = network.architecture().output_shape();
  const auto width = static_cast<std::size_t>(output[output.rank() - 1]);
  const std::span<float> targets = network.targets();
  for (std::size_t row = 0; row < targets.size(); row += width) {
    const std::uint64_t label = random.below(width);
    for (std::size_t c = 0; c < width; ++c) {
      switch (network.options().loss.kind) {
        case LossKind::kCrossEntropy:
          targets[row + c] = c == label ? 1.0f : 0.0f;
          break;
        case LossKind::kBinaryCrossEntropy:
          targets[row + c] = random.below(2) == 0 ? 0.0f : 1.0f;
          break;
        case LossKind::kMeanSquaredError:
          targets[row + c] = static_cast<float>(random.uniform(-1.0, 1.0));
          break;
      }
    }
  }
}

}  // namespace tinysplit::training
