// A model cut anywhere gives what the uncut model gives, bit for bit, also after its live tensors
// went through a frame.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "engine/engine.h"
#include "engine/framed_tensors.h"
#include "engine/named_run.h"
#include "formats/model_reader.h"
#include "graph/cuts.h"
#include "graph/metrics.h"
#include "graph/subgraph.h"
#include "layer_runs.h"
#include "sample_models.h"
#include "special_numbers.h"
#include "wire/frames.h"

namespace tinysplit {
namespace {

using test::copies_of;
using test::run_layers;
using test::through_a_frame;

namespace fs = std::filesystem;

std::vector<NamedTensor> random_inputs(const Graph& graph) {
  std::vector<Tensor> numbers = test::numbers_for_inputs(graph);
  std::vector<NamedTensor> inputs;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    inputs.push_back({graph.value(graph.inputs()[i]).name, std::move(numbers[i])});
  }
  return inputs;
}

void expect_equal(const Tensor& found, const Tensor& expected, bool exact) {
  ASSERT_EQ(found.shape().to_string(), expected.shape().to_string());
  if (exact || expected.dtype() != DType::kFloat32) {
    EXPECT_EQ(std::memcmp(found.data(), expected.data(), expected.num_bytes()), 0);
    return;
  }
  float largest = 1e-30f;
  for (const float value : expected.as<float>()) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < expected.as<float>().size(); ++i) {
    ASSERT_NEAR(found.as<float>()[i], expected.as<float>()[i], 1e-5f * largest);
  }
}

class EveryCut : public testing::TestWithParam<fs::path> {};

// `expect` compares an output found behind a cut with the one of the uncut network.
template <typename Expect>
void try_every_cut(Engine& engine, const std::vector<NamedTensor>& inputs, Expect expect) {
  const Graph& graph = engine.graph();
  const int layers = graph.num_layers();
  const auto uncut = run_layers(engine, 0, layers, copies_of(inputs));
  ASSERT_EQ(uncut.size(), graph.outputs().size());
  for (const Cut& cut : find_cuts(graph)) {
    if (cut.cut == layers) continue;
    SCOPED_TRACE("cut " + std::to_string(cut.cut));
    auto live = run_layers(engine, 0, cut.cut, copies_of(inputs));
    const auto outputs =
        run_layers(engine, cut.cut, layers, through_a_frame(std::move(live), cut.cut));
    for (const NamedTensor& expected : uncut) {
      const auto found = std::ranges::find(outputs, expected.name, &NamedTensor::name);
      ASSERT_NE(found, outputs.end()) << expected.name;
      expect(cut, found->tensor, expected.tensor);
    }
  }
}

TEST_P(EveryCut, GivesTheUncutOutput) {
  const auto graph = read_model(GetParam());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto engine = Engine::create(*graph).value();
  try_every_cut(*engine, random_inputs(**graph),
                [](const Cut& cut, const Tensor& found, const Tensor& expected) {
                  expect_equal(found, expected, !cut.splits_fusion);
                });
}

// NaN, infinities, -0 and denormals among the numbers: few, so that most of what is computed stays
// finite, and many.
TEST_P(EveryCut, GivesTheUncutOutputOfSpecialNumbers) {
  const auto graph = read_model(GetParam());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto engine = Engine::create(*graph).value();
  for (const std::size_t distance : {5000u, 97u, 3u}) {
    SCOPED_TRACE("every " + std::to_string(distance) + " numbers");
    std::vector<NamedTensor> inputs = random_inputs(**graph);
    for (NamedTensor& input : inputs) {
      if (input.tensor.dtype() != DType::kFloat32) continue;
      test::strew_special_numbers(input.tensor.as<float>(), distance);
    }
    try_every_cut(*engine, inputs, [](const Cut& cut, const Tensor& found, const Tensor& expected) {
      if (cut.splits_fusion) return;
      if (expected.dtype() != DType::kFloat32) return expect_equal(found, expected, true);
      const auto a = found.as<float>(), b = expected.as<float>();
      ASSERT_EQ(a.size(), b.size());
      for (std::size_t i = 0; i < a.size(); ++i) {
        ASSERT_TRUE(test::same_number(a[i], b[i])) << a[i] << " instead of " << b[i];
      }
    });
  }
}

// Head, tail and what lies between two cuts, as graphs of their own, give the bits of the segments,
// whatever the cut splits.
TEST_P(EveryCut, ExtractedLayersRunAsTheSegments) {
  constexpr std::int64_t kMostWeightBytes = std::int64_t{2} << 20;  // prepared for every cut
  const auto graph = read_model(GetParam());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  if (head_weight_bytes(**graph).back() > kMostWeightBytes) GTEST_SKIP() << "large";
  const auto engine = Engine::create(*graph).value();
  const int layers = (*graph)->num_layers();
  const std::vector<NamedTensor> inputs = random_inputs(**graph);
  for (int cut = 0; cut <= layers; ++cut) {
    auto live = run_layers(*engine, 0, cut, copies_of(inputs));
    const int middle = cut + (layers - cut) / 2;
    for (const auto& [begin, end] :
         {std::pair(0, cut), std::pair(cut, layers), std::pair(cut, middle)}) {
      SCOPED_TRACE("layers [" + std::to_string(begin) + ", " + std::to_string(end) + ")");
      const auto part = extract_layers(**graph, begin, end);
      if (!part.ok()) {
        EXPECT_TRUE(begin == end || segment_outputs(**graph, begin, end).empty() ||
                    segment_inputs(**graph, begin).empty())
            << part.status().to_string();
        continue;
      }
      const std::vector<NamedTensor>& given = begin == 0 ? inputs : live;
      const auto expected = run_layers(*engine, begin, end, copies_of(given));
      const auto found =
          run_layers(*Engine::create(*part).value(), 0, end - begin, copies_of(given));
      // The segment's run also passes on outputs that it was given.
      ASSERT_EQ(found.size(), (*part)->outputs().size());
      for (const NamedTensor& output : found) {
        const auto same = std::ranges::find(expected, output.name, &NamedTensor::name);
        ASSERT_NE(same, expected.end()) << output.name;
        expect_equal(output.tensor, same->tensor, /*exact=*/true);
      }
    }
  }
}

std::string test_name(const testing::TestParamInfo<fs::path>& info) {
  std::string name =
      info.param.parent_path().filename().string() + "_" + info.param.filename().string();
  std::ranges::replace_if(
      name, [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Models, EveryCut, testing::ValuesIn(test::model_files()), test_name);

}  // namespace
}  // namespace tinysplit
