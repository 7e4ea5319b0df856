#include "training/unary_step.h"

namespace tinysplit::training {

UnaryStep::UnaryStep(const FusedOperation& fused, PlanContext& context)
    : fused_(fused),
      x_shape_(context.values[fused.operation->inputs[0]].shape),
      y_shape_(context.values[fused.output].shape),
      x_(context.values[fused.operation->inputs[0]].data),
      y_(context.values[fused.output].data),
      size_(context.values[fused.operation->inputs[0]].size()),
      threads_(context.threads) {}

Status UnaryStep::plan_backward(PlanContext& context) {
  PlanValue& input = context.values[fused_.operation->inputs[0]];
  // The clip of an operation that has one is its own affair.
  if (!gradient_.plan(context, fused_.output, std::nullopt)) return ok_status();
  if (input.needs_gradient) {
    const bool reuse = may_overwrite() && gradient_.exclusive();
    const Block block = reuse ? gradient_.block() : context.gradients.take(size_);
    dx_ = block.get();
    input.gradient.push_back(block);
  }
  gradient_.release();
  return ok_status();
}

Status UnaryStep::forward(Pass pass) {
  compute(pass);
  return ok_status();
}

Status UnaryStep::backward() {
  if (dx_ != nullptr) compute_gradient(gradient_.run(), dx_);
  return ok_status();
}

}  // namespace tinysplit::training
