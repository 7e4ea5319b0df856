#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/status.h"
#include "training/architecture.h"
#include "training/fake_quantization.h"
#include "training/loops.h"
#include "training/parameters.h"
#include "training/plan_memory.h"

namespace tinysplit::training {

enum class Pass : std::uint8_t { kTraining, kInference };

// An operation with what is computed along with it.
struct FusedOperation {
  const Operation* operation = nullptr;
  std::optional<std::size_t> addend;  // a value that is added to the result
  std::optional<ClipBounds> clip;     // applied last
  std::size_t output = 0;             // of Architecture::values: of the last operation fused
};

// A value of the architecture in one plan. `gradient` holds what each reader adds to its gradient,
// which is the sum; filled in backward order, dropped once its producer is planned.
struct PlanValue {
  Shape shape;  // with the plan's batch
  float* data = nullptr;
  bool needs_gradient = false;  // some trained parameter lies before it
  std::vector<Block> gradient;

  std::size_t size() const { return static_cast<std::size_t>(shape.num_elements()); }
};

// What the steps of a plan share while they are made; all of it outlives them.
struct PlanContext {
  const Architecture& architecture;
  Parameters& parameters;
  int threads;
  std::uint64_t seed;
  const std::uint64_t& steps;            // training steps so far
  std::vector<ActivationRange>* ranges;  // by FakeQuantizeOp::range; null if there are none
  std::vector<PlanValue> values;
  PlanMemory activations;
  PlanMemory gradients;
  std::size_t scratch_bytes = 0;  // the most that one step needs for itself while it runs

  void need_scratch(std::size_t bytes) { scratch_bytes = std::max(scratch_bytes, bytes); }
};

// One operation bound to the memory of a plan.
class Step {
 public:
  virtual ~Step() = default;

  // Plans the gradients, if the output has one: called after all steps that read the output. Adds a
  // block to the gradient of each input that needs one.
  virtual Status plan_backward(PlanContext& context) = 0;
  // Memory that all steps use in turn, 64-byte aligned, of PlanContext::scratch_bytes.
  virtual void bind_scratch(std::byte*) {}

  virtual Status forward(Pass pass) = 0;
  // Precondition: plan_backward() was called, and forward(kTraining) was the last pass.
  virtual Status backward() = 0;
};

// Each of these makes the step for an operation of its kinds. Errors: INTERNAL (oneDNN).
using StepResult = Result<std::unique_ptr<Step>>;
StepResult make_convolution_step(const FusedOperation& fused, PlanContext& context);
StepResult make_dense_step(const FusedOperation& fused, PlanContext& context);
StepResult make_pool_step(const FusedOperation& fused, PlanContext& context);
StepResult make_global_pool_step(const FusedOperation& fused, PlanContext& context);
StepResult make_batch_norm_step(const FusedOperation& fused, PlanContext& context);
StepResult make_activation_step(const FusedOperation& fused, PlanContext& context);
StepResult make_softmax_step(const FusedOperation& fused, PlanContext& context);
StepResult make_add_step(const FusedOperation& fused, PlanContext& context);
StepResult make_concat_step(const FusedOperation& fused, PlanContext& context);
StepResult make_pad_step(const FusedOperation& fused, PlanContext& context);
StepResult make_reshape_step(const FusedOperation& fused, PlanContext& context);
StepResult make_dropout_step(const FusedOperation& fused, PlanContext& context);
StepResult make_rescale_step(const FusedOperation& fused, PlanContext& context);
StepResult make_fake_quantize_step(const FusedOperation& fused, PlanContext& context);

// The operation of the kind of a fused one.
template <typename Op>
const Op& op_of(const FusedOperation& fused) {
  return std::get<Op>(fused.operation->op);
}

}  // namespace tinysplit::training
