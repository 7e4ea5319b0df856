#include "graph/micro_arena.h"

#include <gtest/gtest.h>

#include "graph/graph_builder.h"
#include "graph/metrics.h"

namespace tinysplit {
namespace {

// 1x1 convolutions, one after the other, of images with these numbers of channels.
std::shared_ptr<const Graph> chain_of(const std::vector<std::int64_t>& channels) {
  constexpr std::int64_t kSide = 16;
  GraphBuilder builder("chain", "");
  ValueId value =
      builder.add_input("in", DType::kFloat32, Shape{1, kSide, kSide, channels[0]}).value();
  for (std::size_t i = 1; i < channels.size(); ++i) {
    const ValueId kernel =
        builder.add_constant(Tensor(DType::kFloat32, Shape{1, 1, channels[i - 1], channels[i]}));
    EXPECT_TRUE(builder.begin_layer("conv" + std::to_string(i), "Conv2D").ok());
    value = builder.add_op(Conv2dOp{}, {value, kernel}).value();
    EXPECT_TRUE(builder.end_layer({value}).ok());
  }
  EXPECT_TRUE(builder.add_output(value).ok());
  return builder.build().value();
}

// The planner of the runtime puts the largest first and, of equal ones, the last: the first of two
// equal ones then finds no place below it, although the values alive at once would fit.
TEST(MicroArena, HasTheGapsThatTheRuntimesPlannerLeaves) {
  const auto graph = chain_of({6, 4, 4, 8, 2});
  constexpr std::int64_t kChannel = 16 * 16 * 4;
  EXPECT_EQ(head_peak_ram_bytes(*graph).back(), 12 * kChannel);
  const std::int64_t arena = head_micro_arena_bytes(*graph).back();
  EXPECT_GE(arena, 16 * kChannel);
  EXPECT_LT(arena, 16 * kChannel + 4000);
}

TEST(MicroArena, GrowsWithEveryOperator) {
  const auto graph = chain_of({1, 1, 1, 1, 1, 1});
  const std::vector<std::int64_t> bytes = head_micro_arena_bytes(*graph);
  EXPECT_EQ(bytes[0], 0);
  for (std::size_t c = 2; c < bytes.size(); ++c) EXPECT_GT(bytes[c], bytes[c - 1]);
}

}  // namespace
}  // namespace tinysplit
