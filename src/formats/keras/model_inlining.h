#pragma once

#include "core/status.h"
#include "formats/keras/model_config.h"

namespace tinysplit::keras {

// `model` with the layers of every model used as a layer in the place of that layer, named
// "<model's layer>/<layer>", models inside of models included; models that TimeDistributed wraps
// stay. The input layers of such models are gone: what reads them reads what the model is called
// on. Of a model that is called several times each layer is called as many times. Layers stand in
// the order in which the tree of models is walked; entries are made anew.
// Errors, which name the layer: INVALID_ARGUMENT (a call that does not fit the model),
// UNIMPLEMENTED (arguments by keyword), RESOURCE_EXHAUSTED (limits::kMaxLayers; limits::kMaxNodes
// calls of all layers).
Result<ModelConfig> inline_models(const ModelConfig& model);

}  // namespace tinysplit::keras
