#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"

namespace tinysplit::training {

enum class OptimizerKind : std::uint8_t { kSgd, kAdam, kAdamW };

// The names, meanings and defaults of Keras 3.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdamW;
  // SGD: in [0, 1).
  double momentum = 0.0;
  bool nesterov = false;
  // Adam and AdamW (Kingma and Ba, 2015; Loshchilov and Hutter, 2019).
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  // Every kind: weights shrink by learning rate * weight_decay before each step, apart from the
  // gradient (decoupled).
  double weight_decay = 0.0;
  // Bound of the norm of all gradients together, 0 for none (Keras: global_clipnorm).
  double clip_norm = 0.0;
};

// "sgd", "adam", "adamw"
std::string_view optimizer_name(OptimizerKind kind);
// Errors: INVALID_ARGUMENT, which lists the names.
Result<OptimizerKind> optimizer_of(std::string_view name);

// Changes weights by their gradients. Its state is the number of steps and the moments of every
// weight; restored from a copy it goes on bit for bit. Not thread-safe.
class Optimizer {
 public:
  // For `weights` numbers. Errors: INVALID_ARGUMENT (an option out of its range, which it names).
  static Result<Optimizer> create(const OptimizerOptions& options, std::size_t weights);

  // Both of the length given to create().
  void step(double learning_rate, std::span<float> weights, std::span<const float> gradients);

  const OptimizerOptions& options() const { return options_; }
  std::uint64_t steps() const { return steps_; }
  // float32 tensors as long as the weights: SGD with momentum [velocity], Adam [m, v], else none.
  const std::vector<Tensor>& moments() const { return moments_; }
  // Errors: INVALID_ARGUMENT (another number of moments, another length or dtype); nothing changes.
  Status restore(std::uint64_t steps, std::vector<Tensor> moments);

 private:
  Optimizer(const OptimizerOptions& options, std::size_t weights);
  // The gradients within the bound of their norm.
  const float* clip(std::span<const float> gradients);

  OptimizerOptions options_;
  std::size_t weights_;
  std::uint64_t steps_ = 0;
  std::vector<Tensor> moments_;
  Tensor clipped_;  // gradients, if their norm is bounded
};

}  // namespace tinysplit::training
