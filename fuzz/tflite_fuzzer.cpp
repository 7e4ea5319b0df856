// Reads what it is given as a TensorFlow Lite file. The identifier that every such file carries is
// put in its place, so that mutations need not find it.
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>

#include "formats/tflite/tflite_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= 8) bytes.replace(4, 4, "TFL3");
  const auto graph = tinysplit::read_tflite_model_bytes(bytes, "fuzz");
  // An error that says nothing is a fault, too.
  if (!graph.ok() && graph.status().message().empty()) std::terminate();
  return 0;
}
