#include <gtest/gtest.h>

#include "engine/engine.h"
#include "formats/model_reader.h"
#include "graph/graph_builder.h"
#include "sample_models.h"

namespace tinysplit {
namespace {

TEST(MissingKernels, AreFoundWhereverTheyAre) {
  GraphBuilder builder("model", "");
  const ValueId in = builder.add_input("in", DType::kInt32, Shape{1, 4}).value();
  const auto add = [&](const char* name, const Op& op, ValueId input) {
    EXPECT_TRUE(builder.begin_layer(name, "Test").ok());
    const ValueId out = builder.add_op(op, {input}).value();
    EXPECT_TRUE(builder.end_layer({out}).ok());
    return out;
  };
  const ValueId doubled = add("absolute", UnaryOp{UnaryKind::kAbs}, in);
  const ValueId curved = add("curved", ActivationOp{ActivationKind::kTanh}, doubled);
  const ValueId last = add("again", ActivationOp{ActivationKind::kSigmoid}, curved);
  ASSERT_TRUE(builder.add_output(last).ok());
  const auto engine = Engine::create(builder.build().value()).value();
  const auto missing = engine->find_missing_kernels();
  ASSERT_EQ(missing.size(), 2u);
  EXPECT_EQ(missing[0].layer, 1);
  EXPECT_EQ(missing[1].layer, 2);
  EXPECT_EQ(missing[0].reason.code(), StatusCode::kUnimplemented);
  EXPECT_NE(missing[0].reason.message().find("curved"), std::string::npos);
  EXPECT_FALSE(engine->make_segment(0, 3).ok());
  EXPECT_TRUE(engine->make_segment(0, 1).ok());
}

TEST(MissingKernels, NoModelOfTheTestsLacksOne) {
  for (const auto& path : test::model_files()) {
    EXPECT_TRUE(Engine::create(read_model(path).value()).value()->find_missing_kernels().empty())
        << path;
  }
}

}  // namespace
}  // namespace tinysplit
