#include "formats/tflite_test_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/file.h"
#include "core/limits.h"
#include "engine/named_run.h"
#include "engine/value_conversion.h"

namespace tinysplit::test {

std::filesystem::path tflite_file(const std::string& name) {
  return std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "tests/data/tflite" / name;
}

std::filesystem::path mlperf_tflite(const std::string& name) {
  return std::filesystem::path(TINYSPLIT_SOURCE_DIR) / "../shared/models/mlperf_tiny" / name;
}

std::string contents_of(const std::filesystem::path& path) {
  Result<std::string> bytes = read_file(path, limits::kMaxModelFileBytes);
  return bytes.ok() ? std::move(*bytes) : std::string();
}

const Tensor* tensor_named(const std::vector<NamedTensor>& tensors, const std::string& name) {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  return found == tensors.end() ? nullptr : &found->tensor;
}

std::vector<NamedTensor> golden_tensors(const std::vector<NamedTensor>& arrays, char prefix,
                                        const Graph& graph, const std::vector<ValueId>& values) {
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Tensor* array = tensor_named(arrays, prefix + std::to_string(i));
    EXPECT_NE(array, nullptr) << prefix << i;
    if (array != nullptr) tensors.push_back({graph.value(values[i]).name, array->clone()});
  }
  return tensors;
}

Difference difference_of(const Tensor& found, const Tensor& expected) {
  if (found.dtype() != expected.dtype() || !(found.shape() == expected.shape())) {
    return {1, INFINITY};
  }
  const Value plain;  // without a scale: the stored numbers
  const Tensor a = real_numbers(found, plain), b = real_numbers(expected, plain);
  Difference difference;
  double largest = 1e-30;
  for (std::size_t i = 0; i < a.as<float>().size(); ++i) {
    const double at_a = a.as<float>()[i], at_b = b.as<float>()[i];
    largest = std::max(largest, std::abs(at_b));
    if (at_a == at_b) continue;
    ++difference.elements;
    const double distance = std::abs(at_a - at_b);
    difference.largest = std::isnan(distance) ? INFINITY : std::max(difference.largest, distance);
  }
  if (found.dtype() == DType::kFloat32) difference.largest /= largest;
  return difference;
}

}  // namespace tinysplit::test
