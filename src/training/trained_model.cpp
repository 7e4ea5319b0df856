#include "training/trained_model.h"

#include <map>
#include <string_view>
#include <utility>

#include "core/file.h"
#include "core/limits.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras/keras_writer.h"
#include "formats/keras/weight_reader.h"
#include "training/load_architecture.h"

namespace tinysplit::training {
namespace {

std::vector<keras::WantedLayer> weights_of(const Architecture& architecture) {
  std::vector<keras::WantedLayer> layers;
  for (const ParameterSpec& spec : architecture.parameters) {
    const std::string& layer = architecture.layers[spec.layer].name;
    if (layers.empty() || layers.back().layer != layer) layers.push_back({layer, {}});
    layers.back().weights.push_back({std::string(role_name(spec.role)), spec.shape});
  }
  return layers;
}

Result<TrainedModel> read_bytes(std::string_view bytes) {
  if (!looks_like_keras_model(bytes)) {
    return unimplemented(
        "only a Keras model (.keras, .h5) can be trained further: other files do not keep the "
        "layers that it was trained with");
  }
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string config, keras_config_of(bytes));
  TINYSPLIT_ASSIGN_OR_RETURN(Architecture architecture, parse_architecture(config));
  TrainedModel model;
  TINYSPLIT_ASSIGN_OR_RETURN(model.parameters,
                             keras::read_keras_weights(bytes, weights_of(architecture)));
  model.architecture = std::make_shared<const Architecture>(std::move(architecture));
  return model;
}

Tensor scaled(const TensorView& values, float factor) {
  Tensor copy = Tensor::copy_of(values);
  for (float& value : copy.as<float>()) value *= factor;
  return copy;
}

}  // namespace

Result<TrainedModel> read_trained_model(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes, read_file(path, limits::kMaxModelFileBytes));
  Result<TrainedModel> model = read_bytes(bytes);
  if (!model.ok()) return model.status().with_context(path.string());
  return model;
}

Status set_weights(const TrainedModel& model, const PixelScale& scale, Network& network) {
  for (std::size_t i = 0; i < model.parameters.size(); ++i) {
    const TensorView values = model.parameters[i]->view();
    if (scale.kernel == i) {
      const Tensor kernel = scaled(values, 1.0F / scale.scaling.scale);
      TINYSPLIT_RETURN_IF_ERROR(network.set_parameter(i, kernel.view()));
    } else {
      TINYSPLIT_RETURN_IF_ERROR(network.set_parameter(i, values));
    }
  }
  return ok_status();
}

Result<std::size_t> set_matching_weights(const TrainedModel& model, const PixelScaling& given,
                                         const PixelScale& scale, Network& network) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < model.parameters.size(); ++i) {
    places.emplace(model.architecture->parameter_name(i), i);
  }
  const Architecture& architecture = network.architecture();
  std::size_t matching = 0;
  for (std::size_t i = 0; i < architecture.parameters.size(); ++i) {
    const auto place = places.find(architecture.parameter_name(i));
    if (place == places.end()) continue;
    const Tensor& values = *model.parameters[place->second];
    if (values.shape() != architecture.parameters[i].shape) continue;
    const bool is_first_kernel = scale.kernel == i;
    if (is_first_kernel && given.offset != scale.scaling.offset) {
      return invalid_argument("takes pixels from " + std::to_string(given.offset) +
                              " on, the network to be trained from " +
                              std::to_string(scale.scaling.offset));
    }
    const float factor = is_first_kernel ? given.scale / scale.scaling.scale : 1.0F;
    const Tensor kernel = scaled(values.view(), factor);
    TINYSPLIT_RETURN_IF_ERROR(network.set_parameter(i, kernel.view()));
    ++matching;
  }
  if (matching > 0) return matching;
  return invalid_argument("has no weight of the name and shape of one of the network's, such as " +
                          architecture.parameter_name(0) + " of " +
                          architecture.parameters[0].shape.to_string());
}

Result<std::string> keras_file_of(const Network& network, const PixelScale& scale) {
  const Architecture& architecture = network.architecture();
  Tensor kernel;
  std::vector<keras::SavedLayer> layers;
  for (std::size_t i = 0; i < architecture.parameters.size(); ++i) {
    const ParameterSpec& spec = architecture.parameters[i];
    const std::string& layer = architecture.layers[spec.layer].name;
    if (layers.empty() || layers.back().layer != layer) layers.push_back({layer, {}});
    TensorView value = network.parameter(i);
    if (scale.kernel == i) {
      kernel = scaled(value, scale.scaling.scale);
      value = kernel.view();
    }
    layers.back().weights.push_back({std::string(role_name(spec.role)), value});
  }
  return keras::write_keras_archive(architecture.config, layers);
}

}  // namespace tinysplit::training
