// ONNX models: any bytes give a graph or an error with a reason, and so does writing the graph
// again.
#include <cstdint>
#include <exception>
#include <string>

#include "formats/onnx/onnx_reader.h"
#include "formats/onnx/onnx_writer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tinysplit;  // NOLINT
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto graph = read_onnx_model_bytes(input, "fuzz");
  const Status status = graph.ok() ? write_onnx(**graph).status() : graph.status();
  // An error that says nothing is a fault, too.
  if (!status.ok() && status.message().empty()) std::terminate();
  return 0;
}
