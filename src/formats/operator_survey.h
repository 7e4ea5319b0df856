#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/status.h"
#include "formats/model_reader.h"
#include "formats/operator_count.h"
#include "formats/operator_list.h"

namespace tinysplit {

// What each reader supports and refuses: Keras, TensorFlow Lite, ONNX.
std::vector<OperatorList> list_operators();

struct ModelOperators {
  std::string format;             // of OperatorList
  std::vector<OperatorUse> uses;  // in the order of the file
};

// Which operators a model file has, supported or not. Errors: INVALID_ARGUMENT (of no supported
// format, damaged), those of a file that cannot be understood at all. Thread-safe.
Result<ModelOperators> survey_model(const std::filesystem::path& path,
                                    const ReadOptions& options = {});

}  // namespace tinysplit
