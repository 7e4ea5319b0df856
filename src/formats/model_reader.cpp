#include "formats/model_reader.h"

#include <string>
#include <utility>

#include "core/file.h"
#include "core/file_kind.h"
#include "core/limits.h"
#include "formats/keras/keras_reader.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/tflite/tflite_reader.h"

namespace tinysplit {
namespace {

using GraphResult = Result<std::shared_ptr<const Graph>>;

GraphResult read_bytes(std::string bytes, const std::filesystem::path& path,
                       const ReadOptions& reading) {
  const std::string name = path.stem().string();
  if (!reading.signature.empty() && format_of(bytes) != ModelFormat::kTflite) {
    return invalid_argument("only TensorFlow Lite models have signatures; it is none");
  }
  switch (format_of(bytes)) {
    case ModelFormat::kKeras:
      return read_keras_model_bytes(std::move(bytes), name, reading.sizes);
    case ModelFormat::kTflite:
      return read_tflite_model_bytes(bytes, name, {reading.sizes, reading.signature, reading.note});
    case ModelFormat::kOnnx: {
      OnnxOptions options;
      options.sizes = reading.sizes;
      options.folder = path.parent_path();
      return read_onnx_model_bytes(std::move(bytes), name, options);
    }
    case ModelFormat::kUnknown:
      break;
  }
  return unknown_format(bytes);
}

// Names of entries stand in a zip file as they are.
bool is_other_zip(std::string_view bytes) {
  return bytes.starts_with("PK") && bytes.find("config.json") == std::string_view::npos;
}

}  // namespace

ModelFormat format_of(std::string_view bytes) {
  if (looks_like_keras_model(bytes) && !is_other_zip(bytes)) return ModelFormat::kKeras;
  if (looks_like_tflite_model(bytes)) return ModelFormat::kTflite;
  return looks_like_onnx_model(bytes) ? ModelFormat::kOnnx : ModelFormat::kUnknown;
}

Status unknown_format(std::string_view bytes) {
  const std::string what = describe_file(bytes);
  const std::string is = what.empty() ? "it is of no format that is known" : "it is " + what;
  // What to do stands behind a semicolon where more is known than what it is.
  if (is.find(';') != std::string::npos) return invalid_argument(is);
  return invalid_argument(
      is + "; models are Keras (.keras, .h5), TensorFlow Lite (.tflite) or ONNX (.onnx) files");
}

Result<std::shared_ptr<const Graph>> read_model(const std::filesystem::path& path,
                                                const ReadOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::string bytes, read_file(path, limits::kMaxModelFileBytes));
  GraphResult graph = read_bytes(std::move(bytes), path, options);
  if (!graph.ok()) return graph.status().with_context(path.string());
  return graph;
}

}  // namespace tinysplit
