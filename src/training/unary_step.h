#pragma once

#include "training/gradient_sum.h"
#include "training/step.h"

namespace tinysplit::training {

// A step with one input whose gradient it makes of the whole gradient of its output, element by
// element or not.
class UnaryStep : public Step {
 public:
  UnaryStep(const FusedOperation& fused, PlanContext& context);

  Status plan_backward(PlanContext& context) override;
  Status forward(Pass pass) override;
  Status backward() override;

 protected:
  virtual void compute(Pass pass) = 0;
  // Writes the gradient of the input; `dy` and `dx` may be one buffer if may_overwrite().
  virtual void compute_gradient(const float* dy, float* dx) = 0;
  // Whether element i of the gradient needs element i of `dy` alone.
  virtual bool may_overwrite() const { return true; }

  const FusedOperation fused_;
  const Shape x_shape_, y_shape_;
  const float* const x_;
  float* const y_;
  const std::size_t size_;  // of the input
  const int threads_;

 private:
  GradientSum gradient_;
  float* dx_ = nullptr;
};

}  // namespace tinysplit::training
