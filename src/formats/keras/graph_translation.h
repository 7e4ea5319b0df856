#pragma once

#include <memory>
#include <string>

#include "core/status.h"
#include "formats/keras/model_config.h"
#include "formats/keras/weights.h"
#include "graph/graph.h"
#include "graph/input_sizes.h"

namespace tinysplit::keras {

// Builds the graph of a model whose configuration was parsed. Errors name the layer.
Result<std::shared_ptr<const Graph>> translate_model(const ModelConfig& model, WeightFile& weights,
                                                     const std::string& name,
                                                     const std::string& digest,
                                                     const InputSizes& sizes = {});

}  // namespace tinysplit::keras
