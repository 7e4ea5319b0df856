#include "formats/onnx/onnx_reader.h"

#include <exception>
#include <new>

#include "core/file.h"
#include "core/limits.h"
#include "formats/onnx/model_proto.h"
#include "formats/onnx/translation.h"

namespace tinysplit {

using GraphResult = Result<std::shared_ptr<const Graph>>;

bool looks_like_onnx_model(std::string_view bytes) { return onnx_format::has_model_fields(bytes); }

GraphResult read_onnx_model_bytes(std::string bytes, const std::string& name,
                                  const OnnxOptions& options) {
  try {
    const std::string digest = sha256_hex(bytes);
    TINYSPLIT_ASSIGN_OR_RETURN(const auto model, onnx_format::parse_model(bytes));
    std::string().swap(bytes);
    return onnx_format::translate_model(*model, name, digest, options);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("the model does not fit in memory");
  } catch (const std::exception& error) {
    return internal_error("reading the model failed: " + std::string(error.what()));
  }
}

GraphResult read_onnx_model(const std::filesystem::path& path) {
  TINYSPLIT_ASSIGN_OR_RETURN(std::string bytes, read_file(path, limits::kMaxModelFileBytes));
  OnnxOptions options;
  options.folder = path.parent_path();
  auto graph = read_onnx_model_bytes(std::move(bytes), path.stem().string(), options);
  if (!graph.ok()) return graph.status().with_context(path.string());
  return graph;
}

}  // namespace tinysplit
