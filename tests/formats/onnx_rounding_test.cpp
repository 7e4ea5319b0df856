// QuantizeLinear rounds halves to even, other formats do not.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/engine.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/onnx_models.h"

namespace tinysplit {
namespace {

TEST(OnnxRounding, TakesHalvesToEven) {
  test::OnnxModel model;
  model.input("x", {1, 6}).output("y").weights("scale", {}, {2.0f});
  model.node("QuantizeLinear", {"x", "scale"}, {"y"});
  const auto graph = read_onnx_model_bytes(model.bytes(), "model");
  ASSERT_TRUE(graph.ok()) << graph.status().to_string();
  const auto engine = Engine::create(*graph);
  ASSERT_TRUE(engine.ok());
  const auto segment = (*engine)->make_segment(0, 1);
  ASSERT_TRUE(segment.ok()) << segment.status().to_string();
  Tensor x(DType::kFloat32, Shape{1, 6});
  std::ranges::copy(std::array{1.0f, 3.0f, 5.0f, 7.0f, -1.0f, 1000.0f}, x.as<float>().begin());
  ASSERT_TRUE((*segment)->run(std::array{x.view()}).ok());
  EXPECT_TRUE(std::ranges::equal((*segment)->output(0).as<std::uint8_t>(),
                                 std::array<std::uint8_t, 6>{0, 2, 2, 4, 0, 255}));
}

}  // namespace
}  // namespace tinysplit
