#include "formats/keras/model_file.h"

#include <utility>

#include "core/limits.h"
#include "formats/keras/json_text.h"
#include "formats/keras/zip_archive.h"

namespace tinysplit::keras {
namespace {

Result<std::string> read_entry(const ZipArchive& archive, const std::string& name,
                               std::size_t max_bytes) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::optional<std::string> contents, archive.read(name, max_bytes));
  if (!contents) {
    return invalid_argument("the zip file has no \"" + name +
                            "\"; it is not a Keras model, or one "
                            "whose weights are split over several files");
  }
  return std::move(*contents);
}

Result<Json> read_json_entry(const ZipArchive& archive, const std::string& name) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string text,
                             read_entry(archive, name, limits::kMaxModelConfigBytes));
  Result<Json> json = parse_json(text);
  if (!json.ok()) return json.status().with_context(name);
  return json;
}

// The version that wrote the file; empty where it does not say.
Result<std::string> archive_version(const ZipArchive& archive) {
  const std::string name = "metadata.json";
  constexpr std::size_t kMaxBytes = 1 << 20;
  TINYSPLIT_ASSIGN_OR_RETURN(const std::optional<std::string> text, archive.read(name, kMaxBytes));
  if (!text) return std::string();
  const Result<Json> json = parse_json(*text);
  if (!json.ok()) return json.status().with_context(name);
  return text_of(member(*json, "keras_version"));
}

Result<ModelConfig> archive_model(const ZipArchive& archive) {
  TINYSPLIT_ASSIGN_OR_RETURN(Json config, read_json_entry(archive, "config.json"));
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string version, archive_version(archive));
  return parse_model_config(std::move(config), version);
}

Result<ModelConfig> legacy_model(Hdf5File& file) {
  TINYSPLIT_ASSIGN_OR_RETURN(const auto text, file.strings(file.root(), "model_config"));
  if (!text || text->size() != 1) {
    return invalid_argument(
        "the HDF5 file has no \"model_config\": it holds weights only, or is "
        "not from Keras; save the whole model");
  }
  if (text->front().size() > limits::kMaxModelConfigBytes) {
    return resource_exhausted("\"model_config\" has " + std::to_string(text->front().size()) +
                              " bytes, at most " + std::to_string(limits::kMaxModelConfigBytes) +
                              " are allowed");
  }
  Result<Json> config = parse_json(text->front());
  if (!config.ok()) return config.status().with_context("model_config");
  TINYSPLIT_ASSIGN_OR_RETURN(const auto version, file.strings(file.root(), "keras_version"));
  const bool versioned = version && version->size() == 1;
  return parse_model_config(std::move(*config), versioned ? std::string(version->front()) : "");
}

Status not_keras() {
  return invalid_argument("not a Keras model: neither a .keras archive nor an .h5 file");
}

}  // namespace

Result<std::unique_ptr<ModelFile>> ModelFile::open(std::string_view bytes) {
  std::unique_ptr<ModelFile> file(new ModelFile());
  if (ZipArchive::has_signature(bytes)) {
    TINYSPLIT_RETURN_IF_ERROR(file->open_archive(bytes));
  } else if (Hdf5File::has_signature(bytes)) {
    TINYSPLIT_RETURN_IF_ERROR(file->open_legacy(bytes));
  } else {
    return not_keras();
  }
  return file;
}

Status ModelFile::open_archive(std::string_view bytes) {
  {
    TINYSPLIT_ASSIGN_OR_RETURN(const ZipArchive archive, ZipArchive::open(bytes));
    TINYSPLIT_ASSIGN_OR_RETURN(model_, archive_model(archive));
    TINYSPLIT_ASSIGN_OR_RETURN(unpacked_,
                               read_entry(archive, "model.weights.h5", limits::kMaxModelFileBytes));
  }
  Result<Hdf5File> file = Hdf5File::open(unpacked_);
  if (!file.ok()) return file.status().with_context("model.weights.h5");
  file_.emplace(std::move(*file));
  TINYSPLIT_ASSIGN_OR_RETURN(weights_, open_archive_weights(*file_, model_.layers));
  return ok_status();
}

Status ModelFile::open_legacy(std::string_view bytes) {
  TINYSPLIT_ASSIGN_OR_RETURN(Hdf5File file, Hdf5File::open(bytes));
  file_.emplace(std::move(file));
  TINYSPLIT_ASSIGN_OR_RETURN(model_, legacy_model(*file_));
  TINYSPLIT_ASSIGN_OR_RETURN(weights_, open_legacy_weights(*file_));
  return ok_status();
}

Result<ModelConfig> read_model_config(std::string_view bytes) {
  if (ZipArchive::has_signature(bytes)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ZipArchive archive, ZipArchive::open(bytes));
    return archive_model(archive);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Hdf5File file, Hdf5File::open(bytes));
  return legacy_model(file);
}

}  // namespace tinysplit::keras
