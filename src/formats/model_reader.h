#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/status.h"
#include "graph/graph.h"
#include "graph/input_sizes.h"

namespace tinysplit {

enum class ModelFormat : std::uint8_t { kUnknown, kKeras, kTflite, kOnnx };

// Told by the first bytes of a file, never by its name.
ModelFormat format_of(std::string_view bytes);
// INVALID_ARGUMENT: the file is of no supported format; what it seems to be.
Status unknown_format(std::string_view bytes);

// What a file leaves to whoever reads it.
struct ReadOptions {
  InputSizes sizes;  // of inputs
  // Of a TensorFlow Lite model with several signatures: which; empty for its default.
  std::string signature;
  // Is told what was decided in the user's place; nobody is by default.
  std::function<void(const std::string&)> note;
};

// Reads a model file of any supported format, told by content: Keras (.keras, .h5),
// TensorFlow Lite (.tflite), ONNX (.onnx).
// Errors: those of the format's reader; INVALID_ARGUMENT for a file of no supported format.
// Thread-safe.
Result<std::shared_ptr<const Graph>> read_model(const std::filesystem::path& path,
                                                const ReadOptions& options = {});

}  // namespace tinysplit
