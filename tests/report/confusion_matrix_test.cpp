#include "report/confusion_matrix.h"

#include <gtest/gtest.h>

namespace tinysplit {
namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

const ConfusionMatrix kMatrix{"title", "sub", {"a<b", "hat", "coat"}, {8, 2, 0, 0, 5, 5, 1, 3, 6}};

TEST(ConfusionMatrix, CountsAndRanksMistakes) {
  EXPECT_DOUBLE_EQ(accuracy_of(kMatrix), 19.0 / 30.0);
  EXPECT_EQ(accuracy_of({}), 0.0);
  const auto mistakes = worst_mistakes(kMatrix, 2);
  ASSERT_EQ(mistakes.size(), 2U);
  EXPECT_EQ(mistakes[0].truth, 1U);
  EXPECT_EQ(mistakes[0].named, 2U);
  EXPECT_DOUBLE_EQ(mistakes[0].share, 0.5);
  EXPECT_EQ(mistakes[1].count, 3);
}

TEST(ConfusionMatrix, IsDrawnWithEachCellAndEscapedNames) {
  const std::string svg = render_svg(kMatrix);
  EXPECT_EQ(count_of(svg, "<rect x="), 9U);
  EXPECT_EQ(count_of(svg, "a&lt;b"), 2U);
  EXPECT_EQ(count_of(svg, "a<b"), 0U);
  EXPECT_EQ(count_of(svg, ">8</text>"), 1U);
  EXPECT_EQ(svg, render_svg(kMatrix));
}

TEST(ConfusionMatrix, OfManyClassesIsDrawnOfTheWorst) {
  ConfusionMatrix many{"many", "", {}, {}};
  constexpr std::size_t kClasses = 100;
  for (std::size_t i = 0; i < kClasses; ++i) many.classes.push_back("class " + std::to_string(i));
  many.counts.assign(kClasses * kClasses, 0);
  many.counts[77 * kClasses + 3] = 9;
  const std::string svg = render_svg(many);
  EXPECT_EQ(count_of(svg, "<rect x="), kMaxDrawnClasses * kMaxDrawnClasses);
  EXPECT_EQ(count_of(svg, ">class 77<"), 2U);
}

}  // namespace
}  // namespace tinysplit
