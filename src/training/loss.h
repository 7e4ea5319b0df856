#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace tinysplit::training {

enum class LossKind : std::uint8_t {
  kCrossEntropy,        // CategoricalCrossentropy: targets are distributions over the last axis
  kBinaryCrossEntropy,  // BinaryCrossentropy: each output is a probability of its own
  kMeanSquaredError,
};

// As Keras' class of the kind defines it: the mean over the batch (and over all axes in between) of
// the loss of each row, for the binary and squared kinds the mean over the row. Both
// cross-entropies take probabilities; behind a softmax or sigmoid that ends the network they are
// computed from its input, without loss of digits, elsewhere probabilities are kept 1e-7 away from
// 0 and 1.
struct LossOptions {
  LossKind kind = LossKind::kCrossEntropy;
  float label_smoothing = 0.0f;  // in [0, 1]; of the cross-entropies
  // Factors on the loss of rows of each class, of the cross-entropies; empty for none. Only steps
  // of training are weighted, as by Keras' class_weight. Of a single output: {no, yes}.
  std::vector<float> class_weights = {};
};

// "cross_entropy", "binary_cross_entropy", "mean_squared_error"
std::string_view loss_name(LossKind kind);
// Errors: INVALID_ARGUMENT, which lists the names.
Result<LossKind> loss_of(std::string_view name);

}  // namespace tinysplit::training
