#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "formats/keras/hdf5_file.h"
#include "formats/keras/model_config.h"

namespace tinysplit::keras {

// The weights of one layer, in the order in which Keras lists them (trainable ones first). Read one
// after the other, for each call of the layer again from the first.
class LayerWeights {
 public:
  LayerWeights() = default;
  // `file` must outlive the result.
  LayerWeights(Hdf5File& file, std::vector<Hdf5File::Dataset> datasets)
      : file_(&file), datasets_(std::move(datasets)), read_(datasets_.size()) {}

  // As Keras' count_params() counts.
  std::int64_t num_elements() const;

  // Weights not taken yet.
  std::size_t remaining() const { return datasets_.size() - taken_; }

  // The next weight, under shape `as` of as many elements if that is given; `what` is its name in
  // messages ("kernel"). Shared by all calls, never read twice.
  // Errors: INVALID_ARGUMENT (missing, of another shape), UNIMPLEMENTED (no float).
  Result<std::shared_ptr<const Tensor>> take(const Shape& shape, const char* what,
                                             const std::optional<Shape>& as = {});

  // The next weight is there but of no use ("count").
  void skip() { ++taken_; }

  // For the next call of the layer.
  void rewind() { taken_ = 0; }

  // Errors: INVALID_ARGUMENT: the file has more weights than the configuration asks for.
  Status expect_all_taken() const;

 private:
  Hdf5File* file_ = nullptr;
  std::vector<Hdf5File::Dataset> datasets_;
  std::vector<std::shared_ptr<const Tensor>> read_;
  std::size_t taken_ = 0;
};

// Where a file keeps the weights of the layers of one model.
class WeightFile {
 public:
  virtual ~WeightFile() = default;
  // Of a layer that is no model, and wraps none.
  // Errors: those of Hdf5File; INVALID_ARGUMENT (weights listed that are not there).
  virtual Result<LayerWeights> weights_of(const LayerConfig& layer) = 0;
  // The weights of `model`, which is, or is wrapped by, `layer` of this model. `model` must outlive
  // the result. Errors: as above.
  virtual Result<std::unique_ptr<WeightFile>> inside(const LayerConfig& layer,
                                                     const ModelConfig& model) = 0;
};

// model.weights.h5 of a .keras file: "layers/<name>/vars/<i>", where <name> is the layer's class in
// snake case, with a number from the second of its class on. Layers made of others have groups of
// those: "layers/lstm/cell/vars/<i>", "layers/functional/layers/dense/vars/<i>".
// `layers` in the file's order; `file` and `layers` must outlive the result.
Result<std::unique_ptr<WeightFile>> open_archive_weights(Hdf5File& file,
                                                         const std::vector<LayerConfig>& layers);

// A legacy .h5 file: "model_weights/<layer name>" with the attribute "weight_names", which lists
// all weights of a model used as a layer. `file` must outlive the result.
Result<std::unique_ptr<WeightFile>> open_legacy_weights(Hdf5File& file);

// "Conv2DTranspose" -> "conv2d_transpose", "ReLU" -> "re_lu", "PReLU" -> "p_re_lu", as Keras does
// it.
std::string snake_case(std::string_view class_name);

// An attribute of text; Keras splits one that is too long for HDF5 into name0, name1, ...
// Errors: those of Hdf5File; NOT_FOUND.
Result<std::vector<std::string_view>> long_attribute(Hdf5File& file, Hdf5File::Address object,
                                                     const std::string& name);

}  // namespace tinysplit::keras
