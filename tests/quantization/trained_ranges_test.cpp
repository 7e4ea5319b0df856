#include "quantization/trained_ranges.h"

#include <gtest/gtest.h>

#include "graph/graph_builder.h"
#include "quantization/calibration.h"
#include "quantization/folding.h"
#include "quantization/quantization_models.h"
#include "quantization/quantizer.h"

namespace tinysplit {
namespace {

class TrainedRanges : public testing::Test {
 protected:
  std::shared_ptr<const Graph> folded_ = fold_operations(*make_branched_model()).value();
  Ranges calibrated_ = calibrate(*folded_, random_samples(*folded_, 8), {}).value();
};

TEST_F(TrainedRanges, ReplaceThoseOfCalibrationByName) {
  const Ranges ranges =
      with_trained(*folded_, calibrated_,
                   {{"sum", {-0.25f, 3.5f}}, {"no value of this network", {-1.0f, 1.0f}}});
  ASSERT_EQ(ranges.size(), calibrated_.size());
  for (const auto& [name, range] : ranges) {
    const Range& expected = name == "sum" ? Range{-0.25f, 3.5f} : calibrated_.at(name);
    EXPECT_EQ(range.low, expected.low) << name;
    EXPECT_EQ(range.high, expected.high) << name;
  }
}

// A maximum has the scale of what it is of: its calibrated range must not widen the trained one.
TEST(TrainedRangesOfPools, StayWithinThoseOfWhatTheyRead) {
  GraphBuilder builder("pool", "");
  const ValueId image = builder.add_input("image", DType::kFloat32, Shape{1, 4, 4, 2}).value();
  ASSERT_TRUE(builder.begin_layer("sum", "Add").ok());
  const ValueId sum = builder.add_op(BinaryOp{BinaryKind::kAdd}, {image, image}).value();
  ASSERT_TRUE(builder.end_layer({sum}).ok() && builder.begin_layer("pool", "Pool").ok());
  const ValueId pool = builder.add_op(GlobalPoolOp{PoolKind::kMax}, {sum}).value();
  ASSERT_TRUE(builder.end_layer({pool}).ok() && builder.add_output(pool).ok());
  const auto folded = fold_operations(*builder.build().value()).value();
  const Ranges calibrated = {
      {"image", {-1.0f, 1.0f}}, {"sum", {-4.0f, 4.0f}}, {"pool", {-3.0f, 4.0f}}};
  const Ranges ranges = with_trained(*folded, calibrated, {{"sum", {-0.5f, 2.0f}}});
  EXPECT_EQ(ranges.at("pool").low, -0.5f);
  EXPECT_EQ(ranges.at("pool").high, 2.0f);
  EXPECT_TRUE(quantize(folded, ranges).ok());
}

}  // namespace
}  // namespace tinysplit
