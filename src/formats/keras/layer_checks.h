#pragma once

#include "core/dtype.h"
#include "core/status.h"
#include "formats/keras/model_config.h"
#include "graph/input_sizes.h"

namespace tinysplit::keras {

// Adds the layer to a message that does not name it yet.
Status name_layer(const Status& status, const LayerConfig& layer);

// Whether the class of the layer alone is supported, for those that take no layer or model of their
// own: UNIMPLEMENTED, without the layer's name.
Status check_class(const LayerConfig& layer);

// Before anything is translated: whether the layer, and all inside of it, are of classes, dtypes
// and calls that are supported. Errors name the layer: UNIMPLEMENTED, INVALID_ARGUMENT.
Status check_layer(const LayerConfig& layer);

struct InputType {
  DType dtype = DType::kFloat32;
  DeclaredInput declared;
};
// Errors: INVALID_ARGUMENT, UNIMPLEMENTED (sparse, dtype).
Result<InputType> parse_input_type(const LayerConfig& layer);

}  // namespace tinysplit::keras
