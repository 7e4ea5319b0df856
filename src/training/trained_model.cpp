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

// Weights mean the same in both only if both scale pixels in a layer of their own, or both in the
// kernel of the same name.
Status check_pixels(const Architecture& from, const PixelScaling& given, const Architecture& to,
                    const PixelScale& scale) {
  TINYSPLIT_ASSIGN_OR_RETURN(const PixelScale own, pixel_scale_of(from));
  const auto place = [](const Architecture& architecture, const PixelScale& pixels) {
    return pixels.kernel ? architecture.parameter_name(*pixels.kernel)
                         : std::string("a layer of its own");
  };
  if (place(from, own) != place(to, scale)) {
    return invalid_argument("scales pixels in " + place(from, own) + ", the network in " +
                            place(to, scale) + ": weights of one mean nothing in the other");
  }
  const bool fits = own.kernel ? given.offset == scale.scaling.offset : given == PixelScaling{};
  if (fits) return ok_status();
  return invalid_argument("takes other pixels than the network: its preprocessing.json says so");
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
  const Architecture& architecture = network.architecture();
  TINYSPLIT_RETURN_IF_ERROR(check_pixels(*model.architecture, given, architecture, scale));
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < model.parameters.size(); ++i) {
    places.emplace(model.architecture->parameter_name(i), i);
  }
  std::size_t matching = 0;
  for (std::size_t i = 0; i < architecture.parameters.size(); ++i) {
    const auto place = places.find(architecture.parameter_name(i));
    if (place == places.end()) continue;
    const Tensor& values = *model.parameters[place->second];
    if (values.shape() != architecture.parameters[i].shape) continue;
    const float factor = scale.kernel == i ? given.scale / scale.scaling.scale : 1.0F;
    const Tensor kernel = scaled(values.view(), factor);
    TINYSPLIT_RETURN_IF_ERROR(network.set_parameter(i, kernel.view()));
    ++matching;
  }
  if (matching > 0) return matching;
  return invalid_argument("has no weight of the name and shape of one of the network's");
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
