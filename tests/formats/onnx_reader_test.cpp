// What becomes of a model: its layers, names and layouts; and what is refused, with which words.
#include "formats/onnx/onnx_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "formats/model_reader.h"
#include "formats/onnx_models.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT
using GraphResult = Result<std::shared_ptr<const Graph>>;

GraphResult read(const OnnxModel& model, const OnnxOptions& options = {}) {
  return read_onnx_model_bytes(model.bytes(), "model", options);
}

void expect_refused(const GraphResult& graph, StatusCode code,
                    const std::vector<std::string>& words) {
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.status().code(), code) << graph.status().to_string();
  for (const std::string& word : words) {
    EXPECT_NE(graph.status().message().find(word), std::string::npos)
        << "\"" << word << "\" is not in: " << graph.status().message();
  }
}

std::ptrdiff_t count_transposes(const Graph& graph) {
  return std::ranges::count_if(
      graph.nodes(), [](const Node& node) { return std::holds_alternative<TransposeOp>(node.op); });
}

TEST(OnnxReader, MakesALayerOfEachNode) {
  const GraphResult graph = read(small_network());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  std::vector<std::string> names, kinds;
  for (const Layer& layer : (*graph)->layers()) {
    names.push_back(layer.name);
    kinds.push_back(layer.kind);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"first", "relu", "second", "residual", "pool",
                                             "flatten", "classes"}));
  EXPECT_EQ(kinds.front(), "Conv");
  EXPECT_EQ((*graph)->layers()[0].weight_bytes, (108 + 4) * 4);
  EXPECT_EQ((*graph)->value((*graph)->inputs()[0]).shape, (Shape{1, 3, 8, 8}));
  EXPECT_EQ((*graph)->value((*graph)->outputs()[0]).name, "y");
  EXPECT_EQ((*graph)->value((*graph)->outputs()[0]).shape, (Shape{1, 4}));
}

TEST(OnnxReader, TransposesAConvolutionalNetworkOnce) {
  const GraphResult graph = read(small_network());
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ(count_transposes(**graph), 1);
}

TEST(OnnxReader, TransposesOfTheFileCancelOut) {
  // [N,H,W,C] outside, [N,C,H,W] in the file: no transpose is left.
  OnnxModel model;
  model.input("x", {1, 8, 8, 3}).output("y");
  model.weights("w", {4, 3, 1, 1}, std::vector<float>(12, 0.5f));
  set_integers(model.node("Transpose", {"x"}, {"a"}), "perm", {0, 3, 1, 2});
  model.node("Conv", {"a", "w"}, {"b"});
  set_integers(model.node("Transpose", {"b"}, {"y"}), "perm", {0, 2, 3, 1});
  const GraphResult graph = read(model);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ(count_transposes(**graph), 0);
  EXPECT_EQ((*graph)->value((*graph)->outputs()[0]).shape, (Shape{1, 8, 8, 4}));
}

TEST(OnnxReader, NamesNodesWithoutOrWithTheSameName) {
  OnnxModel model;
  model.input("x", {1, 2}).output("c");
  model.node("Relu", {"x"}, {"a"});
  model.node("Tanh", {"a"}, {"b"}, "same");
  model.node("Tanh", {"b"}, {"c"}, "same");
  const GraphResult graph = read(model);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ((*graph)->layers()[0].name, "a");
  EXPECT_EQ((*graph)->layers()[1].name, "same");
  EXPECT_EQ((*graph)->layers()[2].name, "same_2");
}

TEST(OnnxReader, TakesABatchOfAnySizeAsOne) {
  OnnxModel model;
  model.input("x", {7, 2}).output("y").node("Relu", {"x"}, {"y"});
  auto* shape =
      model.proto().mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type();
  shape->mutable_shape()->mutable_dim(0)->set_dim_param("batch");
  const GraphResult graph = read(model);
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  EXPECT_EQ((*graph)->value((*graph)->inputs()[0]).shape, (Shape{1, 2}));
  shape->mutable_shape()->mutable_dim(1)->set_dim_param("length");
  expect_refused(read(model), StatusCode::kUnimplemented,
                 {"\"x\"", "length", "--input-shape 1,128"});
  OnnxOptions options;
  ASSERT_TRUE(options.sizes.add("length=5").ok());
  const GraphResult sized = read(model, options);
  ASSERT_TRUE(sized.ok()) << sized.status().to_string();
  EXPECT_EQ((*sized)->value((*sized)->inputs()[0]).shape, (Shape{1, 5}));
}

TEST(OnnxReader, NamesWhatItRefuses) {
  OnnxModel unknown = OnnxModel().input("x", {1, 2}).output("y");
  unknown.node("GridSample", {"x"}, {"y"}, "warp");
  expect_refused(read(unknown), StatusCode::kUnimplemented, {"\"warp\"", "GridSample"});

  OnnxModel domain = OnnxModel().input("x", {1, 2}).output("y");
  domain.node("Relu", {"x"}, {"y"}, "own").set_domain("com.example");
  expect_refused(read(domain), StatusCode::kUnimplemented, {"\"own\"", "com.example"});

  OnnxModel attribute = OnnxModel().input("x", {1, 2}).output("y");
  set_integers(attribute.node("Relu", {"x"}, {"y"}, "r"), "strange", {1});
  expect_refused(read(attribute), StatusCode::kUnimplemented, {"\"r\"", "\"strange\""});

  OnnxModel subgraph = OnnxModel().input("x", {1}, ::onnx::TensorProto::BOOL).output("y");
  subgraph.node("If", {"x"}, {"y"}, "branch");
  expect_refused(read(subgraph), StatusCode::kUnimplemented, {"\"branch\"", "If"});

  OnnxModel undefined = OnnxModel().input("x", {1, 2}).output("y");
  undefined.node("Add", {"x", "nowhere"}, {"y"}, "sum");
  expect_refused(read(undefined), StatusCode::kInvalidArgument, {"\"sum\"", "\"nowhere\""});

  OnnxModel weights = OnnxModel().input("x", {1, 1, 4, 4}).input("w", {1, 1, 3, 3}).output("y");
  weights.node("Conv", {"x", "w"}, {"y"}, "conv");
  expect_refused(read(weights), StatusCode::kUnimplemented, {"\"conv\"", "\"w\"", "run time"});

  expect_refused(read(OnnxModel(99).input("x", {1})), StatusCode::kUnimplemented, {"99"});
}

class ExternalData : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / "tinysplit_onnx_external";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "model");
    std::ofstream(folder_ / "model/data.bin") << std::string(64, '\0');
    std::ofstream(folder_ / "outside.bin") << std::string(64, '\0');
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  GraphResult read_from(const std::string& location, const std::string& offset) {
    OnnxModel model;
    model.input("x", {1, 4}).output("y").weights("w", {4}, {});
    auto* tensor = model.proto().mutable_graph()->mutable_initializer(0);
    tensor->clear_raw_data();
    tensor->set_data_location(::onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : {std::pair<std::string, std::string>{"location", location},
                                     {"offset", offset},
                                     {"length", "16"}}) {
      auto* entry = tensor->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    model.node("Add", {"x", "w"}, {"y"});
    std::ofstream(folder_ / "model/model.onnx", std::ios::binary) << model.bytes();
    return read_model(folder_ / "model/model.onnx");
  }

  std::filesystem::path folder_;
};

TEST_F(ExternalData, IsReadFromTheModelsFolder) {
  const GraphResult graph = read_from("data.bin", "48");
  EXPECT_TRUE(graph.ok()) << graph.status().to_string();
}

TEST_F(ExternalData, IsRefusedAnywhereElse) {
  std::filesystem::create_symlink(folder_ / "outside.bin", folder_ / "model/link.bin");
  for (const std::string location :
       {"../outside.bin", "model/../../outside.bin", "link.bin", "/etc/passwd"}) {
    expect_refused(read_from(location, "0"), StatusCode::kPermissionDenied, {"\"w\"", location});
  }
  expect_refused(read_from("missing.bin", "0"), StatusCode::kNotFound, {"missing.bin"});
  expect_refused(read_from("data.bin", "49"), StatusCode::kInvalidArgument, {"data.bin"});
  expect_refused(read_from("data.bin", "18446744073709551615"), StatusCode::kInvalidArgument, {});
  expect_refused(read_from("data.bin", "x"), StatusCode::kInvalidArgument, {"offset"});
}

}  // namespace
}  // namespace tinysplit
