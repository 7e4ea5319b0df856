// Steps that join values: sums and concatenations.
#include <algorithm>

#include "training/gradient_sum.h"
#include "training/parallel.h"
#include "training/step.h"

namespace tinysplit::training {
namespace {

constexpr std::size_t kGrain = 16384;  // floats worth a thread

// All inputs have the gradient of the sum, so that they share its buffer.
class AddStep final : public Step {
 public:
  AddStep(const FusedOperation& fused, PlanContext& context)
      : fused_(fused), output_(context.values[fused.output]), threads_(context.threads) {
    for (const std::size_t input : fused.operation->inputs) {
      inputs_.push_back(context.values[input].data);
    }
  }

  Status plan_backward(PlanContext& context) override {
    has_gradient_ = gradient_.plan(context, fused_.output, fused_.clip);
    if (!has_gradient_) return ok_status();
    for (const std::size_t input : fused_.operation->inputs) {
      if (!context.values[input].needs_gradient) continue;
      context.values[input].gradient.push_back(gradient_.block());
    }
    gradient_.release();
    return ok_status();
  }

  Status forward(Pass) override {
    parallel_ranges(threads_, output_.size(), kGrain, [&](std::size_t begin, std::size_t end) {
      float* y = output_.data + begin;
      const PartsAt parts(inputs_, begin, y, end - begin);
      loops().sum(parts.data(), parts.count(), y, end - begin);
      if (!fused_.clip) return;
      for (std::size_t i = 0; i < end - begin; ++i) {
        y[i] = std::min(std::max(y[i], fused_.clip->low), fused_.clip->high);
      }
    });
    return ok_status();
  }

  Status backward() override {
    if (has_gradient_) gradient_.run();
    return ok_status();
  }

 private:
  const FusedOperation fused_;
  const PlanValue output_;
  const int threads_;
  std::vector<const float*> inputs_;
  GradientSum gradient_;
  bool has_gradient_ = false;
};

// Along one axis: a row of the output is one row of each input after the other.
class ConcatStep final : public Step {
 public:
  ConcatStep(const FusedOperation& fused, PlanContext& context) : fused_(fused) {
    const int axis = op_of<ConcatOp>(fused).axis;
    const PlanValue& output = context.values[fused.output];
    y_ = output.data;
    for (const std::size_t input : fused.operation->inputs) {
      const PlanValue& value = context.values[input];
      std::size_t row = 1;
      for (int i = axis; i < value.shape.rank(); ++i) {
        row *= static_cast<std::size_t>(value.shape[i]);
      }
      parts_.push_back({value.data, nullptr, row});
      row_ += row;
    }
    rows_ = output.size() / row_;
  }

  Status plan_backward(PlanContext& context) override {
    has_gradient_ = gradient_.plan(context, fused_.output, std::nullopt);
    if (!has_gradient_) return ok_status();
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      PlanValue& input = context.values[fused_.operation->inputs[p]];
      if (!input.needs_gradient) continue;
      const Block block = context.gradients.take(input.size());
      parts_[p].gradient = block.get();
      input.gradient.push_back(block);
    }
    gradient_.release();
    return ok_status();
  }

  Status forward(Pass) override {
    std::size_t start = 0;
    for (const Part& part : parts_) {
      for (std::size_t r = 0; r < rows_; ++r) {
        std::copy_n(part.data + r * part.row, part.row, y_ + r * row_ + start);
      }
      start += part.row;
    }
    return ok_status();
  }

  Status backward() override {
    if (!has_gradient_) return ok_status();
    const float* dy = gradient_.run();
    std::size_t start = 0;
    for (const Part& part : parts_) {
      for (std::size_t r = 0; part.gradient != nullptr && r < rows_; ++r) {
        std::copy_n(dy + r * row_ + start, part.row, part.gradient + r * part.row);
      }
      start += part.row;
    }
    return ok_status();
  }

 private:
  struct Part {
    const float* data;
    float* gradient;
    std::size_t row;  // floats
  };
  const FusedOperation fused_;
  float* y_ = nullptr;
  std::vector<Part> parts_;
  std::size_t row_ = 0;
  std::size_t rows_ = 0;
  GradientSum gradient_;
  bool has_gradient_ = false;
};

}  // namespace

StepResult make_add_step(const FusedOperation& fused, PlanContext& context) {
  return std::unique_ptr<Step>(new AddStep(fused, context));
}

StepResult make_concat_step(const FusedOperation& fused, PlanContext& context) {
  return std::unique_ptr<Step>(new ConcatStep(fused, context));
}

}  // namespace tinysplit::training
