#pragma once

#include <cstddef>
#include <vector>

#include "core/status.h"
#include "formats/keras/model_config.h"

namespace tinysplit::keras {

// The layers of a Functional model, as numbers into `model.layers`, in the order in which Keras
// lists them once it has loaded the model, whatever the order of the file: by falling depth, which
// is the longest way to an output, then in the order in which a walk from the outputs meets them.
// Weights in a .keras file are numbered by it, so that a file has to list its layers like this.
// Errors: INVALID_ARGUMENT (a layer that no output needs, which Keras would leave out).
Result<std::vector<std::size_t>> keras_order(const ModelConfig& model);

}  // namespace tinysplit::keras
