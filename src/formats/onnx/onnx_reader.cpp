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

namespace {

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

GraphResult read_onnx_model_bytes(std::string bytes, const std::string& name,
                                  const OnnxOptions& options) {
  return read_safely<std::shared_ptr<const Graph>>([&]() -> GraphResult {
    const std::string digest = sha256_hex(bytes);
    TINYSPLIT_ASSIGN_OR_RETURN(const auto model, onnx_format::parse_model(bytes));
    std::string().swap(bytes);
    return onnx_format::translate_model(*model, name, digest, options);
  });
}

Result<std::vector<OperatorUse>> count_onnx_operators(std::string_view bytes) {
  return read_safely<std::vector<OperatorUse>>([&]() -> Result<std::vector<OperatorUse>> {
    TINYSPLIT_ASSIGN_OR_RETURN(const auto model, onnx_format::parse_model(bytes));
    return onnx_format::count_operators(*model);
  });
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
