#pragma once

#include <vector>

#include "training/step.h"

namespace tinysplit::training {

// The gradient of a step's output as one buffer: the sum of what the readers left, passed through
// the clip that was fused to the output. For steps that cannot add up parts themselves.
class GradientSum {
 public:
  // Takes the parts of value `output`; false if there are none, then no backward pass is to be
  // done.
  bool plan(PlanContext& context, std::size_t output, const std::optional<ClipBounds>& clip);

  // Sums up, if there is something to be summed up, and returns the gradient.
  const float* run() const;

  const float* data() const { return result_.get(); }
  // The buffer; whoever keeps the handle while planning may hand it on.
  const Block& block() const { return result_; }
  // Whether the step may overwrite the buffer once it has read it.
  bool exclusive() const { return result_.use_count() == 1; }
  void release() { result_.reset(); }

 private:
  std::vector<const float*> parts_;
  Block result_;
  const float* values_ = nullptr;  // of the output, behind the clip
  std::optional<ClipBounds> clip_;
  std::size_t size_ = 0;
  int threads_ = 1;
  float* written_ = nullptr;
};

}  // namespace tinysplit::training
