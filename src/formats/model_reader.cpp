#include "formats/model_reader.h"

#include <string>

#include "core/file.h"
#include "core/limits.h"
#include "formats/keras/keras_reader.h"

namespace tinysplit {

Result<std::shared_ptr<const Graph>> read_model(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes, read_file(path, limits::kMaxModelFileBytes));
  if (!looks_like_keras_model(bytes)) {
    return invalid_argument(path.string() + " is not a Keras model (.keras or .h5)");
  }
  auto graph = read_keras_model_bytes(bytes, path.stem().string());
  if (!graph.ok()) return graph.status().with_context(path.string());
  return graph;
}

}  // namespace tinysplit
