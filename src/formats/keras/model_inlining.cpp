#include "formats/keras/model_inlining.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "core/limits.h"
#include "formats/keras/layer_checks.h"

namespace tinysplit::keras {
namespace {

// A model at its place in the tree of models.
struct Scope {
  explicit Scope(const ModelConfig& whole) : model(whole) {}
  Scope(const Scope& outer, std::size_t place_in_it)
      : model(*outer.model.layers[place_in_it].model),
        parent(&outer),
        place(place_in_it),
        calls(outer.calls * layer().calls.size()),
        prefix(outer.prefix + layer().name + "/") {}

  const ModelConfig& model;
  const Scope* parent = nullptr;
  std::size_t place = 0;  // among the parent's layers
  std::size_t calls = 1;  // of the model, over all calls of its parents
  std::string prefix;     // of the names of its layers

  std::map<std::string_view, std::size_t> index;        // of layers
  std::vector<std::string> names;                       // of layers when they are inlined
  std::map<std::size_t, std::unique_ptr<Scope>> inner;  // by place

  const LayerConfig& layer() const { return parent->model.layers[place]; }
};

class Inlining {
 public:
  explicit Inlining(const ModelConfig& model) : top_(model) {}

  Result<ModelConfig> run() {
    flat_.name = top_.model.name;
    flat_.keras_major = top_.model.keras_major;
    flat_.inputs = top_.model.inputs;
    TINYSPLIT_RETURN_IF_ERROR(name_layers(top_));
    TINYSPLIT_RETURN_IF_ERROR(add_layers(top_));
    for (const TensorRef& output : top_.model.outputs) {
      TINYSPLIT_ASSIGN_OR_RETURN(TensorRef resolved, resolve(top_, 0, output));
      flat_.outputs.push_back(std::move(resolved));
    }
    TINYSPLIT_RETURN_IF_ERROR(order_layers(flat_));
    return std::move(flat_);
  }

 private:
  static bool is_gone(const LayerConfig& layer, const Scope& scope) {
    return layer.is_input() && scope.parent != nullptr;
  }

  // The whole tree before any call is resolved: a call may lead into a model that comes later.
  Status name_layers(Scope& scope) {
    const std::vector<LayerConfig>& layers = scope.model.layers;
    scope.names.resize(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const LayerConfig& layer = layers[i];
      scope.index[layer.name] = i;
      if (layer.model) {
        TINYSPLIT_RETURN_IF_ERROR(name_layer(open_model(scope, i), layer));
      } else if (!is_gone(layer, scope)) {
        TINYSPLIT_RETURN_IF_ERROR(count(scope, layer));
        scope.names[i] = free_name(scope.prefix + layer.name, layer.name);
      }
    }
    return ok_status();
  }

  Status open_model(Scope& scope, std::size_t place) {
    const LayerConfig& layer = scope.model.layers[place];
    if (layer.calls.empty()) return invalid_argument("it is called on nothing");
    for (const CallConfig& call : layer.calls) {
      TINYSPLIT_RETURN_IF_ERROR(check_call(call, *layer.model));
    }
    if (scope.calls > limits::kMaxNodes / layer.calls.size()) return too_many_calls();
    std::unique_ptr<Scope>& inner = scope.inner[place];
    inner = std::make_unique<Scope>(scope, place);
    return name_layers(*inner);
  }

  static Status check_call(const CallConfig& call, const ModelConfig& model) {
    std::vector<std::string> keys;
    for (const auto& [key, tensors] : call.named) keys.push_back(key);
    for (const auto& [key, value] : call.arguments) {
      // What Keras 3 records of it gives way to what the model is run with, as for a layer.
      if (key != "training" || model.keras_major != 3) keys.push_back(key);
    }
    if (!keys.empty()) {
      return unimplemented("it is called with the argument " + keys[0].substr(0, 64) +
                           ", which is not supported");
    }
    if (call.inputs.size() == model.inputs.size()) return ok_status();
    return invalid_argument("it is called on " + std::to_string(call.inputs.size()) +
                            " tensors, it takes " + std::to_string(model.inputs.size()));
  }

  static Status too_many_calls() {
    return resource_exhausted("the layers of the model are called more than " +
                              std::to_string(limits::kMaxNodes) + " times");
  }

  Status count(const Scope& scope, const LayerConfig& layer) {
    num_calls_ += scope.calls * std::max<std::size_t>(layer.calls.size(), 1);
    if (num_calls_ > limits::kMaxNodes) return too_many_calls();
    if (++num_layers_ <= limits::kMaxLayers) return ok_status();
    return resource_exhausted("the model has more than " + std::to_string(limits::kMaxLayers) +
                              " layers, those of the models in it counted");
  }

  // A layer of Keras 2 may itself be named "base/conv"; and models in models may make long names.
  std::string free_name(std::string name, const std::string& own) {
    constexpr std::size_t kRoomForNumber = 16;
    if (name.size() > limits::kMaxNameBytes) {
      name = own.substr(0, limits::kMaxNameBytes - kRoomForNumber);
    }
    std::string free = name;
    for (int number = 1; !taken_.insert(free).second; ++number) {
      free = name + "_" + std::to_string(number);
    }
    return free;
  }

  Status add_layers(const Scope& scope) {
    const std::vector<LayerConfig>& layers = scope.model.layers;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (layers[i].model) {
        TINYSPLIT_RETURN_IF_ERROR(add_layers(*scope.inner.at(i)));
      } else if (!is_gone(layers[i], scope)) {
        TINYSPLIT_RETURN_IF_ERROR(name_layer(add_layer(scope, i), layers[i]));
      } else if (!layers[i].calls.empty()) {
        return name_layer(invalid_argument("it is an input, but has inputs"), layers[i]);
      }
    }
    return ok_status();
  }

  Status add_layer(const Scope& scope, std::size_t place) {
    LayerConfig layer = scope.model.layers[place];
    const std::vector<CallConfig> own = std::exchange(layer.calls, {});
    layer.name = scope.names[place];
    for (std::size_t outer = 0; outer < scope.calls; ++outer) {
      for (const CallConfig& call : own) {
        CallConfig& inlined = layer.calls.emplace_back(call);
        TINYSPLIT_RETURN_IF_ERROR(resolve_all(scope, outer, inlined.inputs));
        for (auto& [key, tensors] : inlined.named) {
          TINYSPLIT_RETURN_IF_ERROR(resolve_all(scope, outer, tensors));
        }
      }
    }
    flat_.layers.push_back(std::move(layer));
    return ok_status();
  }

  Status resolve_all(const Scope& scope, std::size_t call, std::vector<TensorRef>& tensors) const {
    for (TensorRef& tensor : tensors) {
      TINYSPLIT_ASSIGN_OR_RETURN(tensor, resolve(scope, call, tensor));
    }
    return ok_status();
  }

  // What `tensor` is in call `call` of the model of `scope`. Leads into models by their outputs and
  // out of them by their inputs; it ends because the calls of each model were put in order.
  Result<TensorRef> resolve(const Scope& from, std::size_t call, TensorRef tensor) const {
    const Scope* scope = &from;
    while (tensor.constant == nullptr) {
      const std::size_t place = scope->index.at(tensor.layer);
      const LayerConfig& layer = scope->model.layers[place];
      if (layer.model) {
        const std::vector<TensorRef>& outputs = layer.model->outputs;
        if (tensor.output >= outputs.size()) return no_such_output(tensor);
        call = call * layer.calls.size() + tensor.call;
        tensor = outputs[tensor.output];
        scope = scope->inner.at(place).get();
      } else if (is_gone(layer, *scope)) {
        if (tensor.output != 0) return no_such_output(tensor);
        const std::vector<std::string>& inputs = scope->model.inputs;
        const auto input = std::ranges::find(inputs, layer.name) - inputs.begin();
        const std::vector<CallConfig>& calls = scope->layer().calls;
        tensor = calls[call % calls.size()].inputs[static_cast<std::size_t>(input)];
        call /= calls.size();
        scope = scope->parent;
      } else {
        tensor.layer = scope->names[place];
        tensor.call += call * layer.calls.size();
        break;
      }
    }
    return tensor;
  }

  static Status no_such_output(const TensorRef& tensor) {
    return invalid_argument("output " + std::to_string(tensor.output) + " of layer \"" +
                            tensor.layer + "\" is used, which there is not");
  }

  Scope top_;
  ModelConfig flat_;
  std::set<std::string> taken_;
  std::size_t num_layers_ = 0;
  std::size_t num_calls_ = 0;
};

}  // namespace

Result<ModelConfig> inline_models(const ModelConfig& model) { return Inlining(model).run(); }

}  // namespace tinysplit::keras
