#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tinysplit::training {

// What a layer hands on, in a model that is being written down.
struct Feature {
  std::size_t layer = 0;
  std::vector<std::int64_t> shape;  // without the batch
};

// Writes down a model as Keras 3 does in config.json of a .keras file: layers are added one after
// the other with the options in which they differ from Keras' defaults. A plain value.
class KerasConfig {
 public:
  using Json = nlohmann::ordered_json;

  explicit KerasConfig(std::string name) : name_(std::move(name)) {}

  Feature add_input(const std::string& name, std::vector<std::int64_t> shape);
  // A layer of `class_name` that makes `shape` of `inputs`.
  Feature add(const std::string& class_name, const std::string& name, Json options,
              const std::vector<Feature>& inputs, std::vector<std::int64_t> shape);

  // A Functional model with the first layer as input; its layers in the order in which Keras counts
  // them: those furthest from the output first.
  std::string functional(const Feature& output) const;
  // The same of layers that all follow one another, as a Sequential model.
  std::string sequential() const;

 private:
  struct Entry {
    std::string class_name;
    std::string name;
    Json options;
    std::vector<Feature> inputs;
  };
  Json layer_json(const Entry& entry) const;

  std::string name_;
  std::vector<Entry> layers_;
};

}  // namespace tinysplit::training
