#include "formats/keras/keras_reader.h"

#include <exception>
#include <new>
#include <optional>
#include <utility>

#include "core/file.h"
#include "core/limits.h"
#include "formats/keras/graph_translation.h"
#include "formats/keras/hdf5_file.h"
#include "formats/keras/json_text.h"
#include "formats/keras/layer_checks.h"
#include "formats/keras/model_config.h"
#include "formats/keras/weights.h"
#include "formats/keras/zip_archive.h"

namespace tinysplit {
namespace {

using namespace keras;  // NOLINT: this file is the door of that namespace

using GraphResult = Result<std::shared_ptr<const Graph>>;

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

// What a .keras file holds, unpacked.
struct UnpackedArchive {
  ModelConfig model;
  std::string weights;  // an HDF5 file
};

Result<UnpackedArchive> unpack(std::string_view bytes) {
  TINYSPLIT_ASSIGN_OR_RETURN(const ZipArchive archive, ZipArchive::open(bytes));
  UnpackedArchive unpacked;
  TINYSPLIT_ASSIGN_OR_RETURN(unpacked.model, archive_model(archive));
  TINYSPLIT_ASSIGN_OR_RETURN(unpacked.weights,
                             read_entry(archive, "model.weights.h5", limits::kMaxModelFileBytes));
  return unpacked;
}

GraphResult translate_archive(const UnpackedArchive& archive, const std::string& name,
                              const std::string& digest) {
  Result<Hdf5File> file = Hdf5File::open(archive.weights);
  if (!file.ok()) return file.status().with_context("model.weights.h5");
  TINYSPLIT_ASSIGN_OR_RETURN(const auto source, open_archive_weights(*file, archive.model.layers));
  return translate_model(archive.model, *source, name, digest);
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

GraphResult read_legacy(std::string_view bytes, const std::string& name,
                        const std::string& digest) {
  TINYSPLIT_ASSIGN_OR_RETURN(Hdf5File file, Hdf5File::open(bytes));
  TINYSPLIT_ASSIGN_OR_RETURN(const ModelConfig model, legacy_model(file));
  TINYSPLIT_ASSIGN_OR_RETURN(const auto source, open_legacy_weights(file));
  return translate_model(model, *source, name, digest);
}

// `release` is called when `bytes` are needed no longer.
template <typename Release>
GraphResult read_either(std::string_view bytes, const std::string& name, const Release& release) {
  if (ZipArchive::has_signature(bytes)) {
    const std::string digest = sha256_hex(bytes);
    TINYSPLIT_ASSIGN_OR_RETURN(const UnpackedArchive archive, unpack(bytes));
    release();
    return translate_archive(archive, name, digest);
  }
  if (Hdf5File::has_signature(bytes)) return read_legacy(bytes, name, sha256_hex(bytes));
  return invalid_argument("not a Keras model: neither a .keras archive nor an .h5 file");
}

Result<ModelConfig> read_config(std::string_view bytes) {
  if (ZipArchive::has_signature(bytes)) {
    TINYSPLIT_ASSIGN_OR_RETURN(const ZipArchive archive, ZipArchive::open(bytes));
    return archive_model(archive);
  }
  TINYSPLIT_ASSIGN_OR_RETURN(Hdf5File file, Hdf5File::open(bytes));
  return legacy_model(file);
}

void count_layers(const ModelConfig& model, OperatorCount& count);

void count_layer(const LayerConfig& layer, OperatorCount& count) {
  // Those of a Sequential model stand in no file.
  if (layer.is_input() && !layer.numbered) return;
  const std::string kind = layer.is_operation() ? "operation " + layer.class_name
                           : layer.registered_name.find('>') == std::string::npos
                               ? layer.class_name
                               : layer.registered_name;
  count.add(kind, check_class(layer).ok());
  if (layer.wrapped) count_layer(*layer.wrapped, count);
  if (layer.model) count_layers(*layer.model, count);
}

void count_layers(const ModelConfig& model, OperatorCount& count) {
  for (const LayerConfig& layer : model.layers) count_layer(layer, count);
}

// What `read` returns, or what it threw.
template <typename Value, typename Read>
Result<Value> read_safely(const Read& read) {
  try {
    return read();
  } catch (const std::bad_alloc&) {
    return resource_exhausted("the model does not fit in memory");
  } catch (const std::exception& error) {
    return internal_error("reading the model failed: " + std::string(error.what()));
  }
}

}  // namespace

bool looks_like_keras_model(std::string_view bytes) {
  return ZipArchive::has_signature(bytes) || Hdf5File::has_signature(bytes);
}

GraphResult read_keras_model_bytes(std::string_view bytes, const std::string& name) {
  return read_safely<std::shared_ptr<const Graph>>([&] { return read_either(bytes, name, [] {}); });
}

GraphResult read_keras_model_bytes(std::string&& bytes, const std::string& name) {
  return read_safely<std::shared_ptr<const Graph>>(
      [&] { return read_either(bytes, name, [&bytes] { std::string().swap(bytes); }); });
}

Result<std::vector<OperatorUse>> count_keras_layers(std::string_view bytes) {
  return read_safely<std::vector<OperatorUse>>([&]() -> Result<std::vector<OperatorUse>> {
    TINYSPLIT_ASSIGN_OR_RETURN(const ModelConfig model, read_config(bytes));
    OperatorCount count;
    count_layers(model, count);
    return count.take();
  });
}

GraphResult read_keras_model(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::string bytes, read_file(path, limits::kMaxModelFileBytes));
  GraphResult graph = read_keras_model_bytes(std::move(bytes), path.stem().string());
  if (!graph.ok()) return graph.status().with_context(path.string());
  return graph;
}

}  // namespace tinysplit
