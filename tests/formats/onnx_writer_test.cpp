// What is written as ONNX is read back as what it was: whole models, heads and tails.
#include "formats/onnx/onnx_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <set>

#include "engine/engine.h"
#include "formats/model_reader.h"
#include "formats/onnx/onnx_reader.h"
#include "graph/subgraph.h"
#include "sample_models.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT
namespace fs = std::filesystem;

std::vector<NamedTensor> run_named_outputs(const std::shared_ptr<const Graph>& graph,
                                           const std::vector<Tensor>& inputs) {
  std::vector<NamedTensor> outputs;
  const auto engine = Engine::create(graph);
  EXPECT_TRUE(engine.ok());
  const auto segment = (*engine)->make_segment(0, graph->num_layers());
  EXPECT_TRUE(segment.ok()) << segment.status().to_string();
  if (!segment.ok()) return outputs;
  std::vector<TensorView> views;
  for (const Tensor& input : inputs) views.push_back(input.view());
  const Status status = (*segment)->run(views);
  EXPECT_TRUE(status.ok()) << status.to_string();
  for (std::size_t i = 0; i < (*segment)->outputs().size(); ++i) {
    outputs.push_back(
        {graph->value((*segment)->outputs()[i]).name, Tensor::copy_of((*segment)->output(i))});
  }
  return outputs;
}

// How far a tensor is from what it was: of floats relative to the largest, of integers in units
// and how many of them differ.
struct Distance {
  bool same_bits = true;
  double relative = 0.0;
  int units = 0;
  std::size_t differing = 0, integers = 0;
};

template <typename T>
void add_units(const Tensor& found, const Tensor& expected, Distance& distance) {
  for (std::size_t i = 0; i < expected.as<T>().size(); ++i) {
    const auto a = static_cast<std::int64_t>(found.as<T>()[i]);
    const auto b = static_cast<std::int64_t>(expected.as<T>()[i]);
    distance.units = std::max(distance.units, static_cast<int>(std::abs(a - b)));
    distance.differing += a != b ? 1 : 0;
    ++distance.integers;
  }
}

void add_distance(const Tensor& found, const Tensor& expected, Distance& distance) {
  switch (expected.dtype()) {
    case DType::kFloat32: {
      double worst = 0.0, largest = 1e-30;
      for (std::size_t i = 0; i < expected.as<float>().size(); ++i) {
        const float a = found.as<float>()[i], b = expected.as<float>()[i];
        // Equal numbers, of which 0 has two.
        if (a == b || (std::isnan(a) && std::isnan(b))) continue;
        distance.same_bits = false;
        worst = std::max(worst, std::abs(double{a} - double{b}));
        largest = std::max(largest, std::abs(double{b}));
      }
      for (const float b : expected.as<float>()) {
        if (std::isfinite(b)) largest = std::max(largest, std::abs(double{b}));
      }
      distance.relative = std::max(distance.relative, worst / largest);
      return;
    }
    case DType::kInt8:
      return add_units<std::int8_t>(found, expected, distance);
    case DType::kFloat16:  // whose bits count up as its numbers do
    case DType::kInt16:
      return add_units<std::int16_t>(found, expected, distance);
    case DType::kUint8:
    case DType::kBool:
      return add_units<std::uint8_t>(found, expected, distance);
    case DType::kInt32:
      return add_units<std::int32_t>(found, expected, distance);
    case DType::kInt64:
      return add_units<std::int64_t>(found, expected, distance);
    default:
      FAIL() << dtype_name(expected.dtype());
  }
}

Result<std::shared_ptr<const Graph>> write_and_read(const Graph& graph) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, write_onnx(graph));
  return read_onnx_model_bytes(
      std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), graph.name());
}

std::string interface_of(const Graph& graph) {
  std::string text;
  for (const auto* ids : {&graph.inputs(), &graph.outputs()}) {
    for (const ValueId id : *ids) {
      const Value& value = graph.value(id);
      text += value.name + " " + std::string(dtype_name(value.dtype)) + value.shape.to_string();
    }
    text += ids == &graph.inputs() ? " -> " : "";
  }
  return text;
}

// Writes, reads and runs; nothing where the writer refuses.
std::optional<Distance> round_trip(const std::shared_ptr<const Graph>& graph) {
  const auto back = write_and_read(*graph);
  if (!back.ok()) {
    EXPECT_EQ(back.status().code(), StatusCode::kUnimplemented) << back.status().to_string();
    EXPECT_NE(back.status().message().find("cannot be written as ONNX"), std::string::npos)
        << back.status().to_string();
    return std::nullopt;
  }
  EXPECT_EQ(interface_of(**back), interface_of(*graph));
  const std::vector<Tensor> inputs = numbers_for_inputs(*graph);
  const auto expected = run_named_outputs(graph, inputs), found = run_named_outputs(*back, inputs);
  Distance distance;
  for (const NamedTensor& tensor : expected) {
    const auto same = std::ranges::find(found, tensor.name, &NamedTensor::name);
    if (same == found.end() || !(same->tensor.shape() == tensor.tensor.shape())) {
      ADD_FAILURE() << tensor.name << " is missing or has another shape";
      continue;
    }
    add_distance(same->tensor, tensor.tensor, distance);
  }
  return distance;
}

// Operations that ONNX spells with several operators, or computes in another order.
bool is_spelled_out(const Node& node) {
  if (const auto* op = std::get_if<ActivationOp>(&node.op)) {
    return op->kind == ActivationKind::kSwish || op->kind == ActivationKind::kGeluErf ||
           op->kind == ActivationKind::kGeluTanh || op->kind == ActivationKind::kMish ||
           op->kind == ActivationKind::kSelu || op->kind == ActivationKind::kScaledTanh ||
           op->kind == ActivationKind::kLinear;
  }
  if (const auto* op = std::get_if<UnaryOp>(&node.op)) {
    return op->kind == UnaryKind::kReciprocalSqrt;
  }
  if (const auto* op = std::get_if<BinaryOp>(&node.op)) return op->kind == BinaryKind::kFloorModulo;
  return std::holds_alternative<NormalizeOp>(node.op) || std::holds_alternative<MatmulOp>(node.op);
}

bool has_quantized(const Graph& graph) {
  return std::ranges::any_of(graph.values(), [](const Value& v) { return bool(v.quantization); });
}

// What is only written where it differs, for docs/onnx.md.
void show(const Distance& distance, const std::string& what) {
  if (distance.same_bits && distance.units == 0) return;
  if (std::getenv("TINYSPLIT_SHOW_DIFFERENCES") == nullptr) return;
  std::cout << what << ": floats " << distance.relative << "; " << distance.differing << " of "
            << distance.integers << " integers by up to " << distance.units << "\n";
}

void judge(const Graph& graph, const Distance& distance, bool is_onnx, const std::string& what) {
  show(distance, what);
  if (has_quantized(graph) && !is_onnx) {
    // ONNX rounds once where TensorFlow Lite rounds twice, and what follows takes it from there.
    EXPECT_LE(distance.units, 3) << what;
    EXPECT_LE(distance.differing, 3 + distance.integers / 10) << what;
    return;
  }
  EXPECT_EQ(distance.units, 0) << what;
  if (std::ranges::any_of(graph.nodes(), is_spelled_out)) {
    EXPECT_LE(distance.relative, 1e-5) << what;
  } else {
    EXPECT_TRUE(distance.same_bits) << what << ": " << distance.relative;
  }
}

// What ONNX cannot express: symmetric padding, bounded cell states, floor division of integers,
// 16-bit quantised values.
const std::set<std::string> kRefused{
    "int16_functions.tflite",  "int16_sizes.tflite",   "int8_recurrent.tflite",
    "padding.tflite",          "recurrent.tflite",     "ops_movement.keras",
    "ops_whole_numbers.keras", "types_float32.tflite", "types_int16.tflite",
    "types_int32.tflite",      "types_int64.tflite",   "types_int8.tflite",
    "types_uint8.tflite"};

class OnnxWriter : public testing::TestWithParam<fs::path> {};

TEST_P(OnnxWriter, WritesWhatIsReadBack) {
  const auto graph = read_model(GetParam());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const std::string name = GetParam().filename().string();
  const std::optional<Distance> whole = round_trip(*graph);
  ASSERT_EQ(!whole, kRefused.contains(name)) << write_onnx(**graph).status().to_string();
  if (!whole) return;
  const bool is_onnx = GetParam().extension() == ".onnx";
  judge(**graph, *whole, is_onnx, name + ", whole");
  if ((*graph)->num_layers() > 12) return;
  for (int cut = 1; cut < (*graph)->num_layers(); ++cut) {
    for (const auto& [begin, end] : {std::pair(0, cut), std::pair(cut, (*graph)->num_layers())}) {
      const auto part = extract_layers(**graph, begin, end);
      // Input layers alone make a file without nodes, which the reader does not take for a model.
      if (!part.ok() || (*part)->nodes().empty()) continue;
      const std::optional<Distance> distance = round_trip(*part);
      ASSERT_TRUE(distance.has_value());
      judge(**part, *distance, is_onnx,
            name + ", layers " + std::to_string(begin) + " to " + std::to_string(end));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, OnnxWriter, testing::ValuesIn(model_files()),
                         [](const auto& parameter) {
                           std::string name = parameter.param.filename().string();
                           std::ranges::replace_if(
                               name, [](char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace tinysplit
