#pragma once

#include <filesystem>
#include <memory>

#include "core/status.h"
#include "graph/graph.h"

namespace tinysplit {

// Reads a model file of any supported format, told by content: Keras (.keras, .h5),
// TensorFlow Lite (.tflite), ONNX (.onnx).
// Errors: those of the format's reader; INVALID_ARGUMENT for a file of no supported format.
// Thread-safe.
Result<std::shared_ptr<const Graph>> read_model(const std::filesystem::path& path);

}  // namespace tinysplit
