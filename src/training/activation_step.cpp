#include <cmath>

#include "kernels/activations.h"
#include "training/parallel.h"
#include "training/unary_step.h"

namespace tinysplit::training {
namespace {

constexpr std::size_t kGrain = 8192;  // floats worth a thread

// dx = dy * slope(x, y)
template <typename Slope>
void map(const float* x, const float* y, const float* dy, float* dx, std::size_t size,
         const Slope& slope) {
  for (std::size_t i = 0; i < size; ++i) dx[i] = dy[i] * slope(x[i], y[i]);
}

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

// At a corner, where there is no derivative, it is the one that TensorFlow takes.
void multiply_slope(const ActivationOp& op, const float* x, const float* y, const float* dy,
                    float* dx, std::size_t size) {
  const float alpha = op.alpha, beta = op.beta, gamma = op.gamma;
  constexpr float kSeluScale = 1.0507009873554805f;
  constexpr float kSeluLimit = 1.7580993408473766f;  // the scale times alpha
  switch (op.kind) {
    case ActivationKind::kClip:
      return map(x, y, dy, dx, size,
                 [=](float, float v) { return v > alpha && v < beta ? 1.0f : 0.0f; });
    case ActivationKind::kThresholdRelu:
      return map(x, y, dy, dx, size, [=](float u, float) {
        if (u >= gamma && u > 0.0f) return u < beta ? 1.0f : 0.0f;
        return u >= gamma && gamma < 0.0f ? 1.0f : alpha;
      });
    case ActivationKind::kSigmoid:
      return map(x, y, dy, dx, size, [](float, float v) { return v * (1.0f - v); });
    case ActivationKind::kTanh:
      return map(x, y, dy, dx, size, [](float, float v) { return 1.0f - v * v; });
    case ActivationKind::kElu:
      return map(x, y, dy, dx, size, [=](float u, float v) { return u > 0.0f ? 1.0f : v + alpha; });
    case ActivationKind::kSelu:
      return map(x, y, dy, dx, size,
                 [](float u, float v) { return u > 0.0f ? kSeluScale : v + kSeluLimit; });
    case ActivationKind::kGeluErf:
      return map(x, y, dy, dx, size, [](float u, float) {
        constexpr float kRootHalf = 0.70710678f, kDensity = 0.39894228f;
        return 0.5f * (1.0f + std::erf(u * kRootHalf)) + u * kDensity * std::exp(-0.5f * u * u);
      });
    case ActivationKind::kSwish:
      return map(x, y, dy, dx, size, [](float u, float v) {
        const float s = sigmoid(u);
        return s + v * (1.0f - s);
      });
    case ActivationKind::kHardSigmoid:
      return map(x, y, dy, dx, size,
                 [=](float, float v) { return v > 0.0f && v < 1.0f ? alpha : 0.0f; });
    case ActivationKind::kHardSwish:
      return map(x, y, dy, dx, size, [](float u, float) {
        if (u <= -3.0f) return 0.0f;
        return u >= 3.0f ? 1.0f : u * (1.0f / 3.0f) + 0.5f;
      });
    case ActivationKind::kSoftplus:
      return map(x, y, dy, dx, size, [](float u, float) { return sigmoid(u); });
    case ActivationKind::kExp:
      return map(x, y, dy, dx, size, [](float, float v) { return v; });
    case ActivationKind::kSoftsign:
      return map(x, y, dy, dx, size, [](float u, float) {
        const float below = 1.0f + std::fabs(u);
        return 1.0f / (below * below);
      });
    case ActivationKind::kLinear:
      return map(x, y, dy, dx, size, [=](float, float) { return alpha; });
    default:
      return;  // parse_architecture() lets no other pass
  }
}

class ActivationStep final : public UnaryStep {
 public:
  ActivationStep(const FusedOperation& fused, PlanContext& context)
      : UnaryStep(fused, context), op_(op_of<ActivationOp>(fused)) {}

 private:
  void compute(Pass) override {
    parallel_ranges(threads_, size_, kGrain, [&](std::size_t begin, std::size_t end) {
      native::activate(op_, x_ + begin, y_ + begin, end - begin);
    });
  }

  void compute_gradient(const float* dy, float* dx) override {
    parallel_ranges(threads_, size_, kGrain, [&](std::size_t begin, std::size_t end) {
      multiply_slope(op_, x_ + begin, y_ + begin, dy + begin, dx + begin, end - begin);
    });
  }

  const ActivationOp op_;
};

// Over the last axis.
class SoftmaxStep final : public UnaryStep {
 public:
  SoftmaxStep(const FusedOperation& fused, PlanContext& context)
      : UnaryStep(fused, context),
        classes_(static_cast<std::size_t>(x_shape_[x_shape_.rank() - 1])) {}

 private:
  void compute(Pass) override {
    for (std::size_t row = 0; row < size_; row += classes_) {
      const float* x = x_ + row;
      float* y = y_ + row;
      float most = x[0];
      for (std::size_t c = 1; c < classes_; ++c) most = std::max(most, x[c]);
      double sum = 0.0;
      for (std::size_t c = 0; c < classes_; ++c) {
        y[c] = std::exp(x[c] - most);
        sum += double{y[c]};
      }
      const auto share = static_cast<float>(1.0 / sum);
      for (std::size_t c = 0; c < classes_; ++c) y[c] *= share;
    }
  }

  void compute_gradient(const float* dy, float* dx) override {
    for (std::size_t row = 0; row < size_; row += classes_) {
      const float *y = y_ + row, *dy_row = dy + row;
      double mean = 0.0;
      for (std::size_t c = 0; c < classes_; ++c) mean += double{dy_row[c]} * double{y[c]};
      for (std::size_t c = 0; c < classes_; ++c) {
        dx[row + c] = y[c] * static_cast<float>(double{dy_row[c]} - mean);
      }
    }
  }

  const std::size_t classes_;
};

}  // namespace

StepResult make_activation_step(const FusedOperation& fused, PlanContext& context) {
  return std::unique_ptr<Step>(new ActivationStep(fused, context));
}

StepResult make_softmax_step(const FusedOperation& fused, PlanContext& context) {
  return std::unique_ptr<Step>(new SoftmaxStep(fused, context));
}

}  // namespace tinysplit::training
