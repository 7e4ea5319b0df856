#include <algorithm>
#include <limits>

#include "training/fake_quantization.h"
#include "training/parallel.h"
#include "training/unary_step.h"

namespace tinysplit::training {
namespace {

constexpr std::size_t kGrain = 16384;  // floats worth a thread

// Rounds to the grid of a range that follows the values; gradients pass
// straight through within the range (Jacob et al., Quantization and Training of
// Neural Networks, CVPR 2018).
class FakeQuantizeStep final : public UnaryStep {
 public:
  FakeQuantizeStep(const FusedOperation& fused, PlanContext& context)
      : UnaryStep(fused, context), range_((*context.ranges)[op_of<FakeQuantizeOp>(fused).range]) {}

 private:
  static constexpr float kLowest = -128.0f, kHighest = 127.0f;
  static constexpr float kKeep = 0.99f;  // of the range so far, with each step

  void observe() {
    const auto [low, high] = loops().extremes(x_, size_);
    // What has seen nothing yet starts where the first values lie.
    const bool fresh = range_.low == 0.0f && range_.high == 0.0f;
    const float keep = fresh ? 0.0f : kKeep;
    range_.low = std::min(keep * range_.low + (1.0f - keep) * low, 0.0f);
    range_.high = std::max(keep * range_.high + (1.0f - keep) * high, 0.0f);
  }

  void compute(Pass pass) override {
    if (pass == Pass::kTraining) observe();
    if (range_.low == 0.0f && range_.high == 0.0f) {
      // Nothing is known yet: values stay as they are, and so do gradients.
      low_ = -std::numeric_limits<float>::infinity();
      high_ = std::numeric_limits<float>::infinity();
      std::copy_n(x_, size_, y_);
      return;
    }
    const Int8Grid grid = grid_of(range_.low, range_.high);
    low_ = (kLowest - grid.zero_point) * grid.scale;
    high_ = (kHighest - grid.zero_point) * grid.scale;
    parallel_ranges(threads_, size_, kGrain, [&](std::size_t begin, std::size_t end) {
      loops().round_to_grid(x_ + begin, grid.scale, low_, high_, y_ + begin, end - begin);
    });
  }

  void compute_gradient(const float* dy, float* dx) override {
    parallel_ranges(threads_, size_, kGrain, [&](std::size_t begin, std::size_t end) {
      loops().pass_within(dy + begin, x_ + begin, low_, high_, dx + begin, end - begin);
    });
  }

  ActivationRange& range_;
  float low_ = 0.0f, high_ = 0.0f;  // of the grid
};

}  // namespace

StepResult make_fake_quantize_step(const FusedOperation& fused, PlanContext& context) {
  return std::unique_ptr<Step>(new FakeQuantizeStep(fused, context));
}

}  // namespace tinysplit::training
