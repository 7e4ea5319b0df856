#include "formats/operator_survey.h"

#include "core/file.h"
#include "core/limits.h"
#include "formats/keras/keras_reader.h"
#include "formats/model_reader.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/tflite/tflite_reader.h"

namespace tinysplit {
namespace {

Result<ModelOperators> survey_bytes(std::string_view bytes, const ReadOptions& options) {
  ModelOperators found;
  switch (format_of(bytes)) {
    case ModelFormat::kKeras: {
      found.format = "keras";
      TINYSPLIT_ASSIGN_OR_RETURN(found.uses, count_keras_layers(bytes));
      return found;
    }
    case ModelFormat::kTflite: {
      found.format = "tflite";
      TINYSPLIT_ASSIGN_OR_RETURN(found.uses,
                                 count_tflite_operators(bytes, {{}, options.signature, {}}));
      return found;
    }
    case ModelFormat::kOnnx: {
      found.format = "onnx";
      TINYSPLIT_ASSIGN_OR_RETURN(found.uses, count_onnx_operators(bytes));
      return found;
    }
    case ModelFormat::kUnknown:
      break;
  }
  return unknown_format(bytes);
}

}  // namespace

std::vector<OperatorList> list_operators() {
  return {keras_operators(), tflite_operators(), onnx_operators()};
}

Result<ModelOperators> survey_model(const std::filesystem::path& path, const ReadOptions& options) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::string bytes, read_file(path, limits::kMaxModelFileBytes));
  Result<ModelOperators> found = survey_bytes(bytes, options);
  if (!found.ok()) return found.status().with_context(path.string());
  return found;
}

}  // namespace tinysplit
