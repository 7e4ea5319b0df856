#include "datasets/class_scores.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace tinysplit {
namespace {

std::vector<std::int32_t> indices_of(const std::vector<ScoredClass>& classes) {
  std::vector<std::int32_t> indices;
  for (const ScoredClass& one : classes) indices.push_back(one.index);
  return indices;
}

TEST(ClassScores, RanksTheHighestFirstAndEqualsInTheirOrder) {
  const std::array scores = {1.0F, 3.0F, std::nanf(""), 3.0F, -1.0F};
  EXPECT_EQ(indices_of(ranked_classes(scores, ScoreKind::kScores)),
            (std::vector<std::int32_t>{1, 3, 0, 4, 2}));
  EXPECT_EQ(best_class(scores, ScoreKind::kScores).index, 1);
}

TEST(ClassScores, OneNumberSpeaksOfTheSecondClass) {
  for (const float number : {0.0F, 0.2F, 0.5F, 0.7F, 1.0F}) {
    const auto ranked = ranked_classes(std::array{number}, ScoreKind::kProbabilityOfSecond);
    ASSERT_EQ(ranked.size(), 2U);
    EXPECT_EQ(ranked[0].index, number > 0.5F ? 1 : 0);
    EXPECT_FLOAT_EQ(ranked[0].score + ranked[1].score, 1.0F);
    EXPECT_GE(ranked[0].score, ranked[1].score);
  }
}

TEST(ClassScores, ALogitIsTheProbabilityThatItsSigmoidGives) {
  for (const float logit : {-200.0F, -3.0F, -0.1F, 0.0F, 0.1F, 3.0F, 200.0F}) {
    const float second = 1.0F / (1.0F + std::exp(-logit));
    const ScoredClass of_logit = best_class(std::array{logit}, ScoreKind::kLogitOfSecond);
    const ScoredClass of_probability =
        best_class(std::array{second}, ScoreKind::kProbabilityOfSecond);
    EXPECT_EQ(of_logit.index, of_probability.index) << logit;
    EXPECT_NEAR(of_logit.score, of_probability.score, 1e-6F) << logit;
  }
}

TEST(ClassScores, NothingButNanIsTheFirstClass) {
  const std::array scores = {std::nanf(""), std::nanf("")};
  EXPECT_EQ(best_class(scores, ScoreKind::kScores).index, 0);
}

}  // namespace
}  // namespace tinysplit
