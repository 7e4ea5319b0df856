#include "engine/named_run.h"

#include <gtest/gtest.h>

#include <limits>

#include "engine/engine.h"
#include "engine/profiler.h"
#include "graph/graph_builder.h"

namespace tinysplit {
namespace {

// Layer "double" makes x + x, layer "total" its sum over all axes, a scalar.
std::shared_ptr<Engine> totals(DType dtype, const Shape& shape) {
  GraphBuilder builder("totals", "");
  const ValueId x = builder.add_input("x", ElementType{dtype}, shape).value();
  EXPECT_TRUE(builder.begin_layer("double", "Add").ok());
  const ValueId twice = builder.add_op(BinaryOp{BinaryKind::kAdd}, {x, x}).value();
  EXPECT_TRUE(builder.end_layer({twice}).ok());
  EXPECT_TRUE(builder.begin_layer("total", "Sum").ok());
  ReduceOp sum{ReduceKind::kSum, {}, false};
  for (int axis = 0; axis < shape.rank(); ++axis) sum.axes.push_back(axis);
  const ValueId total = builder.add_op(sum, {twice}).value();
  EXPECT_TRUE(builder.end_layer({total}).ok());
  EXPECT_TRUE(builder.begin_layer("negative", "Neg").ok());
  const ValueId negative = builder.add_op(UnaryOp{UnaryKind::kNegate}, {total}).value();
  EXPECT_TRUE(builder.end_layer({negative}).ok());
  EXPECT_TRUE(builder.add_output(negative).ok());
  return Engine::create(builder.build().value()).value();
}

Result<std::vector<NamedTensor>> try_run(Engine& engine, int begin, int end,
                                         std::vector<NamedTensor> tensors) {
  const auto segment = engine.make_segment(begin, end).value();
  return run_named(*segment, engine.graph(), std::move(tensors));
}

std::vector<NamedTensor> ones(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  for (std::int64_t i = 0; i < shape.num_elements(); ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    if (dtype == DType::kInt64) tensor.as<std::int64_t>()[at] = 1;
    if (dtype == DType::kFloat32) tensor.as<float>()[at] = 1;
  }
  std::vector<NamedTensor> tensors;
  tensors.push_back({"x", std::move(tensor)});
  return tensors;
}

TEST(NamedRun, KeepsIntegers) {
  const auto engine = totals(DType::kInt64, Shape{1, 3});
  const auto outputs = try_run(*engine, 0, 3, ones(DType::kInt64, Shape{1, 3}));
  ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
  EXPECT_EQ(outputs->front().tensor.dtype(), DType::kInt64);
  EXPECT_EQ(outputs->front().tensor.shape().rank(), 0);
  EXPECT_EQ(outputs->front().tensor.as<std::int64_t>()[0], -6);
}

std::shared_ptr<Engine> casts(DType from, DType to) {
  GraphBuilder builder("casts", "");
  const ValueId x = builder.add_input("x", ElementType{from}, Shape{1, 2}).value();
  EXPECT_TRUE(builder.begin_layer("cast", "Cast").ok());
  const ValueId y = builder.add_op(CastOp{to}, {x}).value();
  EXPECT_TRUE(builder.end_layer({y}).ok());
  EXPECT_TRUE(builder.add_output(y).ok());
  return Engine::create(builder.build().value()).value();
}

TEST(NamedRun, TakesFloat32ForFloat16AndTheOtherWayRound) {
  constexpr std::uint16_t kOne = 0x3c00, kInfinite = 0x7c00;
  Tensor real(DType::kFloat32, Shape{1, 2}), half(DType::kFloat16, Shape{1, 2});
  real.as<float>()[0] = 1.0001f;  // nearer to 1 than to the next float16
  real.as<float>()[1] = 1e6f;
  half.as<std::uint16_t>()[0] = kOne;
  half.as<std::uint16_t>()[1] = kInfinite;
  std::vector<NamedTensor> tensors;
  tensors.push_back({"x", std::move(real)});
  const auto wide = try_run(*casts(DType::kFloat16, DType::kFloat32), 0, 1, std::move(tensors));
  ASSERT_TRUE(wide.ok()) << wide.status().to_string();
  EXPECT_EQ(wide->front().tensor.as<float>()[0], 1.0f);
  EXPECT_EQ(wide->front().tensor.as<float>()[1], std::numeric_limits<float>::infinity());
  tensors.clear();
  tensors.push_back({"x", std::move(half)});
  const auto back = try_run(*casts(DType::kFloat32, DType::kFloat16), 0, 1, std::move(tensors));
  ASSERT_TRUE(back.ok()) << back.status().to_string();
  EXPECT_EQ(back->front().tensor.as<std::uint16_t>()[0], kOne);
  EXPECT_EQ(back->front().tensor.as<std::uint16_t>()[1], kInfinite);
}

TEST(NamedRun, RefusesAnotherDtypeWhereNumbersWouldChange) {
  const auto engine = totals(DType::kInt64, Shape{1, 3});
  const Status status = try_run(*engine, 0, 3, ones(DType::kFloat32, Shape{1, 3})).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("int64"), std::string::npos);
}

TEST(NamedRun, AFixedFirstDimensionIsOneRun) {
  const auto engine = totals(DType::kFloat32, Shape{4, 2});
  const auto outputs = try_run(*engine, 0, 3, ones(DType::kFloat32, Shape{4, 2}));
  ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
  EXPECT_EQ(outputs->front().tensor.as<float>()[0], -16.0f);
  // Not a multiple of the four rows that one run takes.
  EXPECT_EQ(try_run(*engine, 0, 3, ones(DType::kFloat32, Shape{6, 2})).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(try_run(*engine, 0, 3, ones(DType::kFloat32, Shape{2})).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(NamedRun, ScalarsOfABatchPassTheCut) {
  const auto engine = totals(DType::kFloat32, Shape{1, 3});
  auto live = try_run(*engine, 0, 2, ones(DType::kFloat32, Shape{5, 3}));
  ASSERT_TRUE(live.ok()) << live.status().to_string();
  EXPECT_EQ(live->front().tensor.shape().to_string(), "[5]");
  const auto outputs = try_run(*engine, 2, 3, std::move(*live));
  ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
  EXPECT_EQ(outputs->front().tensor.shape().to_string(), "[5]");
  for (const float value : outputs->front().tensor.as<float>()) EXPECT_EQ(value, -6.0f);
}

TEST(NamedRun, TakesAScalarInput) {
  const auto engine = totals(DType::kFloat32, Shape{});
  const auto outputs = try_run(*engine, 0, 3, ones(DType::kFloat32, Shape{}));
  ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
  EXPECT_EQ(outputs->front().tensor.as<float>()[0], -2.0f);
}

TEST(Profiler, ProfilesModelsOfIntegers) {
  for (const DType dtype : {DType::kInt64, DType::kInt32, DType::kFloat32}) {
    const auto engine = totals(dtype, Shape{2, 3});
    ProfileOptions options;
    options.runs = 1;
    EXPECT_TRUE(profile_model(*engine, {}, options).ok());
  }
}

}  // namespace
}  // namespace tinysplit
