#pragma once

#include <cstddef>
#include <span>

#include "training/loss.h"

namespace tinysplit::training {

// The loss of rows of `width` outputs, with its gradient. Where the network ends in the softmax or
// sigmoid that belongs to the kind, it is computed from the input of that.
class LossFunction {
 public:
  LossFunction(const LossOptions& options, std::size_t width, bool from_logits)
      : options_(options), width_(width), from_logits_(from_logits) {}

  bool from_logits() const { return from_logits_; }

  // `scores` are logits or outputs, whichever from_logits() says; `outputs` what the network gives.
  // Writes the gradient with respect to the scores if `gradient` is not null. All have the length
  // of `outputs`, a whole number of rows.
  double run(std::span<const float> outputs, const float* scores, const float* targets,
             float* gradient) const;

 private:
  double cross_entropy_row(const float* z, const float* y, const float* t, float* gradient) const;
  double cross_entropy_of_probabilities(const float* y, const float* t, float* gradient) const;
  double binary_row(const float* z, const float* y, const float* t, float* gradient) const;
  double squared_row(const float* y, const float* t, float* gradient) const;
  // The weight of a row by the class that its targets name.
  double weight_of(const float* t) const;
  // What label smoothing makes of a target.
  double smooth(float target) const;

  LossOptions options_;
  std::size_t width_;
  bool from_logits_;
};

}  // namespace tinysplit::training
