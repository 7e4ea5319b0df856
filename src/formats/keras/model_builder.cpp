#include "formats/keras/model_builder.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/limits.h"
#include "formats/keras/weights.h"

namespace tinysplit::keras {
namespace {

bool starts_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool fits_in_a_name(char c) { return starts_a_name(c) || c == '_' || c == '-' || c == '.'; }

// TensorFlow makes scopes of names, and a slash is a part of none.
std::string legal_name(std::string name) {
  constexpr std::size_t kRoomForNumber = 16;
  std::ranges::replace_if(
      name, [](char c) { return !fits_in_a_name(c); }, '_');
  if (name.empty() || !starts_a_name(name.front())) name.insert(0, "layer");
  if (name.size() > limits::kMaxNameBytes) {
    name.resize(limits::kMaxNameBytes - kRoomForNumber);
  }
  return name;
}

Json list_with(Json item) {
  Json list = Json::array();
  list.push_back(std::move(item));
  return list;
}

}  // namespace

Json open_batch(const Shape& shape) {
  Json dims = Json::array();
  for (const std::int64_t dim : shape.dims()) dims.push_back(dim);
  if (!dims.empty()) dims.front() = nullptr;
  return dims;
}

KerasTensor ModelBuilder::add_input(const std::string& name, const Shape& shape, DType dtype) {
  Layer& layer = layers_.emplace_back();
  layer.class_name = "InputLayer";
  layer.options = {{"batch_shape", open_batch(shape)}, {"dtype", dtype_name(dtype)}};
  layer.wanted = name;
  layer.exact = true;
  return {static_cast<int>(layers_.size()) - 1, shape, dtype};
}

KerasTensor ModelBuilder::add(const std::string& class_name, Json options,
                              const std::vector<KerasTensor>& inputs, const Shape& output,
                              std::vector<SavedWeight> weights) {
  Layer& layer = layers_.emplace_back();
  layer.class_name = class_name;
  layer.options = std::move(options);
  layer.options["dtype"] = "float32";
  layer.options["trainable"] = true;
  layer.inputs = inputs;
  layer.weights = std::move(weights);
  layer.wanted = part_ + "_" + snake_case(class_name);
  return {static_cast<int>(layers_.size()) - 1, output};
}

KerasTensor ModelBuilder::add_operation(OperationCall call, const Shape& output, DType dtype) {
  KerasTensor made = add(call.class_name, Json::object(), {}, output);
  made.dtype = dtype;
  Layer& layer = layers_.back();
  layer.options = std::move(call.options);
  layer.module = std::move(call.module);
  layer.arguments = std::move(call.arguments);
  return made;
}

void ModelBuilder::add_keyword(const std::string& key, const std::vector<KerasTensor>& tensors) {
  layers_.back().keywords.emplace_back(key, tensors);
}

void ModelBuilder::name_layer(const KerasTensor& tensor, const std::string& name) {
  Layer& layer = layers_[static_cast<std::size_t>(tensor.layer)];
  if (layer.exact) return;
  layer.wanted = name;
  layer.exact = true;
}

// Names of the graph that Keras allows stay; the others give way to them.
void ModelBuilder::give_names() {
  std::set<std::string> taken;
  for (Layer& layer : layers_) {
    if (layer.exact && legal_name(layer.wanted) == layer.wanted) {
      layer.name = layer.wanted;
      taken.insert(layer.name);
    }
  }
  for (Layer& layer : layers_) {
    if (!layer.name.empty()) continue;
    const std::string base = legal_name(layer.wanted);
    layer.name = base;
    for (int number = 1; !taken.insert(layer.name).second; ++number) {
      layer.name = base + "_" + std::to_string(number);
    }
  }
}

Json ModelBuilder::reference(const KerasTensor& tensor) const {
  return Json::array({layers_[static_cast<std::size_t>(tensor.layer)].name, 0, tensor.output});
}

Json ModelBuilder::describe(const KerasTensor& tensor) const {
  return {{"class_name", "__keras_tensor__"},
          {"config",
           {{"shape", open_batch(tensor.shape)},
            {"dtype", dtype_name(tensor.dtype)},
            {"keras_history", reference(tensor)}}}};
}

Json ModelBuilder::call_of(const Layer& layer) const {
  Json tensors = Json::array();
  for (const KerasTensor& input : layer.inputs) tensors.push_back(describe(input));
  Json keywords = Json::object();
  for (const auto& [key, values] : layer.keywords) {
    Json list = Json::array();
    for (const KerasTensor& value : values) list.push_back(describe(value));
    keywords[key] = std::move(list);
  }
  Json arguments = std::move(tensors);
  if (arguments.size() > 1) arguments = list_with(std::move(arguments));
  for (const OperationArgument& argument : layer.arguments) {
    const auto* tensor = std::get_if<KerasTensor>(&argument);
    arguments.push_back(tensor != nullptr ? describe(*tensor) : std::get<Json>(argument));
  }
  return {{"args", std::move(arguments)}, {"kwargs", std::move(keywords)}};
}

Json ModelBuilder::layer_json(const Layer& layer) const {
  Json options = layer.options;
  options["name"] = layer.name;
  Json calls = Json::array();
  const bool operation = !layer.module.empty();
  if (operation || !layer.inputs.empty()) calls.push_back(call_of(layer));
  Json json{{"module", operation ? "keras.src.ops." + layer.module : "keras.layers"},
            {"class_name", layer.class_name},
            {"registered_name", nullptr},
            {"config", std::move(options)},
            {"name", layer.name},
            {"inbound_nodes", std::move(calls)}};
  if (operation) json["registered_name"] = layer.class_name;
  return json;
}

std::string ModelBuilder::config(const std::string& name, const std::vector<KerasTensor>& inputs,
                                 const std::vector<KerasTensor>& outputs) {
  give_names();
  // One end stands alone: the model is then called on, and gives, a tensor instead of a list.
  const auto ends = [this](const std::vector<KerasTensor>& tensors) {
    if (tensors.size() == 1) return reference(tensors.front());
    Json list = Json::array();
    for (const KerasTensor& tensor : tensors) list.push_back(reference(tensor));
    return list;
  };
  Json layers = Json::array();
  for (const Layer& layer : layers_) layers.push_back(layer_json(layer));
  const Json model{{"module", "keras.src.models.functional"},
                   {"class_name", "Functional"},
                   {"registered_name", "Functional"},
                   {"compile_config", nullptr},
                   {"config",
                    {{"name", legal_name(name)},
                     {"trainable", true},
                     {"layers", std::move(layers)},
                     {"input_layers", ends(inputs)},
                     {"output_layers", ends(outputs)}}}};
  return model.dump();
}

std::vector<SavedLayer> ModelBuilder::weights() const {
  std::vector<SavedLayer> saved;
  for (const Layer& layer : layers_) {
    if (!layer.weights.empty()) saved.push_back({layer.name, layer.weights});
  }
  return saved;
}

}  // namespace tinysplit::keras
