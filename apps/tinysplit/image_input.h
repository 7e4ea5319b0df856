#pragma once

#include <string_view>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

// The image file in `bytes` for the model input `input`, [1,H,W,C]: pixels 0..255 as float32 or
// uint8; for int8 less 128, as quantised models are fed. Errors: those of decode_image(),
// INVALID_ARGUMENT (an input of another type).
Result<Tensor> image_for(std::string_view bytes, const Value& input);

}  // namespace tinysplit
