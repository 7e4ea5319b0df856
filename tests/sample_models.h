#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <random>
#include <system_error>
#include <vector>

#include "core/tensor.h"
#include "graph/graph.h"

// What tests of several folders try: every model of the test data, and numbers to run it on.
namespace tinysplit::test {

// The golden models, the bundled ones and, where they are beside the project, the MLPerf Tiny ones;
// sorted.
inline std::vector<std::filesystem::path> model_files() {
  namespace fs = std::filesystem;
  const fs::path source = TINYSPLIT_SOURCE_DIR;
  std::vector<fs::path> files;
  for (const fs::path& folder :
       {source / "tests/data/keras", source / "tests/data/onnx", source / "tests/data/tflite",
        source / "models/test_model", source / "models/fashion_resnet",
        source / "../shared/models/mlperf_tiny"}) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const auto extension = entry.path().extension();
      if (extension == ".keras" || extension == ".h5" || extension == ".onnx" ||
          extension == ".tflite") {
        files.push_back(entry.path());
      }
    }
  }
  std::ranges::sort(files);
  return files;
}

// Numbers for every input, the same each time: floats from -1 to 1, any stored numbers of quantised
// types, rows of any table (below 5) of other integers, 0 and 1 of bools.
inline std::vector<Tensor> numbers_for_inputs(const Graph& graph) {
  std::mt19937 random(7);
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs()) {
    const Value& value = graph.value(id);
    Tensor& tensor = inputs.emplace_back(value.dtype, value.shape);
    if (value.dtype == DType::kFloat32) {
      for (float& each : tensor.as<float>()) each = static_cast<float>(random() % 2001) / 1000 - 1;
    } else if (value.quantization) {
      for (std::byte& each : tensor.bytes()) each = static_cast<std::byte>(random());
    } else {
      const unsigned numbers = value.dtype == DType::kBool ? 2 : 5;
      for (std::size_t at = 0; at < tensor.num_bytes(); at += dtype_size(value.dtype)) {
        tensor.bytes()[at] = static_cast<std::byte>(random() % numbers);
      }
    }
  }
  return inputs;
}

}  // namespace tinysplit::test
