#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"

namespace tinysplit::keras {

// A weight of a layer, float32. `name` is what Keras calls it ("kernel", "moving_mean"); in layers
// that keep theirs in a part of them, with that part before it ("cell/recurrent_kernel" of an LSTM,
// "forward_layer/cell/kernel" of a Bidirectional). The data must outlive the writing.
struct SavedWeight {
  std::string name;
  TensorView value;
};

// The weights of the layer `layer`, in the order of Keras' layer.weights: trainable ones first
// (BatchNormalization: gamma, beta, moving_mean, moving_variance).
struct SavedLayer {
  std::string layer;
  std::vector<SavedWeight> weights;
};

// A model file of Keras from the configuration of a Sequential or Functional model and its weights.
// `config` is the JSON that Keras 3's model.to_json() gives and config.json holds: an object with
// "class_name" and "config". `layers` come in any order; those without weights may be left out.
// Layers of a Functional model are put into Keras' own order (keras_order.h), by which Keras finds
// their weights. Equal input gives equal bytes. Whether the weights are those that each layer asks
// for only a reader of the file finds out.
//
// Errors: INVALID_ARGUMENT (no configuration of a model, weights for a layer that it does not
// have, a weight twice, a weight that is not float32), UNIMPLEMENTED (a model used as a layer, one
// that is not Sequential or Functional), INTERNAL (a library's). Thread-safe.
//
// A .keras archive: metadata.json, config.json and model.weights.h5, as Keras 3 writes it.
Result<std::string> write_keras_archive(std::string_view config,
                                        std::span<const SavedLayer> layers);
// A legacy .h5 file: the configuration as the attribute "model_config", the weights below
// "model_weights".
Result<std::string> write_keras_hdf5(std::string_view config, std::span<const SavedLayer> layers);

}  // namespace tinysplit::keras
