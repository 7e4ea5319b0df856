// Graphs written as Keras models and read again, whole and in parts: what they compute stays.
#include "formats/keras/graph_to_keras.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "engine/engine.h"
#include "formats/keras/keras_reader.h"
#include "formats/keras_test_files.h"
#include "formats/model_reader.h"
#include "graph/graph_builder.h"
#include "graph/metrics.h"
#include "graph/subgraph.h"
#include "sample_models.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT
namespace fs = std::filesystem;

std::vector<Tensor> run(const std::shared_ptr<const Graph>& graph,
                        const std::vector<Tensor>& inputs) {
  const auto engine = Engine::create(graph).value();
  auto segment = engine->make_segment(0, graph->num_layers());
  EXPECT_TRUE(segment.ok()) << segment.status().to_string();
  if (!segment.ok()) return {};
  std::vector<TensorView> views;
  for (const Tensor& input : inputs) views.push_back(input.view());
  const Status status = (*segment)->run(views);
  EXPECT_TRUE(status.ok()) << status.to_string();
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < graph->outputs().size(); ++i) {
    outputs.push_back(Tensor::copy_of((*segment)->output(i)));
  }
  return outputs;
}

// The largest difference, relative to the largest number; zero for equal numbers alone.
double difference(const Tensor& found, const Tensor& expected) {
  EXPECT_EQ(found.shape().to_string(), expected.shape().to_string());
  if (!(found.shape() == expected.shape()) || found.dtype() != expected.dtype()) return INFINITY;
  if (found.dtype() != DType::kFloat32) {
    return std::memcmp(found.data(), expected.data(), found.num_bytes()) == 0 ? 0.0 : INFINITY;
  }
  double worst = 0.0, largest = 1e-30;
  for (std::size_t i = 0; i < found.as<float>().size(); ++i) {
    const float a = found.as<float>()[i], b = expected.as<float>()[i];
    largest = std::max(largest, std::abs(double{b}));
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    worst = std::max(worst, std::abs(double{a} - double{b}));
  }
  return worst / largest;
}

enum class Outcome { kExact, kClose, kUnwritten };

// Writes `graph`, reads it again and compares what both compute.
Outcome round_trip(const std::shared_ptr<const Graph>& graph, KerasFileKind kind) {
  const auto bytes = write_keras_model(*graph, kind);
  if (!bytes.ok()) {
    EXPECT_EQ(bytes.status().code(), StatusCode::kUnimplemented) << bytes.status().to_string();
    EXPECT_NE(bytes.status().message().find('"'), std::string::npos);
    return Outcome::kUnwritten;
  }
  const GraphResult again = read_keras_model_bytes(*bytes, graph->name());
  EXPECT_TRUE(again.ok()) << again.status().to_string();
  if (!again.ok()) return Outcome::kUnwritten;
  EXPECT_EQ((*again)->inputs().size(), graph->inputs().size());
  EXPECT_EQ((*again)->outputs().size(), graph->outputs().size());
  if (testing::Test::HasFailure()) return Outcome::kUnwritten;
  const std::vector<Tensor> inputs = numbers_for_inputs(*graph);
  const std::vector<Tensor> expected = run(graph, inputs), found = run(*again, inputs);
  double worst = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    worst = std::max(worst, difference(found[i], expected[i]));
  }
  EXPECT_LE(worst, 1e-5);
  return worst == 0.0 ? Outcome::kExact : Outcome::kClose;
}

struct Tally {
  int exact = 0, close = 0, unwritten = 0;
  void record() const {
    testing::Test::RecordProperty("exact", exact);
    testing::Test::RecordProperty("close", close);
    testing::Test::RecordProperty("not_written", unwritten);
  }
  void add(Outcome outcome) {
    ++(outcome == Outcome::kExact ? exact : outcome == Outcome::kClose ? close : unwritten);
  }
};

std::vector<fs::path> files_of(const std::string& folder, const std::string& extension) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(golden_file("..") / folder)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

bool is_quantised(const Graph& graph) {
  return std::ranges::any_of(graph.values(),
                             [](const Value& v) { return v.quantization.has_value(); });
}

TEST(GraphToKeras, KerasModelsComputeTheSameAgain) {
  Tally tally;
  for (const fs::path& path : golden_models()) {
    SCOPED_TRACE(path.filename().string());
    const auto graph = read_keras_model(path).value();
    tally.add(round_trip(graph, KerasFileKind::kArchive));
  }
  tally.record();
  // What Keras has other layers for, or none: time-distributed layers, several heads, both ways.
  EXPECT_GE(tally.exact, 190);
  EXPECT_LT(tally.unwritten, tally.exact / 4);
}

TEST(GraphToKeras, ModelsOfOtherFormatsComputeTheSame) {
  Tally tally;
  std::vector<fs::path> files = files_of("tflite", ".tflite");
  for (const fs::path& path : files_of("onnx", ".onnx")) files.push_back(path);
  for (const fs::path& path : files) {
    SCOPED_TRACE(path.filename().string());
    const auto graph = read_model(path);
    EXPECT_TRUE(graph.ok()) << graph.status().to_string();
    if (!graph.ok() || is_quantised(**graph)) continue;
    tally.add(round_trip(*graph, KerasFileKind::kArchive));
  }
  tally.record();
  EXPECT_GE(tally.exact + tally.close, 4);
}

// Heads and tails of small models at every cut, both kinds of file.
TEST(GraphToKeras, PartsComputeTheSameAtEveryCut) {
  Tally tally;
  for (const std::string name :
       {"residual", "inception", "inverted_bottleneck", "two_inputs", "squeeze_excite",
        "batch_norm_after", "u_net", "lstm", "signal_chain", "conv_same", "separable_chain",
        "transfer_learning", "siamese", "shared_model_in_a_row", "deeply_nested"}) {
    const fs::path path = golden_file(name + ".keras");
    if (!fs::exists(path)) continue;
    const auto graph = read_keras_model(path).value();
    for (int cut = 0; cut <= graph->num_layers(); ++cut) {
      for (const auto& [begin, end] : {std::pair(0, cut), std::pair(cut, graph->num_layers())}) {
        SCOPED_TRACE(name + " layers [" + std::to_string(begin) + ", " + std::to_string(end) + ")");
        const auto part = extract_layers(*graph, begin, end);
        if (!part.ok()) continue;
        tally.add(round_trip(*part, cut % 2 == 0 ? KerasFileKind::kArchive : KerasFileKind::kHdf5));
      }
    }
  }
  tally.record();
  EXPECT_GE(tally.exact, 260);
  EXPECT_EQ(tally.close + tally.unwritten, 0);
}

TEST(GraphToKeras, KeepsNamesThatKerasAllows) {
  GraphBuilder builder("my model", "");
  const ValueId in = builder.add_input("in put", DType::kFloat32, Shape{1, 4}).value();
  ValueId x = in;
  for (const std::string name : {"good", "with/slash", "with_slash", "_begin", "Ünïcode"}) {
    ASSERT_TRUE(builder.begin_layer(name, "Activation").ok());
    x = builder.add_op(ActivationOp{ActivationKind::kTanh}, {x}).value();
    ASSERT_TRUE(builder.end_layer({x}).ok());
  }
  ASSERT_TRUE(builder.add_output(x).ok());
  const auto bytes = write_keras_model(*builder.build().value(), KerasFileKind::kArchive);
  const auto again = read_keras_model_bytes(bytes.value(), "again").value();
  std::vector<std::string> names;
  for (const Layer& layer : again->layers()) names.push_back(layer.name);
  EXPECT_EQ(names, (std::vector<std::string>{"in_put", "good", "with_slash_1", "with_slash",
                                             "layer_begin", "layer__n__code"}));
}

TEST(GraphToKeras, NamesWhatItCannotWrite) {
  GraphBuilder builder("model", "");
  const ValueId in = builder.add_input("in", DType::kFloat32, Shape{1, 4}).value();
  ASSERT_TRUE(builder.begin_layer("running", "CumSum").ok());
  const ValueId sum = builder.add_op(CumulativeSumOp{1, false, true}, {in}).value();
  ASSERT_TRUE(builder.end_layer({sum}).ok());
  ASSERT_TRUE(builder.add_output(sum).ok());
  const Status status =
      write_keras_model(*builder.build().value(), KerasFileKind::kArchive).status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  for (const char* part : {"running", "CumSum", "cumulative"}) {
    EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
  }
}

TEST(GraphToKeras, RefusesWholeNumbersInLayersOfFloats) {
  GraphBuilder builder("model", "");
  const ValueId in = builder.add_input("in", DType::kInt32, Shape{1, 4}).value();
  ASSERT_TRUE(builder.begin_layer("twice", "Add").ok());
  const ValueId sum = builder.add_op(ConcatOp{1}, {in, in}).value();
  ASSERT_TRUE(builder.end_layer({sum}).ok());
  ASSERT_TRUE(builder.add_output(sum).ok());
  const Status status =
      write_keras_model(*builder.build().value(), KerasFileKind::kArchive).status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_NE(status.message().find("int32"), std::string::npos) << status.message();
}

TEST(GraphToKeras, RefusesQuantisedModels) {
  const fs::path path = golden_file("../tflite/int8_dense.tflite");
  const Status status =
      write_keras_model(*read_model(path).value(), KerasFileKind::kArchive).status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_NE(status.message().find("quantised"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace tinysplit
