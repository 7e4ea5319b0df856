#include "training/layer_stack.h"

namespace tinysplit::training {
namespace {

using Json = KerasConfig::Json;

Json initializer(const char* class_name) {
  Json json;
  json["module"] = "keras.initializers";
  json["class_name"] = class_name;
  json["config"]["seed"] = nullptr;
  json["registered_name"] = nullptr;
  return json;
}

Json l2_penalty(double factor) {
  Json json;
  json["module"] = "keras.regularizers";
  json["class_name"] = "L2";
  json["config"]["l2"] = factor;
  json["registered_name"] = nullptr;
  return json;
}

std::int64_t divided_up(std::int64_t size, std::int64_t by) { return (size + by - 1) / by; }

}  // namespace

Feature LayerStack::rescale(const std::string& name, const Feature& x) {
  Json options;
  options["scale"] = 1.0 / 255.0;
  options["offset"] = 0.0;
  return config_.add("Rescaling", name, std::move(options), {x}, x.shape);
}

Feature LayerStack::conv(const std::string& name, const Feature& x, const ConvOptions& options) {
  const auto [height, width] = options.kernel;
  Json json;
  json["filters"] = options.filters;
  json["kernel_size"] = Json::array({height, width});
  json["strides"] = Json::array({options.stride, options.stride});
  json["padding"] = options.same ? "same" : "valid";
  json["dilation_rate"] = Json::array({1, 1});
  json["groups"] = 1;
  json["activation"] = options.activation;
  json["use_bias"] = options.bias;
  if (options.he) json["kernel_initializer"] = initializer("HeNormal");
  if (options.l2 > 0.0) json["kernel_regularizer"] = l2_penalty(options.l2);
  const std::int64_t cut_y = options.same ? 0 : height - 1;
  const std::int64_t cut_x = options.same ? 0 : width - 1;
  return config_.add("Conv2D", name, std::move(json), {x},
                     {divided_up(x.shape[0] - cut_y, options.stride),
                      divided_up(x.shape[1] - cut_x, options.stride), options.filters});
}

Feature LayerStack::depthwise(const std::string& name, const Feature& x, std::int64_t stride) {
  Json options;
  options["kernel_size"] = Json::array({3, 3});
  options["strides"] = Json::array({stride, stride});
  options["padding"] = "same";
  options["depth_multiplier"] = 1;
  return config_.add("DepthwiseConv2D", name, std::move(options), {x},
                     {divided_up(x.shape[0], stride), divided_up(x.shape[1], stride), x.shape[2]});
}

Feature LayerStack::norm(const std::string& name, const Feature& x, double momentum) {
  Json options;
  options["axis"] = -1;
  options["momentum"] = momentum;
  options["epsilon"] = 1e-3;
  return config_.add("BatchNormalization", name, std::move(options), {x}, x.shape);
}

Feature LayerStack::relu(const std::string& name, const Feature& x) {
  Json options;
  options["activation"] = "relu";
  return config_.add("Activation", name, std::move(options), {x}, x.shape);
}

Feature LayerStack::add(const std::string& name, const Feature& x, const Feature& y) {
  return config_.add("Add", name, Json::object(), {x, y}, x.shape);
}

Feature LayerStack::dropout(const std::string& name, const Feature& x, double rate) {
  Json options;
  options["rate"] = rate;
  return config_.add("Dropout", name, std::move(options), {x}, x.shape);
}

Feature LayerStack::max_pool(const std::string& name, const Feature& x, std::int64_t size) {
  Json options;
  options["pool_size"] = Json::array({size, size});
  options["strides"] = Json::array({size, size});
  options["padding"] = "valid";
  return config_.add("MaxPooling2D", name, std::move(options), {x},
                     {x.shape[0] / size, x.shape[1] / size, x.shape[2]});
}

Feature LayerStack::average_all(const std::string& name, const Feature& x) {
  Json options;
  options["pool_size"] = Json::array({x.shape[0], x.shape[1]});
  options["strides"] = options["pool_size"];
  options["padding"] = "valid";
  return config_.add("AveragePooling2D", name, std::move(options), {x}, {1, 1, x.shape[2]});
}

Feature LayerStack::global_average(const std::string& name, const Feature& x) {
  return config_.add("GlobalAveragePooling2D", name, Json::object(), {x}, {x.shape[2]});
}

Feature LayerStack::flatten(const std::string& name, const Feature& x) {
  std::int64_t length = 1;
  for (const std::int64_t dim : x.shape) length *= dim;
  return config_.add("Flatten", name, Json::object(), {x}, {length});
}

Feature LayerStack::dense(const std::string& name, const Feature& x, std::int64_t units,
                          const char* activation, bool he) {
  Json options;
  options["units"] = units;
  options["activation"] = activation;
  options["use_bias"] = true;
  if (he) options["kernel_initializer"] = initializer("HeNormal");
  return config_.add("Dense", name, std::move(options), {x}, {units});
}

}  // namespace tinysplit::training
