#pragma once

#include <memory>
#include <span>
#include <vector>

#include "training/fusion.h"
#include "training/loss_function.h"
#include "training/step.h"

namespace tinysplit::training {

// What the plans of a network are made of; all of it outlives them.
struct PlanSource {
  const Architecture& architecture;
  Parameters& parameters;
  const LossOptions& loss;
  int threads;
  std::uint64_t seed;
  const std::uint64_t& steps;            // training steps so far
  const std::vector<Tensor>& inputs;     // buffers of the network's inputs
  std::vector<ActivationRange>* ranges;  // of a quantisation-aware network, else null
};

// A network bound to one number of images: its steps and the memory of their values and gradients.
class Plan {
 public:
  // Errors: INTERNAL (oneDNN).
  static Result<std::unique_ptr<Plan>> create(const PlanSource& source, std::int64_t batch);

  std::int64_t batch() const { return batch_; }

  Status forward(Pass pass);
  // Of the last pass.
  std::span<const float> output() const;
  double loss(const float* targets) const;
  // Loss and gradients of the last pass, which was one of training.
  Result<double> backward(const float* targets);

  // Of activations and gradients for `batch` images, roughly, to refuse a plan beforehand.
  static std::int64_t estimate_bytes(const Architecture& architecture, std::int64_t batch);

 private:
  Plan(PlanContext context, std::int64_t batch) : batch_(batch), context_(std::move(context)) {}
  void allocate_values(const std::vector<FusedOperation>& fused, const std::vector<Tensor>& inputs);
  void plan_loss(const LossOptions& options);
  Status plan_steps(const std::vector<FusedOperation>& fused);

  std::int64_t batch_;
  PlanContext context_;
  std::vector<Block> activations_;  // keeps each value's memory its own
  std::vector<std::unique_ptr<Step>> steps_;
  std::unique_ptr<LossFunction> loss_;
  std::size_t scores_ = 0;  // the value that the loss is computed from
  float* loss_gradient_ = nullptr;
  Tensor scratch_;
};

}  // namespace tinysplit::training
