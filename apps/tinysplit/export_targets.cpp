#include "export_targets.h"

#include "formats/keras/graph_to_keras.h"
#include "formats/onnx/onnx_writer.h"
#include "formats/tflite/tflite_writer.h"

namespace tinysplit {
namespace {

Result<std::string> write_keras(const Graph& graph) {
  return write_keras_model(graph, KerasFileKind::kArchive);
}

Result<std::string> write_h5(const Graph& graph) {
  return write_keras_model(graph, KerasFileKind::kHdf5);
}

Result<std::string> write_tflite_file(const Graph& graph) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, write_tflite(graph));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<std::string> write_onnx_file(const Graph& graph) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, write_onnx(graph));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

constexpr ExportTarget kTargets[] = {
    {"keras", OutputKind::kKeras, ".keras", "Keras 3", "float32", write_keras},
    {"h5", OutputKind::kKerasH5, ".h5", "Keras 3, legacy HDF5 format", "float32", write_h5},
    {"tflite", OutputKind::kTflite, ".tflite", "LiteRT and TensorFlow Lite Micro",
     "float32 or int8", write_tflite_file},
    {"onnx", OutputKind::kOnnx, ".onnx", "ONNX Runtime", "float32 or int8", write_onnx_file},
};

}  // namespace

std::span<const ExportTarget> export_targets() { return kTargets; }

Result<const ExportTarget*> find_export_target(std::string_view name, std::string_view path) {
  const ExportTarget* named = nullptr;
  const ExportTarget* by_path = nullptr;
  std::string known;
  for (const ExportTarget& target : export_targets()) {
    if (name == target.name) named = &target;
    if (path.ends_with(target.extension)) by_path = &target;
    known += (known.empty() ? "" : ", ") + std::string(target.name);
  }
  if (!name.empty() && named == nullptr) {
    return invalid_argument("there is no target \"" + std::string(name) + "\"; there are " + known);
  }
  if (name.empty() && by_path == nullptr) {
    return invalid_argument("the name of " + std::string(path) +
                            " does not tell what to write; say --target, which is one of " + known);
  }
  // Runtimes go by the extension as well: Keras opens no archive that is called .h5.
  if (named != nullptr && by_path != nullptr && named != by_path) {
    return invalid_argument("--target " + std::string(name) + " does not go with " +
                            by_path->extension + ": call the file *" + named->extension +
                            ", or leave --target out");
  }
  return named != nullptr ? named : by_path;
}

}  // namespace tinysplit
