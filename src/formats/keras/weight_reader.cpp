#include "formats/keras/weight_reader.h"

#include <algorithm>
#include <exception>
#include <new>

#include "formats/keras/model_file.h"

namespace tinysplit::keras {
namespace {

using Tensors = std::vector<std::shared_ptr<const Tensor>>;

Status read_layer(const LayerConfig& layer, const WantedLayer& wanted, WeightFile& source,
                  Tensors& tensors) {
  TINYSPLIT_ASSIGN_OR_RETURN(LayerWeights weights, source.weights_of(layer));
  for (const WantedWeight& weight : wanted.weights) {
    TINYSPLIT_ASSIGN_OR_RETURN(auto tensor, weights.take(weight.shape, weight.name.c_str()));
    tensors.push_back(std::move(tensor));
  }
  return weights.expect_all_taken();
}

Result<Tensors> read_layers(std::string_view bytes, std::span<const WantedLayer> layers) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto file, ModelFile::open(bytes));
  Tensors tensors;
  for (const WantedLayer& wanted : layers) {
    const std::vector<LayerConfig>& known = file->model().layers;
    const auto layer = std::ranges::find(known, wanted.layer, &LayerConfig::name);
    if (layer == known.end()) {
      return invalid_argument("the file has no layer \"" + wanted.layer + "\"");
    }
    const Status status = read_layer(*layer, wanted, file->weights(), tensors);
    if (!status.ok()) return status.with_context("layer " + layer->describe());
  }
  return tensors;
}

}  // namespace

Result<Tensors> read_keras_weights(std::string_view bytes, std::span<const WantedLayer> layers) {
  try {
    return read_layers(bytes, layers);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("the weights do not fit in memory");
  } catch (const std::exception& error) {
    return internal_error("reading the weights failed: " + std::string(error.what()));
  }
}

}  // namespace tinysplit::keras
