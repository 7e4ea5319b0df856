// How the layers of a Functional model are connected.
#include <map>
#include <queue>
#include <utility>

#include "formats/keras/model_config.h"

namespace tinysplit::keras {
namespace {

// ["name", call of that layer, output of that call, keyword arguments]
bool is_reference(const Json& json) {
  return json.is_array() && json.size() >= 3 && json.size() <= 4 && json[0].is_string() &&
         json[1].is_number_integer() && json[2].is_number_integer();
}

void note(LayerConfig& layer, const std::string& problem) {
  if (layer.call.ok()) layer.call = unimplemented(problem);
}

void add_reference(const Json& reference, LayerConfig& layer) {
  layer.inputs.push_back(text_of(reference[0]));
  if (reference[1] != 0 || reference[2] != 0) {
    note(layer, "it takes another than the first output of \"" + layer.inputs.back() +
                    "\", which is not supported");
  }
}

void check_keywords(const Json& keywords, LayerConfig& layer) {
  if (!keywords.is_object()) return;
  for (const auto& [key, value] : keywords.items()) {
    // Calls are written with their defaults filled in.
    if (value.is_null() || value == false || (key == "inputs" && !value.is_primitive())) continue;
    note(layer, "it is called with the argument " + key.substr(0, 64) + ", which is not supported");
  }
}

// One positional argument of Keras 3: a tensor, or a list of them.
void add_argument(const Json& argument, LayerConfig& layer) {
  if (text_of(member(argument, "class_name")) == "__keras_tensor__") {
    const Json& history = member(member(argument, "config"), "keras_history");
    if (is_reference(history)) return add_reference(history, layer);
  }
  note(layer, "it is called on " + brief(argument) + " instead of the output of a layer");
}

void parse_call_of_keras3(const Json& node, LayerConfig& layer) {
  const Json& keywords = member(node, "kwargs");
  check_keywords(keywords, layer);
  const Json* arguments = &member(node, "args");
  const Json only_keyword = Json::array({member(keywords, "inputs")});
  if (arguments->empty()) arguments = &only_keyword;
  if (!arguments->is_array() || arguments->size() != 1) {
    note(layer, "it is called with several arguments, which is not supported");
  }
  if (!arguments->is_array()) return;
  for (const Json& argument : *arguments) {
    if (argument.is_array()) {
      for (const Json& item : argument) add_argument(item, layer);
    } else {
      add_argument(argument, layer);
    }
  }
}

void parse_call_of_keras2(const Json& node, LayerConfig& layer) {
  // A call on one tensor may be written without the outer list.
  const Json wrapped = is_reference(node) ? Json::array({node}) : Json();
  for (const Json& reference : wrapped.is_null() ? node : wrapped) {
    if (!is_reference(reference)) {
      note(layer, "it is called on " + brief(reference) + " instead of the output of a layer");
      continue;
    }
    add_reference(reference, layer);
    if (reference.size() == 4) check_keywords(reference[3], layer);
  }
}

Status collect_ends(const Json& json, const char* what, std::vector<ModelEnd>& out) {
  if (is_reference(json)) {
    out.push_back({text_of(json[0]), json[1] == 0 && json[2] == 0});
    return ok_status();
  }
  if (!json.is_structured()) return invalid_argument(std::string(what) + " is malformed");
  // The members of an object come sorted by name, as Keras takes them.
  for (const Json& item : json) TINYSPLIT_RETURN_IF_ERROR(collect_ends(item, what, out));
  return ok_status();
}

}  // namespace

void parse_call(const Json& inbound_nodes, LayerConfig& layer) {
  if (!inbound_nodes.is_array()) return note(layer, "its inbound_nodes are malformed");
  if (inbound_nodes.empty()) return;
  if (inbound_nodes.size() > 1) {
    note(layer, "it is called " + std::to_string(inbound_nodes.size()) +
                    " times; shared layers are not supported");
  }
  const Json& node = inbound_nodes[0];
  if (node.is_object()) {
    parse_call_of_keras3(node, layer);
  } else if (node.is_array()) {
    parse_call_of_keras2(node, layer);
  } else {
    note(layer, "its inbound_nodes are malformed");
  }
}

Result<std::vector<ModelEnd>> parse_ends(const Json& ends, const char* what) {
  std::vector<ModelEnd> found;
  TINYSPLIT_RETURN_IF_ERROR(collect_ends(ends, what, found));
  if (found.empty()) return invalid_argument("the model has no " + std::string(what));
  return found;
}

Status sort_layers(std::vector<LayerConfig>& layers) {
  std::map<std::string, std::size_t, std::less<>> index;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!index.emplace(layers[i].name, i).second) {
      return invalid_argument("two layers are named \"" + layers[i].name + "\"");
    }
  }
  std::vector<std::vector<std::size_t>> readers(layers.size());
  std::vector<std::size_t> waiting(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const std::string& input : layers[i].inputs) {
      const auto source = index.find(input);
      if (source == index.end()) {
        return invalid_argument("layer " + layers[i].describe() + " reads \"" + input +
                                "\", which is not a layer of the model");
      }
      readers[source->second].push_back(i);
      ++waiting[i];
    }
  }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (waiting[i] == 0) ready.push(i);
  }
  std::vector<LayerConfig> sorted;
  while (!ready.empty()) {
    const std::size_t next = ready.top();
    ready.pop();
    sorted.push_back(std::move(layers[next]));
    for (const std::size_t reader : readers[next]) {
      if (--waiting[reader] == 0) ready.push(reader);
    }
  }
  if (sorted.size() < layers.size()) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (waiting[i] > 0) {
        return invalid_argument("layer " + layers[i].describe() +
                                " depends on itself: the layers form a cycle");
      }
    }
  }
  layers = std::move(sorted);
  return ok_status();
}

}  // namespace tinysplit::keras
