#include "formats/keras/keras_reader.h"

#include <exception>
#include <new>
#include <utility>

#include "core/file.h"
#include "core/limits.h"
#include "formats/keras/graph_translation.h"
#include "formats/keras/hdf5_file.h"
#include "formats/keras/layer_checks.h"
#include "formats/keras/model_file.h"
#include "formats/keras/zip_archive.h"

namespace tinysplit {
namespace {

using namespace keras;  // NOLINT: this file is the door of that namespace

using GraphResult = Result<std::shared_ptr<const Graph>>;

// `release` is called when `bytes` are needed no longer.
template <typename Release>
GraphResult read_either(std::string_view bytes, const std::string& name, const InputSizes& sizes,
                        const Release& release) {
  const std::string digest = sha256_hex(bytes);
  TINYSPLIT_ASSIGN_OR_RETURN(const auto file, ModelFile::open(bytes));
  if (!file->needs_bytes()) release();
  return translate_model(file->model(), file->weights(), name, digest, sizes);
}

void count_layers(const ModelConfig& model, OperatorCount& count);

void count_layer(const LayerConfig& layer, OperatorCount& count) {
  // Those of a Sequential model stand in no file.
  if (layer.is_input() && !layer.numbered) return;
  const std::string function = text_of(member(layer.options, "function"));
  const std::string kind = layer.is_operation()  ? "operation " + layer.class_name
                           : layer.is_function() ? "function tf." + function.substr(0, 64)
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

GraphResult read_keras_model_bytes(std::string_view bytes, const std::string& name,
                                   const InputSizes& sizes) {
  return read_safely<std::shared_ptr<const Graph>>(
      [&] { return read_either(bytes, name, sizes, [] {}); });
}

GraphResult read_keras_model_bytes(std::string&& bytes, const std::string& name,
                                   const InputSizes& sizes) {
  return read_safely<std::shared_ptr<const Graph>>(
      [&] { return read_either(bytes, name, sizes, [&bytes] { std::string().swap(bytes); }); });
}

Result<std::vector<OperatorUse>> count_keras_layers(std::string_view bytes) {
  return read_safely<std::vector<OperatorUse>>([&]() -> Result<std::vector<OperatorUse>> {
    TINYSPLIT_ASSIGN_OR_RETURN(const ModelConfig model, read_model_config(bytes));
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
