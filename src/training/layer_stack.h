#pragma once

#include <string>
#include <utility>

#include "training/keras_config.h"

namespace tinysplit::training {

// The layers that the named architectures are made of, added to a configuration.
class LayerStack {
 public:
  using Dims = std::pair<std::int64_t, std::int64_t>;  // height, width

  struct ConvOptions {
    std::int64_t filters = 1;
    Dims kernel{3, 3};
    std::int64_t stride = 1;
    bool same = true;  // padding "same", else "valid"
    bool bias = true;
    const char* activation = "linear";
    double l2 = 0.0;  // penalty of the kernel
    bool he = false;  // He's initialiser rather than Glorot's
  };

  explicit LayerStack(KerasConfig& config) : config_(config) {}

  Feature rescale(const std::string& name, const Feature& x);  // by 1/255
  Feature conv(const std::string& name, const Feature& x, const ConvOptions& options);
  Feature depthwise(const std::string& name, const Feature& x, std::int64_t stride);
  Feature norm(const std::string& name, const Feature& x, double momentum = 0.99);
  Feature relu(const std::string& name, const Feature& x);
  Feature add(const std::string& name, const Feature& x, const Feature& y);
  Feature dropout(const std::string& name, const Feature& x, double rate);
  Feature max_pool(const std::string& name, const Feature& x, std::int64_t size);
  // The mean over the whole image, [1,1,C].
  Feature average_all(const std::string& name, const Feature& x);
  Feature global_average(const std::string& name, const Feature& x);  // [C]
  Feature flatten(const std::string& name, const Feature& x);
  Feature dense(const std::string& name, const Feature& x, std::int64_t units,
                const char* activation = "linear", bool he = false);

 private:
  KerasConfig& config_;
};

}  // namespace tinysplit::training
