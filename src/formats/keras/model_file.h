#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/status.h"
#include "formats/keras/hdf5_file.h"
#include "formats/keras/model_config.h"
#include "formats/keras/weights.h"

namespace tinysplit::keras {

// A Keras model file, a .keras archive or a legacy .h5 file: its configuration, and its weights
// wherever the file keeps them. The file is not trusted. May throw std::bad_alloc. Not thread-safe.
class ModelFile {
 public:
  // `bytes` must outlive the result unless needs_bytes() says that it need not.
  // Errors: INVALID_ARGUMENT (neither kind of file), those of ZipArchive, Hdf5File,
  // parse_model_config() and of opening weights.
  static Result<std::unique_ptr<ModelFile>> open(std::string_view bytes);
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;

  const ModelConfig& model() const { return model_; }
  WeightFile& weights() { return *weights_; }
  // Whether the weights are read off the bytes that the file was opened with; else they are
  // unpacked.
  bool needs_bytes() const { return unpacked_.empty(); }

 private:
  ModelFile() = default;
  Status open_archive(std::string_view bytes);
  Status open_legacy(std::string_view bytes);

  ModelConfig model_;
  std::string unpacked_;  // model.weights.h5 of an archive
  std::optional<Hdf5File> file_;
  std::unique_ptr<WeightFile> weights_;  // the last member: it uses the others
};

// The configuration alone. Precondition: the bytes begin as one of the two kinds of file.
// Errors: as ModelFile::open().
Result<ModelConfig> read_model_config(std::string_view bytes);

}  // namespace tinysplit::keras
