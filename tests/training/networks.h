#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "training/network.h"

// Configurations of small models as Keras writes them, and networks made of them.
namespace tinysplit::training {

using Json = nlohmann::json;

// {"class_name": ..., "config": {"name": ..., options...}}
Json layer(const std::string& class_name, const std::string& name, Json options = Json::object());

// A Sequential model that takes [N, dims...].
std::string sequential(const std::vector<std::int64_t>& dims, const std::vector<Json>& layers);

// A Functional model with one input "input" of [N, dims...]; each layer's "inputs" (a list of names
// beside class_name and config) say what it is called on, the last one is the output.
std::string functional(const std::vector<std::int64_t>& dims, std::vector<Json> layers);
Json called_on(Json layer, const std::vector<std::string>& inputs);

// Fails the test, and ends it, if the configuration cannot be trained.
Network make_network(const std::string& config, const NetworkOptions& options);

// Random numbers in [low, high) into the input, and targets that the loss can have.
void fill_batch(Network& network, std::uint64_t seed, double low = -1.0, double high = 1.0);

}  // namespace tinysplit::training
