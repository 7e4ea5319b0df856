// Damaged and hostile files: whatever the bytes, an error and no harm.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/limits.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/onnx/onnx_writer.h"
#include "formats/onnx_models.h"

namespace tinysplit {
namespace {

using namespace test;  // NOLINT

void expect_truncations_refused(const std::string& bytes) {
  ASSERT_TRUE(read_onnx_model_bytes(bytes, "whole").ok());
  // Behind the graph only the operator sets follow; without them the model is refused as well.
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto graph = read_onnx_model_bytes(bytes.substr(0, size), "cut");
    ASSERT_FALSE(graph.ok()) << size << " of " << bytes.size() << " bytes";
    ASSERT_FALSE(graph.status().message().empty());
  }
}

void expect_flips_survived(const std::string& bytes, int copies) {
  std::mt19937 random(7);
  int refused = 0;
  for (int copy = 0; copy < copies; ++copy) {
    std::string damaged = bytes;
    for (std::uint32_t flips = 1 + random() % 4; flips > 0; --flips) {
      // Most of the file is weights, whose damage nobody can see.
      const std::size_t at =
          random() % 2 == 0 ? random() % bytes.size() : bytes.size() - 1 - random() % 400;
      damaged[at] = static_cast<char>(random());
    }
    const auto graph = read_onnx_model_bytes(damaged, "flipped");
    if (graph.ok()) {
      // What the writer takes, it writes within bounds; what not, it refuses with a reason.
      const Status written = write_onnx(**graph).status();
      EXPECT_TRUE(written.ok() || !written.message().empty());
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, copies / 10);
}

TEST(OnnxHostile, RefusesEveryTruncation) {
  expect_truncations_refused(small_network().bytes());
  expect_truncations_refused(small_quantized_network().bytes());
}

TEST(OnnxHostile, SurvivesFlippedBytes) {
  expect_flips_survived(small_network().bytes(), 5000);
  expect_flips_survived(small_quantized_network().bytes(), 3000);
}

TEST(OnnxHostile, RefusesSizesThatTheFileDoesNotHold) {
  OnnxModel model;
  model.input("x", {1, 4}).output("y").weights("w", {1 << 14, 1 << 13}, {1.0f});
  model.node("Add", {"x", "w"}, {"y"});
  EXPECT_FALSE(read_onnx_model_bytes(model.bytes(), "short").ok());
}

TEST(OnnxHostile, BoundsWhatConstantsGrowTo) {
  OnnxModel model;
  model.input("x", {1}).output("y").integers("shape", {1 << 14, 1 << 13});
  model.node("ConstantOfShape", {"shape"}, {"a"});
  model.node("ConstantOfShape", {"shape"}, {"b"});
  model.node("Add", {"a", "b"}, {"c"});
  model.node("Add", {"x", "c"}, {"y"});
  const auto graph = read_onnx_model_bytes(model.bytes(), "bomb");
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.status().code(), StatusCode::kResourceExhausted) << graph.status().to_string();
}

TEST(OnnxHostile, RefusesDeepNesting) {
  // A type of a sequence of a sequence of ...
  OnnxModel model = small_network();
  auto* type = model.proto().mutable_graph()->mutable_input(0)->mutable_type();
  for (int depth = 0; depth < limits::kMaxProtobufDepth; ++depth) {
    type = type->mutable_sequence_type()->mutable_elem_type();
  }
  const auto graph = read_onnx_model_bytes(model.bytes(), "deep");
  ASSERT_FALSE(graph.ok());
  EXPECT_NE(graph.status().message().find("protobuf"), std::string::npos);
}

TEST(OnnxHostile, RefusesNamesThatAreNoText) {
  for (const std::string& name : {std::string("\xff\xfe"), std::string("a\nb"),
                                  std::string(limits::kMaxNameBytes + 1, 'n')}) {
    OnnxModel model = small_network();
    model.proto().mutable_graph()->mutable_node(0)->set_name(name);
    EXPECT_FALSE(read_onnx_model_bytes(model.bytes(), "names").ok());
  }
}

TEST(OnnxHostile, RefusesTensorsNamedTwice) {
  OnnxModel model;
  model.input("x", {1, 4}).output("y");
  model.node("Relu", {"x"}, {"y"});
  model.node("Tanh", {"x"}, {"y"});
  EXPECT_FALSE(read_onnx_model_bytes(model.bytes(), "twice").ok());
}

}  // namespace
}  // namespace tinysplit
