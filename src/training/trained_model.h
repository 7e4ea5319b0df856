#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "training/architecture.h"
#include "training/network.h"
#include "training/pixel_scale.h"

namespace tinysplit::training {

// A model that has weights already, to go on training it.
struct TrainedModel {
  std::shared_ptr<const Architecture> architecture;
  std::vector<std::shared_ptr<const Tensor>> parameters;  // of architecture->parameters
};

// Reads a .keras or .h5 file, which is not trusted. Errors, with the path in front: those of
// read_file, parse_architecture() and keras::read_keras_weights(); UNIMPLEMENTED (no Keras model:
// other files no longer have the layers that are trained).
Result<TrainedModel> read_trained_model(const std::filesystem::path& path);

// Gives `network`, which is to be of the model's architecture and trained on pixels as `scale`
// says, the weights of `model`, which takes raw pixels: the way back from keras_file_of().
// Errors: those of Network::set_parameter().
Status set_weights(const TrainedModel& model, const PixelScale& scale, Network& network);

// The same of a network of another architecture: each parameter that has the name and the shape of
// one of `model` is set to it. `model` takes pixels as `given` says. Returns how many were set.
// Errors: INVALID_ARGUMENT (none; or the two do not scale pixels in the same place), those of
// pixel_scale_of().
Result<std::size_t> set_matching_weights(const TrainedModel& model, const PixelScaling& given,
                                         const PixelScale& scale, Network& network);

// The network as a .keras archive that takes raw pixels, where `scale` says how they were scaled
// while it was trained. Errors: those of keras::write_keras_archive().
Result<std::string> keras_file_of(const Network& network, const PixelScale& scale);

}  // namespace tinysplit::training
