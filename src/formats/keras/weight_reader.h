#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/shape.h"
#include "core/status.h"
#include "core/tensor.h"

namespace tinysplit::keras {

// A weight that a layer is to have; `name` is for messages ("kernel").
struct WantedWeight {
  std::string name;
  Shape shape;
};

// The weights of the layer `layer`, all of them, in the order of SavedLayer (keras_writer.h).
struct WantedLayer {
  std::string layer;
  std::vector<WantedWeight> weights;
};

// The weights of a .keras or .h5 file by their layers, as float32 tensors: those of the first layer
// of `layers`, then those of the second... The way back from write_keras_archive() and
// write_keras_hdf5(). `bytes` is the whole file; it is not trusted.
// Errors, which name the layer: those of opening the file; INVALID_ARGUMENT (no such layer, a
// weight that is missing, too many or of another shape), UNIMPLEMENTED (no float),
// RESOURCE_EXHAUSTED. Never throws. Thread-safe.
Result<std::vector<std::shared_ptr<const Tensor>>> read_keras_weights(
    std::string_view bytes, std::span<const WantedLayer> layers);

}  // namespace tinysplit::keras
