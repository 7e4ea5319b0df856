#include "datasets/class_scores.h"

#include <algorithm>
#include <cmath>

namespace tinysplit {
namespace {

// In front of `b`; NaN is behind all numbers.
bool is_likelier(const ScoredClass& a, const ScoredClass& b) {
  return std::isnan(b.score) ? !std::isnan(a.score) : a.score > b.score;
}

std::vector<ScoredClass> scored(std::span<const float> outputs, ScoreKind kind) {
  std::vector<ScoredClass> classes;
  if (kind == ScoreKind::kScores) {
    for (const float score : outputs) {
      classes.push_back({static_cast<std::int32_t>(classes.size()), score});
    }
    return classes;
  }
  const float number = outputs.front();
  if (kind == ScoreKind::kProbabilityOfSecond) return {{0, 1.0F - number}, {1, number}};
  return {{0, 1.0F / (1.0F + std::exp(number))}, {1, 1.0F / (1.0F + std::exp(-number))}};
}

}  // namespace

std::vector<ScoredClass> ranked_classes(std::span<const float> outputs, ScoreKind kind) {
  std::vector<ScoredClass> classes = scored(outputs, kind);
  std::ranges::stable_sort(classes, is_likelier);
  return classes;
}

ScoredClass best_class(std::span<const float> outputs, ScoreKind kind) {
  const std::vector<ScoredClass> classes = scored(outputs, kind);
  return *std::ranges::min_element(classes, is_likelier);
}

}  // namespace tinysplit
