#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tinysplit {

// What the numbers of an output that tells classes apart are.
enum class ScoreKind : std::uint8_t {
  kScores,               // a number for each class, the highest of which wins
  kProbabilityOfSecond,  // of two classes: one number, the probability of the second (a sigmoid)
  kLogitOfSecond,        // of two classes: one number, of which a sigmoid would make that
};

struct ScoredClass {
  std::int32_t index = 0;
  float score =
      0.0F;  // a probability where one number scores two classes; else as the model has it
};

// All classes, the likeliest first, equals and NaN in their order. Two of one number, which is a
// probability or a logit. Every command and report turns outputs into classes here.
std::vector<ScoredClass> ranked_classes(std::span<const float> outputs, ScoreKind kind);

// The first of ranked_classes(): the second of two classes from more than 1/2 on, as Keras counts.
// Precondition: there is a number.
ScoredClass best_class(std::span<const float> outputs, ScoreKind kind);

}  // namespace tinysplit
