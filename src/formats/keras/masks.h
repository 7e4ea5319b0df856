#pragma once

#include <set>

#include "formats/keras/layer_context.h"
#include "formats/keras/model_config.h"

namespace tinysplit::keras {

// Keras hands a mask on beside some tensors (Embedding with mask_zero makes one) until a layer uses
// it, or one that does not know of masks drops it. Masks are not supported, where they matter.

// Errors: UNIMPLEMENTED: the layer would use a mask, or computes on numbers of such a dtype.
Status check_inputs_of(const LayerConfig& layer, const LayerContext& context,
                       const std::set<ValueId>& masked);

// Marks the outputs of a layer to which a mask is attached.
void carry_mask(const LayerConfig& layer, const std::vector<ValueId>& inputs,
                const std::vector<ValueId>& outputs, std::set<ValueId>& masked);

}  // namespace tinysplit::keras
