#include "graph/op_traits.h"

#include <gtest/gtest.h>

#include "graph/type_inference.h"

namespace tinysplit {
namespace {

Value stored_value(float scale) {
  Value value;
  value.dtype = DType::kInt8;
  value.shape = Shape{1, 4, 4, 2};
  value.quantization = Quantization{{scale}, {3}, -1};
  return value;
}

// What picks or moves stored numbers keeps their scale; what computes is told one. A concatenation
// only moves them, but its inputs may have scales of their own.
TEST(OpTraits, WhoComputesOnStoredNumbersIsToldTheirScale) {
  const Value a = stored_value(0.5f), b = stored_value(0.25f);
  const Value* const one[] = {&a};
  const Value* const two[] = {&a, &b};
  const Op keeps[] = {ReshapeOp{Shape{1, 32}}, TransposeOp{{0, 3, 1, 2}},
                      ActivationOp{ActivationKind::kClip, 0.0f, 6.0f}, Pool2dOp{},
                      ReduceOp{ReduceKind::kMax, {1}, false}};
  for (const Op& op : keeps) {
    const auto type = infer_type(op, one, std::nullopt);
    ASSERT_TRUE(type.ok()) << op_name(op) << ": " << type.status().to_string();
    EXPECT_EQ(type->quantization->scale, a.quantization->scale) << op_name(op);
  }
  Pool2dOp average;
  average.kind = PoolKind::kAverage;
  const Op told[] = {ActivationOp{ActivationKind::kTanh}, average,
                     ReduceOp{ReduceKind::kMean, {1}, false}};
  for (const Op& op : told) EXPECT_FALSE(infer_type(op, one, std::nullopt).ok()) << op_name(op);
  EXPECT_FALSE(infer_type(ConcatOp{3}, two, std::nullopt).ok());
  EXPECT_FALSE(infer_type(BinaryOp{BinaryKind::kAdd}, two, std::nullopt).ok());
  EXPECT_TRUE(infer_type(ConcatOp{3}, two, ElementType(DType::kInt8, a.quantization)).ok());
}

// What moves elements, or names its dtype itself, cannot be said to make another.
TEST(OpTraits, DtypesThatFollowFromTheInputsAreHeldTo) {
  const Value a = stored_value(0.5f);
  const Value* const one[] = {&a};
  const Value* const two[] = {&a, &a};
  const ElementType floats{DType::kFloat32};
  for (const Op& op : {Op(ReshapeOp{Shape{1, 32}}), Op(TileOp{{1, 2, 1, 1}}),
                       Op(CastOp{DType::kInt32}), Op(ArgReduceOp{})}) {
    EXPECT_FALSE(infer_type(op, one, floats).ok()) << op_name(op);
  }
  EXPECT_FALSE(infer_type(BinaryOp{BinaryKind::kLess}, two, floats).ok());
  EXPECT_TRUE(infer_type(BinaryOp{BinaryKind::kAdd}, two, floats).ok());
}

}  // namespace
}  // namespace tinysplit
