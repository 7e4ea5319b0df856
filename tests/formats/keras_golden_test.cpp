// What Keras computed for its own models, against what the engine computes for what was read of
// them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/named_run.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras_test_files.h"
#include "formats/npy/npy.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT

// Largest difference, relative to the largest value of the whole tensor: sums of float32 in another
// order differ by so much, however small the single result.
double relative_error(const Tensor& found, const Tensor& expected) {
  EXPECT_EQ(found.shape().to_string(), expected.shape().to_string());
  if (!(found.shape() == expected.shape())) return INFINITY;
  const auto a = found.as<float>();
  const auto b = expected.as<float>();
  double worst = 0.0;
  double largest = 1e-30;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i])) return INFINITY;
    worst = std::max(worst, std::abs(double{a[i]} - double{b[i]}));
    largest = std::max(largest, std::abs(double{b[i]}));
  }
  return worst / largest;
}

// "x0", "x1", ... are the inputs of the golden run, "y0", "y1", ... its outputs.
const Tensor* find_array(const std::vector<NamedTensor>& arrays, char letter, std::size_t number) {
  std::string name(1, letter);
  name += std::to_string(number);
  const auto array = std::ranges::find(arrays, name, &NamedTensor::name);
  return array == arrays.end() ? nullptr : &array->tensor;
}

void expect_golden(const std::filesystem::path& model, const std::filesystem::path& arrays_file,
                   double bound, double* found_error = nullptr) {
  const GraphResult graph = read_keras_model(model);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  auto arrays = read_arrays(arrays_file);
  ASSERT_TRUE(arrays.ok()) << arrays.status().to_string();
  const auto engine = Engine::create(*graph);
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  auto segment = (*engine)->make_segment(0, (*graph)->num_layers());
  ASSERT_TRUE(segment.ok()) << segment.status().to_string();
  std::vector<NamedTensor> inputs;
  for (std::size_t i = 0; i < (*graph)->inputs().size(); ++i) {
    const Tensor* array = find_array(*arrays, 'x', i);
    ASSERT_NE(array, nullptr);
    inputs.push_back({(*graph)->value((*graph)->inputs()[i]).name, array->clone()});
  }
  const auto outputs = run_named(**segment, **graph, std::move(inputs));
  ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
  double worst = 0.0;
  for (std::size_t i = 0; i < (*graph)->outputs().size(); ++i) {
    const std::string& name = (*graph)->value((*graph)->outputs()[i]).name;
    const auto found = std::ranges::find(*outputs, name, &NamedTensor::name);
    const Tensor* expected = find_array(*arrays, 'y', i);
    ASSERT_NE(found, outputs->end()) << name;
    ASSERT_NE(expected, nullptr) << name;
    const double error = relative_error(found->tensor, *expected);
    EXPECT_LE(error, bound) << "output " << i << " (" << name << ")";
    worst = std::max(worst, error);
  }
  testing::Test::RecordProperty("relative_error", std::to_string(worst));
  if (found_error != nullptr) *found_error = worst;
}

constexpr double kMostError = 1e-5;

class KerasGolden : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(KerasGolden, ComputesWhatKerasComputed) {
  expect_golden(GetParam(), std::filesystem::path(GetParam()).replace_extension(".npz"),
                kMostError);
}

INSTANTIATE_TEST_SUITE_P(Files, KerasGolden, testing::ValuesIn(golden_models()),
                         [](const auto& parameter) {
                           std::string name = parameter.param.filename().string();
                           for (char& c : name) {
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           }
                           return name;
                         });

// Keras computes these in half or double precision, the engine in float32.
TEST(KerasGoldenPolicies, ComputesWhatKerasComputedButForItsRounding) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden_file("../keras_policies"))) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() == ".npz") continue;
    SCOPED_TRACE(path.filename().string());
    const std::string name = path.stem().string();
    constexpr double kMostHalfError = 1e-2;
    const bool bfloat = name.find("bfloat16") != name.npos;
    expect_golden(path, std::filesystem::path(path).replace_extension(".npz"),
                  bfloat                         ? 4 * kMostHalfError
                  : name.find("64") != name.npos ? kMostError
                                                 : kMostHalfError);
    ++files;
  }
  EXPECT_GE(files, 12);
}

TEST(KerasGoldenMlperf, ComputesWhatKerasComputed) {
  for (const std::string name : {"ad01", "resnet8", "vww_96"}) {
    if (!std::filesystem::exists(mlperf_file(name + ".h5"))) {
      GTEST_SKIP() << mlperf_file(name + ".h5") << " is not there";
    }
    SCOPED_TRACE(name);
    expect_golden(mlperf_file(name + ".h5"), golden_file("../mlperf_tiny/" + name + ".npz"),
                  kMostError);
  }
}

// Models of keras.applications are too large for the repository; tools/keras_golden/applications.py
// writes them into a folder. docs/keras.md has what came of it.
std::vector<std::filesystem::path> application_models() {
  std::vector<std::filesystem::path> models;
  const char* folder = std::getenv("TINYSPLIT_KERAS_APPLICATIONS");
  if (folder == nullptr) return models;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".npz") models.push_back(entry.path());
  }
  std::ranges::sort(models);
  return models;
}

class KerasGoldenApplications : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(KerasGoldenApplications, ComputesWhatKerasComputed) {
  constexpr double kMostErrorOfDeepModels = 1e-4;
  double error = INFINITY;
  expect_golden(GetParam(), std::filesystem::path(GetParam()).replace_extension(".npz"),
                kMostErrorOfDeepModels, &error);
  std::cout << GetParam().filename().string() << ": relative error " << error << "\n";
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(KerasGoldenApplications);
INSTANTIATE_TEST_SUITE_P(Folder, KerasGoldenApplications, testing::ValuesIn(application_models()),
                         [](const auto& model) {
                           std::string name = model.param.filename().string();
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace tinysplit
