// How the layers of a Functional model are connected.
#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "formats/keras/model_config.h"

namespace tinysplit::keras {
namespace {

// ["name", call of that layer, output of that call, keyword arguments]
bool is_reference(const Json& json) {
  const auto is_index = [](const Json& number) {
    return number.is_number_unsigned() && number.get<std::uint64_t>() <= limits::kMaxNodes;
  };
  return json.is_array() && json.size() >= 3 && json.size() <= 4 && json[0].is_string() &&
         is_index(json[1]) && is_index(json[2]);
}

TensorRef reference_of(const Json& json) {
  return {text_of(json[0]), json[1].get<std::size_t>(), json[2].get<std::size_t>(), {}};
}

void note(LayerConfig& layer, const std::string& problem) {
  if (layer.call.ok()) layer.call = unimplemented(problem);
}

// A constant that stands where a tensor may: {"class_name": "__tensor__", "config": {"value":
// ...}}.
bool is_constant(const Json& json) {
  const std::string kind = text_of(member(json, "class_name"));
  return kind == "__tensor__" || kind == "__numpy__";
}

// Finds a tensor in either form, or a constant.
std::optional<TensorRef> find_tensor(const Json& json) {
  if (is_reference(json)) return reference_of(json);
  if (is_constant(json)) return TensorRef{"", 0, 0, std::make_shared<const Json>(json)};
  if (text_of(member(json, "class_name")) != "__keras_tensor__") return {};
  const Json& history = member(member(json, "config"), "keras_history");
  if (!is_reference(history)) return {};
  return reference_of(history);
}

// The tensors of an argument, which is one or a list of them; empty if it is anything else.
std::vector<TensorRef> find_tensors(const Json& json) {
  if (const auto single = find_tensor(json)) return {*single};
  std::vector<TensorRef> tensors;
  if (!json.is_array()) return tensors;
  for (const Json& item : json) {
    const auto tensor = find_tensor(item);
    if (!tensor) return {};
    tensors.push_back(*tensor);
  }
  return tensors;
}

void add_argument(const Json& argument, CallConfig& call, LayerConfig& layer) {
  const std::vector<TensorRef> tensors = find_tensors(argument);
  if (tensors.empty()) {
    note(layer, "it is called on " + brief(argument) + " instead of the output of a layer");
  }
  call.inputs.insert(call.inputs.end(), tensors.begin(), tensors.end());
}

// An argument that was not given: calls are written with their defaults filled in, and with a mask
// for each tensor.
bool is_default(const Json& json) {
  if (json.is_array()) return std::ranges::all_of(json, is_default);
  return json.is_null() || json == false;
}

void add_keywords(const Json& keywords, CallConfig& call) {
  if (!keywords.is_object()) return;
  for (const auto& [key, value] : keywords.items()) {
    if (is_default(value)) continue;
    if (std::vector<TensorRef> tensors = find_tensors(value); !tensors.empty()) {
      call.named[key] = std::move(tensors);
    } else {
      call.arguments[key] = value;
    }
  }
}

// An argument of an operation, with its tensors moved to the call's inputs.
Json take_operand(const Json& json, CallConfig& call) {
  if (is_constant(json)) return json;
  if (std::optional<TensorRef> tensor = find_tensor(json)) {
    call.inputs.push_back(std::move(*tensor));
    return {{"tensor", call.inputs.size() - 1}};
  }
  if (!json.is_structured()) return json;
  Json copy = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array()) {
      copy.push_back(take_operand(value, call));
    } else {
      copy[key] = take_operand(value, call);
    }
  }
  return copy;
}

void add_operand_keywords(const Json& keywords, CallConfig& call) {
  if (!keywords.is_object()) return;
  for (const auto& [key, value] : keywords.items()) call.arguments[key] = take_operand(value, call);
}

void parse_operation_of_keras3(const Json& node, LayerConfig& layer) {
  CallConfig& call = layer.calls.emplace_back();
  const Json& arguments = member(node, "args");
  if (!arguments.is_null() && !arguments.is_array()) {
    return note(layer, "its inbound_nodes are malformed");
  }
  for (const Json& argument : arguments) call.operands.push_back(take_operand(argument, call));
  add_operand_keywords(member(node, "kwargs"), call);
}

// ["_CONSTANT_VALUE", -1, value, keyword arguments]
bool is_constant_of_keras2(const Json& json) {
  return json.is_array() && json.size() == 4 && json[0] == "_CONSTANT_VALUE" && json[1] == -1;
}

// The first argument, one or a list, of which each carries the keywords.
void parse_function_of_keras2(const Json& node, LayerConfig& layer) {
  CallConfig& call = layer.calls.emplace_back();
  const auto take = [&](const Json& item) -> Json {
    return is_constant_of_keras2(item) ? take_operand(item[2], call) : take_operand(item, call);
  };
  const bool single = is_reference(node) || is_constant_of_keras2(node);
  Json list = Json::array();
  if (!single) {
    for (const Json& item : node) list.push_back(take(item));
  }
  call.operands.push_back(single ? take(node) : std::move(list));
  const Json& first = single || node.empty() ? node : node.front();
  if (first.is_array() && first.size() == 4) add_operand_keywords(first[3], call);
}

void parse_call_of_keras3(const Json& node, LayerConfig& layer) {
  CallConfig& call = layer.calls.emplace_back();
  add_keywords(member(node, "kwargs"), call);
  const Json& arguments = member(node, "args");
  const bool takes_many = layer.class_name == "MultiHeadAttention";
  if (!arguments.is_null() && !arguments.is_array()) {
    return note(layer, "its inbound_nodes are malformed");
  }
  if (arguments.size() > 1 && !takes_many) {
    note(layer, "it is called with several arguments, which is not supported");
  }
  for (const Json& argument : arguments) add_argument(argument, call, layer);
  for (const char* first : {"inputs", "sequences", "query", "x"}) {
    const auto found = call.named.find(first);
    if (found == call.named.end() || !call.inputs.empty()) continue;
    call.inputs = std::move(found->second);
    call.named.erase(found);
  }
}

void parse_call_of_keras2(const Json& node, LayerConfig& layer) {
  CallConfig& call = layer.calls.emplace_back();
  // A call on one tensor may be written without the outer list.
  const Json wrapped = is_reference(node) ? Json::array({node}) : Json();
  for (const Json& reference : wrapped.is_null() ? node : wrapped) {
    add_argument(reference, call, layer);
    if (reference.is_array() && reference.size() == 4) add_keywords(reference[3], call);
  }
}

Status collect_ends(const Json& json, const char* what, std::vector<TensorRef>& out) {
  if (is_reference(json)) {
    out.push_back(reference_of(json));
    return ok_status();
  }
  if (!json.is_structured()) return invalid_argument(std::string(what) + " is malformed");
  // The members of an object come sorted by name, as Keras takes them.
  for (const Json& item : json) TINYSPLIT_RETURN_IF_ERROR(collect_ends(item, what, out));
  return ok_status();
}

// References to calls of one layer, all counted in one way: from 1 unless one of them is to call 0
// or there is no such call.
void count_from_zero(const std::vector<TensorRef*>& references) {
  const bool from_one =
      std::ranges::none_of(references, [](const TensorRef* r) { return r->call == 0; });
  if (!from_one) return;
  for (TensorRef* reference : references) --reference->call;
}

}  // namespace

void parse_calls(const Json& inbound_nodes, LayerConfig& layer) {
  if (!inbound_nodes.is_array()) return note(layer, "its inbound_nodes are malformed");
  for (const Json& node : inbound_nodes) {
    if (node.is_object() && (layer.is_operation() || layer.is_function())) {
      parse_operation_of_keras3(node, layer);
    } else if (node.is_array() && layer.is_function()) {
      parse_function_of_keras2(node, layer);
    } else if (node.is_object()) {
      parse_call_of_keras3(node, layer);
    } else if (node.is_array()) {
      parse_call_of_keras2(node, layer);
    } else {
      return note(layer, "its inbound_nodes are malformed");
    }
  }
}

Result<std::vector<TensorRef>> parse_ends(const Json& ends, const char* what) {
  std::vector<TensorRef> found;
  TINYSPLIT_RETURN_IF_ERROR(collect_ends(ends, what, found));
  if (found.empty()) return invalid_argument("the model has no " + std::string(what));
  return found;
}

void renumber_model_calls(ModelConfig& model) {
  std::map<std::string, std::vector<TensorRef*>> in_calls;
  std::map<std::string, std::vector<TensorRef*>> in_ends;
  for (const LayerConfig& layer : model.layers) {
    if (!layer.model) continue;
    // Keras 3 counts the graph inside of a Functional model for the ends, and nowhere else.
    if (model.keras_major == 2) in_calls[layer.name] = {};
    if (model.keras_major == 2 || layer.class_name != "Sequential") in_ends[layer.name] = {};
  }
  const auto add = [](auto& references, TensorRef& reference) {
    const auto found = references.find(reference.layer);
    if (found != references.end()) found->second.push_back(&reference);
  };
  for (LayerConfig& layer : model.layers) {
    for (CallConfig& call : layer.calls) {
      for (TensorRef& input : call.inputs) add(in_calls, input);
      for (auto& [key, tensors] : call.named) {
        for (TensorRef& tensor : tensors) add(in_calls, tensor);
      }
    }
  }
  for (TensorRef& output : model.outputs) {
    add(model.keras_major == 2 ? in_calls : in_ends, output);
  }
  for (const auto& [name, references] : in_calls) count_from_zero(references);
  for (const auto& [name, references] : in_ends) count_from_zero(references);
}

}  // namespace tinysplit::keras
