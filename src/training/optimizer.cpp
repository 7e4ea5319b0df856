#include "training/optimizer.h"

#include <cmath>
#include <string>
#include <utility>

#include "training/loops.h"

namespace tinysplit::training {
namespace {

Status check(const OptimizerOptions& options) {
  const auto in_unit = [](double value) { return value >= 0.0 && value < 1.0; };
  const auto refuse = [](const char* option, double value, const char* range) {
    return invalid_argument("optimiser option " + std::string(option) + " is " +
                            std::to_string(value) + ", it must be " + range);
  };
  constexpr const char* kUnit = "in [0, 1)";
  if (!in_unit(options.momentum)) return refuse("momentum", options.momentum, kUnit);
  if (!in_unit(options.beta_1)) return refuse("beta_1", options.beta_1, kUnit);
  if (!in_unit(options.beta_2)) return refuse("beta_2", options.beta_2, kUnit);
  if (!(options.epsilon > 0.0 && std::isfinite(options.epsilon))) {
    return refuse("epsilon", options.epsilon, "above 0");
  }
  if (!(options.weight_decay >= 0.0 && std::isfinite(options.weight_decay))) {
    return refuse("weight_decay", options.weight_decay, "0 or more");
  }
  if (!(options.clip_norm >= 0.0 && std::isfinite(options.clip_norm))) {
    return refuse("clip_norm", options.clip_norm, "0 or more");
  }
  return ok_status();
}

std::size_t count_moments(const OptimizerOptions& options) {
  if (options.kind != OptimizerKind::kSgd) return 2;
  return options.momentum > 0.0 ? 1 : 0;
}

double norm_of(std::span<const float> values) {
  double squares = 0.0;
  for (const float value : values) squares += double{value} * double{value};
  return std::sqrt(squares);
}

}  // namespace

std::string_view optimizer_name(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::kSgd:
      return "sgd";
    case OptimizerKind::kAdam:
      return "adam";
    case OptimizerKind::kAdamW:
      return "adamw";
  }
  return "";
}

Result<OptimizerKind> optimizer_of(std::string_view name) {
  for (const auto kind : {OptimizerKind::kSgd, OptimizerKind::kAdam, OptimizerKind::kAdamW}) {
    if (optimizer_name(kind) == name) return kind;
  }
  return invalid_argument("no optimiser is called \"" + std::string(name.substr(0, 64)) +
                          "\"; there are sgd, adam and adamw");
}

Optimizer::Optimizer(const OptimizerOptions& options, std::size_t weights)
    : options_(options), weights_(weights) {
  for (std::size_t i = 0; i < count_moments(options); ++i) {
    moments_.emplace_back(DType::kFloat32, Shape{static_cast<std::int64_t>(weights)});
  }
  if (options.clip_norm > 0.0) {
    clipped_ = Tensor(DType::kFloat32, Shape{static_cast<std::int64_t>(weights)});
  }
}

Result<Optimizer> Optimizer::create(const OptimizerOptions& options, std::size_t weights) {
  TINYSPLIT_RETURN_IF_ERROR(check(options));
  return Optimizer(options, weights);
}

const float* Optimizer::clip(std::span<const float> gradients) {
  if (options_.clip_norm == 0.0) return gradients.data();
  const double norm = norm_of(gradients);
  if (norm <= options_.clip_norm) return gradients.data();
  const auto factor = static_cast<float>(options_.clip_norm / norm);
  float* clipped = clipped_.as<float>().data();
  for (std::size_t i = 0; i < gradients.size(); ++i) clipped[i] = gradients[i] * factor;
  return clipped;
}

void Optimizer::step(double learning_rate, std::span<float> weights,
                     std::span<const float> gradients) {
  ++steps_;
  const float* gradient = clip(gradients);
  const Loops& code = loops();
  if (options_.weight_decay > 0.0) {
    code.scale(static_cast<float>(1.0 - learning_rate * options_.weight_decay), weights.data(),
               weights_);
  }
  if (options_.kind == OptimizerKind::kSgd) {
    const auto rate = static_cast<float>(learning_rate);
    if (moments_.empty()) return code.descend(rate, gradient, weights.data(), weights_);
    return code.momentum(rate, static_cast<float>(options_.momentum), options_.nesterov, gradient,
                         moments_[0].as<float>().data(), weights.data(), weights_);
  }
  // Both moments start at 0; the rate makes up for it.
  const auto steps = static_cast<double>(steps_);
  const double rate = learning_rate * std::sqrt(1.0 - std::pow(options_.beta_2, steps)) /
                      (1.0 - std::pow(options_.beta_1, steps));
  const AdamStep constants{static_cast<float>(1.0 - options_.beta_1),
                           static_cast<float>(1.0 - options_.beta_2), static_cast<float>(rate),
                           static_cast<float>(options_.epsilon)};
  code.adam(constants, gradient, moments_[0].as<float>().data(), moments_[1].as<float>().data(),
            weights.data(), weights_);
}

Status Optimizer::restore(std::uint64_t steps, std::vector<Tensor> moments) {
  if (moments.size() != moments_.size()) {
    return invalid_argument("the optimiser has " + std::to_string(moments_.size()) +
                            " moments of each weight, not " + std::to_string(moments.size()));
  }
  for (const Tensor& moment : moments) {
    if (moment.dtype() == DType::kFloat32 &&
        static_cast<std::size_t>(moment.shape().num_elements()) == weights_) {
      continue;
    }
    return invalid_argument(
        "a moment of the optimiser is " + std::string(dtype_name(moment.dtype())) + " " +
        moment.shape().to_string() + ", not " + std::to_string(weights_) + " numbers of float32");
  }
  steps_ = steps;
  moments_ = std::move(moments);
  return ok_status();
}

}  // namespace tinysplit::training
