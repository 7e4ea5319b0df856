// What stands for other nodes: functions of the model's own, and an If whose condition is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "formats/onnx/onnx_reader.h"
#include "formats/onnx_models.h"
#include "layer_runs.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT

std::shared_ptr<const Graph> graph_of(const OnnxModel& model) {
  const auto graph = read_onnx_model_bytes(model.bytes(), "model");
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
  return graph.ok() ? *graph : nullptr;
}

Status refusal(const OnnxModel& model) {
  return read_onnx_model_bytes(model.bytes(), "model").status();
}

std::vector<float> outputs_of(const OnnxModel& model, const std::vector<float>& x) {
  const auto graph = graph_of(model);
  if (graph == nullptr) return {};
  Tensor input(DType::kFloat32, graph->value(graph->inputs()[0]).shape);
  std::ranges::copy(x, input.as<float>().begin());
  std::vector<NamedTensor> inputs;
  inputs.push_back({graph->value(graph->inputs()[0]).name, std::move(input)});
  const auto engine = Engine::create(graph);
  EXPECT_TRUE(engine.ok()) << engine.status().to_string();
  const auto outputs = run_layers(**engine, 0, graph->num_layers(), std::move(inputs));
  if (outputs.empty()) return {};
  const auto values = outputs[0].tensor.as<float>();
  return {values.begin(), values.end()};
}

std::vector<std::string> layer_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Layer& layer : graph.layers()) names.push_back(layer.name);
  return names;
}

::onnx::NodeProto make_node(const std::string& kind, const std::vector<std::string>& inputs,
                            const std::vector<std::string>& outputs, const std::string& name = "") {
  OnnxModel model;
  return model.node(kind, inputs, outputs, name);
}

void set_real(::onnx::NodeProto& node, const std::string& name, float value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(::onnx::AttributeProto::FLOAT);
  attribute->set_f(value);
}

void refer(::onnx::NodeProto& node, const std::string& name, const std::string& to) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(::onnx::AttributeProto::FLOAT);
  attribute->set_ref_attr_name(to);
}

::onnx::FunctionProto& add_function(OnnxModel& model, const std::string& name,
                                    const std::vector<std::string>& inputs,
                                    const std::vector<std::string>& outputs,
                                    const std::vector<::onnx::NodeProto>& nodes) {
  auto* function = model.proto().add_functions();
  function->set_name(name);
  function->set_domain("own");
  function->add_opset_import()->set_version(13);
  for (const std::string& input : inputs) function->add_input(input);
  for (const std::string& output : outputs) function->add_output(output);
  for (const auto& node : nodes) *function->add_node() = node;
  return *function;
}

::onnx::NodeProto& call(OnnxModel& model, const std::string& name,
                        const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs, const std::string& node_name) {
  auto& node = model.node(name, inputs, outputs, node_name);
  node.set_domain("own");
  return node;
}

TEST(OnnxFunctions, TakeThePlaceOfTheirCalls) {
  OnnxModel model;
  model.input("x", {1, 2}).output("y");
  auto leaky = make_node("LeakyRelu", {"a"}, {"t"}, "leaky");
  refer(leaky, "alpha", "slope");
  add_function(model, "Twice", {"a"}, {"b"}, {leaky, make_node("Add", {"t", "t"}, {"b"})});
  auto inner = make_node("Twice", {"in"}, {"out"}, "inner");
  inner.set_domain("own");
  refer(inner, "slope", "outer_slope");
  add_function(model, "Nested", {"in"}, {"out"}, {inner});
  set_real(call(model, "Twice", {"x"}, {"first"}, "one"), "slope", 0.5f);
  set_real(call(model, "Nested", {"first"}, {"y"}, "two"), "outer_slope", 0.25f);
  EXPECT_EQ(outputs_of(model, {3.0f, -2.0f}), (std::vector<float>{12.0f, -1.0f}));
  EXPECT_EQ(layer_names(*graph_of(model)),
            (std::vector<std::string>{"one/leaky", "one/Add", "two/inner/leaky", "two/inner/Add"}));
}

TEST(OnnxFunctions, LeaveOutWhatTheCallDoesNotGive) {
  OnnxModel model;
  model.input("x", {1, 2}).output("y");
  auto leaky = make_node("LeakyRelu", {"a"}, {"b"});
  refer(leaky, "alpha", "slope");
  add_function(model, "F", {"a"}, {"b"}, {leaky});
  call(model, "F", {"x"}, {"y"}, "f");
  // The operator's own default.
  EXPECT_EQ(outputs_of(model, {2.0f, -1.0f}), (std::vector<float>{2.0f, -0.01f}));
  // The function's: field 11, which holds an AttributeProto.
  ::onnx::AttributeProto slope;
  slope.set_name("slope");
  slope.set_type(::onnx::AttributeProto::FLOAT);
  slope.set_f(0.5f);
  auto& function = *model.proto().mutable_functions(0);
  function.GetReflection()->MutableUnknownFields(&function)->AddLengthDelimited(
      11, slope.SerializeAsString());
  EXPECT_EQ(outputs_of(model, {2.0f, -1.0f}), (std::vector<float>{2.0f, -0.5f}));
}

TEST(OnnxFunctions, HandOnTheirInputs) {
  OnnxModel model;
  model.input("x", {1, 2}).output("y");
  add_function(model, "Both", {"a"}, {"a", "b"}, {make_node("Neg", {"a"}, {"b"})});
  call(model, "Both", {"x"}, {"same", "negative"}, "f");
  model.node("Sub", {"same", "negative"}, {"y"});
  EXPECT_EQ(outputs_of(model, {3.0f, -2.0f}), (std::vector<float>{6.0f, -4.0f}));
}

TEST(OnnxFunctions, AreRefusedWhereTheyNeverEnd) {
  OnnxModel model;
  model.input("x", {1, 2}).output("y");
  auto self = make_node("F", {"a"}, {"b"});
  self.set_domain("own");
  add_function(model, "F", {"a"}, {"b"}, {self});
  call(model, "F", {"x"}, {"y"}, "f");
  EXPECT_EQ(refusal(model).code(), StatusCode::kInvalidArgument);
  EXPECT_NE(refusal(model).message().find("circle"), std::string::npos);
}

TEST(OnnxFunctions, AreRefusedWhereTheyBecomeTooMuch) {
  OnnxModel model;
  model.input("x", {1, 2}).output("y");
  add_function(model, "F0", {"a"}, {"b"}, {make_node("Neg", {"a"}, {"b"})});
  for (int level = 1; level < 30; ++level) {
    const std::string below = "F" + std::to_string(level - 1);
    auto first = make_node(below, {"a"}, {"t"}), second = make_node(below, {"t"}, {"b"});
    first.set_domain("own");
    second.set_domain("own");
    add_function(model, "F" + std::to_string(level), {"a"}, {"b"}, {first, second});
  }
  call(model, "F29", {"x"}, {"y"}, "f");
  EXPECT_EQ(refusal(model).code(), StatusCode::kResourceExhausted) << refusal(model).to_string();
}

::onnx::GraphProto branch(const std::string& kind, const std::string& input) {
  ::onnx::GraphProto graph;
  *graph.add_node() = make_node(kind, {input}, {"t"}, "first");
  *graph.add_node() = make_node("Abs", {"t"}, {"result"}, "second");
  graph.add_output()->set_name("result");
  return graph;
}

void add_branches(::onnx::NodeProto& node, const ::onnx::GraphProto& then,
                  const ::onnx::GraphProto& otherwise) {
  for (const auto& [name, graph] :
       {std::pair("then_branch", then), std::pair("else_branch", otherwise)}) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(::onnx::AttributeProto::GRAPH);
    *attribute->mutable_g() = graph;
  }
}

// Whether the first axis of x, of size 1, is `size`.
OnnxModel model_with_condition(std::int64_t size) {
  OnnxModel model;
  model.input("x", {1, 2}).output("y").integers("zero", {0}).integers("size", {size});
  model.node("Shape", {"x"}, {"shape"});
  model.node("Gather", {"shape", "zero"}, {"axis"});
  model.node("Equal", {"axis", "size"}, {"condition"});
  return model;
}

TEST(OnnxIf, BecomesTheBranchOfItsCondition) {
  for (const std::int64_t size : {1, 2}) {
    OnnxModel model = model_with_condition(size);
    add_branches(model.node("If", {"condition"}, {"a"}, "choice"), branch("Exp", "x"),
                 branch("Relu", "x"));
    // The same names within.
    add_branches(model.node("If", {"condition"}, {"y"}, "again"), branch("Relu", "a"),
                 branch("Neg", "a"));
    const std::vector<float> right =
        size == 1 ? std::vector{1.0f, std::exp(-2.0f)} : std::vector{0.0f, 0.0f};
    const std::vector<float> found = outputs_of(model, {0.0f, -2.0f});
    ASSERT_EQ(found.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(found[i], right[i], 1e-6f);
    const auto names = layer_names(*graph_of(model));
    EXPECT_EQ(
        std::vector(names.begin() + 3, names.end()),
        (std::vector<std::string>{"first", "second", "choice", "first_2", "second_2", "again"}));
  }
}

TEST(OnnxIf, IsRefusedWhereItsConditionIsComputed) {
  OnnxModel model;
  model.input("x", {1}, ::onnx::TensorProto::BOOL).output("y");
  add_branches(model.node("If", {"x"}, {"y"}, "choice"), branch("Abs", "x"), branch("Neg", "x"));
  const Status status = refusal(model);
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_NE(status.message().find("\"choice\""), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("run time"), std::string::npos) << status.message();
}

TEST(OnnxIf, IsRefusedWithoutABranchThatFits) {
  OnnxModel none = model_with_condition(1);
  none.node("If", {"condition"}, {"y"}, "choice");
  EXPECT_EQ(refusal(none).code(), StatusCode::kInvalidArgument);

  OnnxModel several = model_with_condition(1);
  add_branches(several.node("If", {"condition"}, {"y", "z"}, "choice"), branch("Abs", "x"),
               branch("Neg", "x"));
  EXPECT_EQ(refusal(several).code(), StatusCode::kInvalidArgument);
}

// Tensors without elements come up where shapes are put together.
TEST(OnnxEmptyTensors, AreConstants) {
  OnnxModel model;
  model.input("x", {2, 3}).output("y");
  model.integers("none", {}).integers("zero", {0}).integers("two", {2});
  const auto join = [&](const char* a, const char* b, const char* both) {
    auto* axis = model.node("Concat", {a, b}, {both}).add_attribute();
    axis->set_name("axis");
    axis->set_type(::onnx::AttributeProto::INT);
    axis->set_i(0);
  };
  model.node("Shape", {"x"}, {"shape"});
  model.node("Slice", {"shape", "two", "two"}, {"rest"});  // []
  join("none", "rest", "nothing");
  model.node("ReduceProd", {"nothing"}, {"one"});  // of nothing: [1]
  join("one", "shape", "wide");                    // [1,2,3]
  model.node("Reshape", {"x", "wide"}, {"cube"});
  model.node("Slice", {"cube", "zero", "zero"}, {"emptied"});  // [0,2,3]
  join("emptied", "cube", "same");
  model.node("Neg", {"same"}, {"y"});
  EXPECT_EQ(outputs_of(model, {1, 2, 3, 4, 5, 6}), (std::vector<float>{-1, -2, -3, -4, -5, -6}));
  const auto graph = graph_of(model);
  EXPECT_EQ(graph->value(graph->outputs()[0]).shape, (Shape{1, 2, 3}));
}

// What has to pick one of no elements.
TEST(OnnxEmptyTensors, AreRefusedWhereOneIsNeeded) {
  const auto refused = [](const std::string& kind, const std::vector<std::string>& more,
                          const char* mode) {
    OnnxModel model(18);
    model.input("x", {2, 3, 4, 4}).output("y").integers("zero", {0});
    model.integers("sizes", {2, 3, 5, 5}).integers("pads", {1, 0, 0, 0, 0, 0, 0, 0});
    model.integers("place", {0}).weights("none", {0}, {});
    model.node("Slice", {"x", "zero", "zero"}, {"nothing"});  // [0,3,4,4]
    std::vector<std::string> inputs{"nothing"};
    inputs.insert(inputs.end(), more.begin(), more.end());
    auto& node = model.node(kind, inputs, {"y"}, "node");
    if (mode != nullptr) {
      auto* attribute = node.add_attribute();
      attribute->set_name("mode");
      attribute->set_type(::onnx::AttributeProto::STRING);
      attribute->set_s(mode);
    }
    return refusal(model);
  };
  for (const char* mode : {"edge", "reflect", "wrap"}) {
    EXPECT_FALSE(refused("Pad", {"pads"}, mode).ok()) << mode;
  }
  for (const char* mode : {"nearest", "linear", "cubic"}) {
    EXPECT_FALSE(refused("Resize", {"none", "none", "sizes"}, mode).ok()) << mode;
  }
  EXPECT_FALSE(refused("GatherND", {"place"}, nullptr).ok());
  EXPECT_FALSE(refused("Gather", {"place"}, nullptr).ok());
  EXPECT_FALSE(refused("Neg", {}, nullptr).ok());  // an output of no elements
}

}  // namespace
}  // namespace tinysplit
