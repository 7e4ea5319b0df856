#include "training/network.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/limits.h"
#include "training/loops.h"
#include "training/parallel.h"
#include "training/parameters.h"
#include "training/plan.h"

namespace tinysplit::training {
namespace {

constexpr std::size_t kPlans = 2;  // full batches, and the last one of an epoch

Tensor batch_of(Shape shape, std::int64_t batch) {
  shape[0] = batch;
  return Tensor(DType::kFloat32, shape);
}

Status check(const Architecture& architecture, const NetworkOptions& options) {
  if (options.batch < 1 || options.batch > limits::kMaxElements) {
    return invalid_argument("a batch of " + std::to_string(options.batch) +
                            " images cannot be trained on, it takes 1 or more");
  }
  if (options.threads < 1 || options.threads > limits::kMaxTrainingThreads) {
    return invalid_argument("training takes 1 to " + std::to_string(limits::kMaxTrainingThreads) +
                            " threads, not " + std::to_string(options.threads));
  }
  const float smoothing = options.loss.label_smoothing;
  if (!(smoothing >= 0.0f && smoothing <= 1.0f)) {
    return invalid_argument("label smoothing must be in [0, 1]");
  }
  for (const Shape& shape : architecture.values) {
    if (shape.num_elements() <= limits::kMaxElements / options.batch) continue;
    return resource_exhausted("a batch of " + std::to_string(options.batch) + " values of shape " +
                              shape.to_string() + " has more than " +
                              std::to_string(limits::kMaxElements) +
                              " elements; use smaller batches");
  }
  const std::int64_t bytes = Plan::estimate_bytes(architecture, options.batch);
  if (bytes <= limits::kMaxTrainingBytes) return ok_status();
  return resource_exhausted("a batch of " + std::to_string(options.batch) + " images takes about " +
                            std::to_string(bytes >> 20) + " MiB, at most " +
                            std::to_string(limits::kMaxTrainingBytes >> 20) +
                            " are allowed; use smaller batches");
}

}  // namespace

class Network::State {
 public:
  State(std::shared_ptr<const Architecture> architecture, const NetworkOptions& options)
      : architecture_(std::move(architecture)),
        options_(options),
        parameters_(*architecture_, options.seed) {
    if (options.fake_quantize) {
      rounded_ = add_fake_quantization(*architecture_);
      ranges_ = list_ranges(rounded_);
    }
    for (const std::size_t input : architecture_->inputs) {
      inputs_.push_back(batch_of(architecture_->values[input], options.batch));
    }
    targets_ = batch_of(architecture_->output_shape(), options.batch);
  }

  // The plan for a number of images, made if it is not among the last two; the current one from now
  // on.
  Status choose_plan(std::int64_t images) {
    if (images < 1 || images > options_.batch) {
      return invalid_argument("a step takes 1 to " + std::to_string(options_.batch) +
                              " images, not " + std::to_string(images));
    }
    set_threads(options_.threads);
    const auto found = std::ranges::find_if(
        plans_, [images](const auto& plan) { return plan->batch() == images; });
    if (found != plans_.end()) {
      std::rotate(plans_.begin(), found, found + 1);
      return ok_status();
    }
    if (plans_.size() == kPlans) plans_.pop_back();
    TINYSPLIT_ASSIGN_OR_RETURN(std::unique_ptr<Plan> plan, Plan::create(source(), images));
    plans_.insert(plans_.begin(), std::move(plan));
    return ok_status();
  }

  Plan& plan() { return *plans_.front(); }

  PlanSource source() {
    const bool rounds = options_.fake_quantize;
    return {rounds ? rounded_ : *architecture_,
            parameters_,
            options_.loss,
            options_.threads,
            options_.seed,
            steps_,
            inputs_,
            rounds ? &ranges_ : nullptr};
  }

  std::shared_ptr<const Architecture> architecture_;
  NetworkOptions options_;
  Parameters parameters_;
  Architecture rounded_;  // what is computed, if it is quantisation-aware
  std::vector<ActivationRange> ranges_;
  std::vector<Tensor> inputs_;
  Tensor targets_;
  std::vector<std::unique_ptr<Plan>> plans_;  // the one used last in front
  std::uint64_t steps_ = 0;
};

Network::Network(std::unique_ptr<State> state) : state_(std::move(state)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Result<Network> Network::create(std::shared_ptr<const Architecture> architecture,
                                const NetworkOptions& options) {
  TINYSPLIT_RETURN_IF_ERROR(check(*architecture, options));
  Network network(std::make_unique<State>(std::move(architecture), options));
  TINYSPLIT_RETURN_IF_ERROR(network.state_->choose_plan(options.batch));
  return network;
}

const Architecture& Network::architecture() const { return *state_->architecture_; }
const NetworkOptions& Network::options() const { return state_->options_; }

std::span<float> Network::input(std::size_t index) { return state_->inputs_[index].as<float>(); }
std::span<float> Network::targets() { return state_->targets_.as<float>(); }
std::span<const float> Network::predictions() const { return state_->plan().output(); }

Result<double> Network::forward_backward(std::int64_t images) {
  TINYSPLIT_RETURN_IF_ERROR(state_->choose_plan(images));
  ++state_->steps_;
  Plan& plan = state_->plan();
  TINYSPLIT_RETURN_IF_ERROR(plan.forward(Pass::kTraining));
  TINYSPLIT_ASSIGN_OR_RETURN(double loss, plan.backward(state_->targets_.as<float>().data()));
  loss += state_->parameters_.penalize(*state_->architecture_);
  // Weights too, because a relu may hide those that are not finite from the loss.
  const std::span<const float> gradients = state_->parameters_.gradients();
  const std::span<const float> weights = state_->parameters_.weights();
  const char* what = nullptr;
  if (!loops().all_finite(gradients.data(), gradients.size())) what = "a gradient";
  if (!loops().all_finite(weights.data(), weights.size())) what = "a weight";
  if (!std::isfinite(loss)) what = "the loss";
  if (what == nullptr) return loss;
  return failed_precondition(std::string(what) + " of step " + std::to_string(state_->steps_) +
                             " is not a finite number; lower the learning rate, or look for such "
                             "numbers in the data");
}

Status Network::forward(std::int64_t images) {
  TINYSPLIT_RETURN_IF_ERROR(state_->choose_plan(images));
  return state_->plan().forward(Pass::kInference);
}

double Network::loss() const { return state_->plan().loss(state_->targets_.as<float>().data()); }

std::span<float> Network::weights() { return state_->parameters_.weights(); }
std::span<const float> Network::gradients() const { return state_->parameters_.gradients(); }
void Network::weights_changed() { state_->parameters_.changed(); }

TensorView Network::parameter(std::size_t index) const {
  const Parameter& parameter = state_->parameters_[index];
  return {DType::kFloat32, parameter.shape, reinterpret_cast<const std::byte*>(parameter.values)};
}

TensorView Network::gradient(std::size_t index) const {
  const Parameter& parameter = state_->parameters_[index];
  return {DType::kFloat32, parameter.shape, reinterpret_cast<const std::byte*>(parameter.gradient)};
}

Status Network::set_parameter(std::size_t index, const TensorView& values) {
  const Architecture& architecture = *state_->architecture_;
  if (index >= architecture.parameters.size()) {
    return out_of_range("the network has " + std::to_string(architecture.parameters.size()) +
                        " parameters, there is no number " + std::to_string(index));
  }
  const Parameter& parameter = state_->parameters_[index];
  if (values.dtype != DType::kFloat32 || !(values.shape == parameter.shape)) {
    return invalid_argument("parameter " + architecture.parameter_name(index) + " is float32 " +
                            parameter.shape.to_string() + ", not " +
                            std::string(dtype_name(values.dtype)) + " " + values.shape.to_string());
  }
  std::ranges::copy(values.as<float>(), parameter.values);
  weights_changed();
  return ok_status();
}

const std::vector<ActivationRange>& Network::ranges() const { return state_->ranges_; }

Status Network::set_ranges(const std::vector<ActivationRange>& ranges) {
  std::vector<ActivationRange>& own = state_->ranges_;
  if (ranges.size() != own.size()) {
    return invalid_argument("the network has " + std::to_string(own.size()) +
                            " ranges of activations, not " + std::to_string(ranges.size()));
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    const ActivationRange& range = ranges[i];
    const bool sound = range.low <= 0.0f && range.high >= 0.0f && std::isfinite(range.low) &&
                       std::isfinite(range.high);
    if (sound && range.layer == own[i].layer) continue;
    return invalid_argument("range " + std::to_string(i) + " must be one of \"" + own[i].layer +
                            "\" around 0");
  }
  own = ranges;
  return ok_status();
}

std::uint64_t Network::steps() const { return state_->steps_; }
void Network::set_steps(std::uint64_t steps) { state_->steps_ = steps; }

}  // namespace tinysplit::training
