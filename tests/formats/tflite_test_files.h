#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "engine/engine.h"
#include "graph/graph.h"

namespace tinysplit::test {

// tests/data/tflite/<name>.
std::filesystem::path tflite_file(const std::string& name);
// The MLPerf Tiny model of that name, beside the project; it may not be there.
std::filesystem::path mlperf_tflite(const std::string& name);
// The contents of a file; empty where it cannot be read.
std::string contents_of(const std::filesystem::path& path);

// x0, x1, ... of `arrays` as the inputs of the graph, or y0, y1, ... as its outputs.
std::vector<NamedTensor> golden_tensors(const std::vector<NamedTensor>& arrays, char prefix,
                                        const Graph& graph, const std::vector<ValueId>& values);

// The tensor of that name; null if there is none.
const Tensor* tensor_named(const std::vector<NamedTensor>& tensors, const std::string& name);

// Elements that differ, and the largest difference: of floats relative to the largest expected
// value, of integers absolute. Infinite if shape or type differ.
struct Difference {
  std::size_t elements = 0;
  double largest = 0.0;
};
Difference difference_of(const Tensor& found, const Tensor& expected);

}  // namespace tinysplit::test
