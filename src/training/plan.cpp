#include "training/plan.h"

#include <algorithm>

namespace tinysplit::training {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

StepResult make_step(const FusedOperation& fused, PlanContext& context) {
  const auto make = Overloaded{
      [](const Conv2dOp&) { return make_convolution_step; },
      [](const DenseOp&) { return make_dense_step; },
      [](const BatchNormOp&) { return make_batch_norm_step; },
      [](const ActivationOp&) { return make_activation_step; },
      [](const SoftmaxOp&) { return make_softmax_step; },
      [](const Pool2dOp&) { return make_pool_step; },
      [](const GlobalPoolOp&) { return make_global_pool_step; },
      [](const PadOp&) { return make_pad_step; },
      [](const ReshapeOp&) { return make_reshape_step; },
      [](const AddOp&) { return make_add_step; },
      [](const ConcatOp&) { return make_concat_step; },
      [](const DropoutOp&) { return make_dropout_step; },
      [](const RescaleOp&) { return make_rescale_step; },
      [](const FakeQuantizeOp&) { return make_fake_quantize_step; },
  };
  return std::visit(make, fused.operation->op)(fused, context);
}

Shape with_batch(Shape shape, std::int64_t batch) {
  shape[0] = batch;
  return shape;
}

}  // namespace

std::int64_t Plan::estimate_bytes(const Architecture& architecture, std::int64_t batch) {
  std::int64_t elements = 0;
  for (const Shape& shape : architecture.values) elements += shape.num_elements();
  constexpr std::int64_t kValueAndGradient = 2;
  return elements * batch * kValueAndGradient * std::int64_t{sizeof(float)};
}

void Plan::allocate_values(const std::vector<FusedOperation>& fused,
                           const std::vector<Tensor>& inputs) {
  const Architecture& architecture = context_.architecture;
  for (const Shape& shape : architecture.values) {
    PlanValue value;
    value.shape = with_batch(shape, batch_);
    context_.values.push_back(std::move(value));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    context_.values[architecture.inputs[i]].data = const_cast<float*>(inputs[i].as<float>().data());
  }
  for (const FusedOperation& step : fused) {
    const Operation& operation = *step.operation;
    PlanValue& value = context_.values[step.output];
    const PlanValue& input = context_.values[operation.inputs[0]];
    if (std::holds_alternative<ReshapeOp>(operation.op)) {
      value.data = input.data;
    } else {
      activations_.push_back(context_.activations.take(value.size()));
      value.data = activations_.back().get();
    }
    const auto trains = [&](std::size_t p) { return architecture.parameters[p].trainable; };
    const auto needs = [&](std::size_t v) { return context_.values[v].needs_gradient; };
    value.needs_gradient = std::ranges::any_of(operation.parameters, trains) ||
                           std::ranges::any_of(operation.inputs, needs) ||
                           (step.addend && needs(*step.addend));
  }
}

// The softmax or sigmoid at the end belongs to the loss, if that is the cross-entropy of its kind.
void Plan::plan_loss(const LossOptions& options) {
  const Architecture& architecture = context_.architecture;
  scores_ = architecture.output;
  bool from_logits = false;
  for (const Operation& operation : architecture.operations) {
    if (operation.output != architecture.output) continue;
    const auto* activation = std::get_if<ActivationOp>(&operation.op);
    const bool softmax = std::holds_alternative<SoftmaxOp>(operation.op);
    const bool sigmoid = activation != nullptr && activation->kind == ActivationKind::kSigmoid;
    from_logits = (options.kind == LossKind::kCrossEntropy && softmax) ||
                  (options.kind == LossKind::kBinaryCrossEntropy && sigmoid);
    if (from_logits) scores_ = operation.inputs[0];
  }
  const Shape& shape = architecture.output_shape();
  loss_ = std::make_unique<LossFunction>(options, static_cast<std::size_t>(shape[shape.rank() - 1]),
                                         from_logits);
}

Status Plan::plan_steps(const std::vector<FusedOperation>& fused) {
  for (const FusedOperation& operation : fused) {
    TINYSPLIT_ASSIGN_OR_RETURN(std::unique_ptr<Step> step, make_step(operation, context_));
    steps_.push_back(std::move(step));
  }
  PlanValue& scores = context_.values[scores_];
  if (scores.needs_gradient) {
    const Block block = context_.gradients.take(scores.size());
    loss_gradient_ = block.get();
    scores.gradient.push_back(block);
  }
  for (std::size_t i = steps_.size(); i-- > 0;) {
    TINYSPLIT_RETURN_IF_ERROR(steps_[i]->plan_backward(context_));
  }
  scratch_ = Tensor(DType::kInt8, Shape{static_cast<std::int64_t>(context_.scratch_bytes)});
  for (const auto& step : steps_) step->bind_scratch(scratch_.data());
  return ok_status();
}

Result<std::unique_ptr<Plan>> Plan::create(const PlanSource& source, std::int64_t batch) {
  PlanContext context{source.architecture,
                      source.parameters,
                      source.threads,
                      source.seed,
                      source.steps,
                      source.ranges,
                      {},
                      {},
                      {},
                      0};
  std::unique_ptr<Plan> plan(new Plan(std::move(context), batch));
  const std::vector<FusedOperation> fused = fuse_operations(source.architecture);
  plan->allocate_values(fused, source.inputs);
  plan->plan_loss(source.loss);
  TINYSPLIT_RETURN_IF_ERROR(plan->plan_steps(fused));
  return plan;
}

Status Plan::forward(Pass pass) {
  for (const auto& step : steps_) TINYSPLIT_RETURN_IF_ERROR(step->forward(pass));
  return ok_status();
}

std::span<const float> Plan::output() const {
  const PlanValue& value = context_.values[context_.architecture.output];
  return {value.data, value.size()};
}

double Plan::loss(const float* targets) const {
  return loss_->run(output(), context_.values[scores_].data, targets, nullptr);
}

Result<double> Plan::backward(const float* targets) {
  const double loss = loss_->run(output(), context_.values[scores_].data, targets, loss_gradient_);
  for (std::size_t i = steps_.size(); i-- > 0;) {
    TINYSPLIT_RETURN_IF_ERROR(steps_[i]->backward());
  }
  return loss;
}

}  // namespace tinysplit::training
