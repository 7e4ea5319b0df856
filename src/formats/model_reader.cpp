#include "formats/model_reader.h"

#include <string>
#include <utility>

#include "core/file.h"
#include "core/limits.h"
#include "formats/keras/keras_reader.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/tflite/tflite_reader.h"

namespace tinysplit {
namespace {

using GraphResult = Result<std::shared_ptr<const Graph>>;

GraphResult in_file(GraphResult graph, const std::filesystem::path& path) {
  if (!graph.ok()) return graph.status().with_context(path.string());
  return graph;
}

}  // namespace

Result<std::shared_ptr<const Graph>> read_model(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::string bytes, read_file(path, limits::kMaxModelFileBytes));
  const std::string name = path.stem().string();
  if (looks_like_keras_model(bytes)) {
    return in_file(read_keras_model_bytes(std::move(bytes), name), path);
  }
  if (looks_like_tflite_model(bytes)) {
    return in_file(read_tflite_model_bytes(bytes, name), path);
  }
  if (looks_like_onnx_model(bytes)) {
    OnnxOptions options;
    options.folder = path.parent_path();
    return in_file(read_onnx_model_bytes(std::move(bytes), name, options), path);
  }
  return invalid_argument(path.string() +
                          " is no model of a supported format: Keras (.keras, .h5), TensorFlow "
                          "Lite (.tflite) or ONNX (.onnx)");
}

}  // namespace tinysplit
